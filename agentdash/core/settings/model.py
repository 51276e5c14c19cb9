"""Settings: what they are, their defaults, and their units. They are loaded by `agentdash.settings.load`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Which server to use and how long to wait for it.

    Attributes:
        url: ``redis://``, ``unix://``, ``redis+sentinel://`` or ``redis+cluster://``, ``rediss`` for
            TLS; None: localhost:6379 if it answers, else the embedded one.
        timeout: Seconds for one answer.
        connect_timeout: Seconds for a connection.
        embedded: Whether the embedded server may be started.
    """

    url: str | None = None
    timeout: float = 1.5
    connect_timeout: float = 1.0
    embedded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsSettings:
    """Runs and their store.

    Attributes:
        prefix: Every key that agentdash writes begins with it.
        poll: Seconds between two looks.
        events_maxlen: Events kept of one run, about.
        lease: Seconds that a worker's lock lasts when it is not refreshed. A server may be away for two
            thirds of it; a worker that was killed shows as gone after it at most.
        shown: Runs shown at most, newest first.
        mask: Whether secrets that are recognised are masked in what a worker records.
    """

    prefix: str = "codi:api"
    poll: float = 0.5
    events_maxlen: int = 10_000
    lease: float = 40.0
    shown: int = 500
    mask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamsSettings:
    """Which streams are watched, and what is too much.

    Attributes:
        poll: Seconds between two looks.
        include: Glob patterns of keys; none given means all.
        exclude: Glob patterns of keys that are left out.
        max_streams: More than these are counted, but not read.
        window: Seconds of samples that a verdict needs.
        lag_limit: CONSUMER_LAG above this many entries.
        known: Glob patterns of streams that have no group on purpose; those of `include` count too.
        stuck_after: Seconds; STUCK_MESSAGE above it.
        delivery_limit: DELIVERY_FAILURE above this many deliveries of a pending entry.
        grow_after: Seconds for which a length or a number of pending entries must have risen.
        growing_above: Entries; a stream that is no longer than this may grow.
        dead_after: Seconds of idle after which a consumer may be dead.
        open_after: Seconds (and two samples) that a symptom lasts before it is said, or is gone before it is
            cleared.
    """

    poll: float = 1.0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    max_streams: int = 5000
    window: float = 60.0
    lag_limit: int = 100
    stuck_after: float = 30.0
    delivery_limit: int = 3
    grow_after: float = 30.0
    growing_above: int = 0
    dead_after: float = 60.0
    open_after: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReposSettings:
    """How repositories are looked for.

    Attributes:
        poll: Seconds between two cheap looks at each.
        depth: Folders below a root that the search goes down.
        prune: Names of folders that are never entered.
        timeout: Seconds that one git process may take.
        stage_limit_mb: Megabytes of a file above which staging everything leaves it out, and names it.
    """

    poll: float = 1.0
    depth: int = 6
    prune: tuple[str, ...] = (
        "node_modules", ".venv", "venv", ".tox", ".nox", "__pycache__", ".cache", ".mypy_cache",
        ".ruff_cache", "target", "dist", "build", ".terraform", ".gradle", "vendor", "site-packages",
    )  # fmt: skip
    timeout: float = 10.0
    stage_limit_mb: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One service that is watched.

    Attributes:
        name: Shown.
        pid_file: A file that holds its process id.
        port: A TCP port that it listens on.
        match: A text that its command line holds.
        cwd: Its working folder.
        log: Its log file.
        probe: ``tcp://host:port`` or ``http://…`` to ask for its health.
        command: What starts it, split as a shell would, but never given to one. With it, it can be started,
            stopped and started again from here.
    """

    name: str
    pid_file: str | None = None
    port: int | None = None
    match: str | None = None
    cwd: str | None = None
    log: str | None = None
    probe: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsSettings:
    """Which files are followed.

    Attributes:
        files: Paths or globs.
        journal: Units of the systemd journal, followed with journalctl; `*` is all of it.
        started: Follow what services write that agentdash started and that have no log of their own.
        limit: Lines held in view, and in the activity log on disk.
        poll: Seconds between two looks.
        finding_for: Seconds after an error, a crash or a secret was last seen in a log, until its finding is
            cleared.
    """

    files: tuple[str, ...] = ()
    journal: tuple[str, ...] = ()
    started: bool = True
    limit: int = 5000
    poll: float = 0.1
    finding_for: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsSettings:
    """Findings of outside agents.

    Attributes:
        inbox: Globs of JSON Lines files that they append to.
        poll: Seconds between two looks.
    """

    inbox: tuple[str, ...] = ("monitor-session/findings/*.jsonl",)
    poll: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """How it looks.

    Attributes:
        theme: ``agentdash``, ``agentdash-light``, ``agentdash-contrast``, or one of Textual's, of which
            ``ansi-dark`` and ``ansi-light`` take the terminal's own 16 colours.
        keys: Binding id to keys, e.g. ``{"runs.cancel": "ctrl+k"}``.
        bell: Ring on what needs a person.
        notify: A program that is told of runs that ended or lost their worker, the message as its last
            argument, e.g. ``notify-send agentdash``; split as a shell would, but never given to one.
    """

    theme: str = "agentdash"
    keys: dict[str, str] = field(default_factory=dict)
    bell: bool = False
    notify: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of them.

    Attributes:
        projects: Roots below which repositories are looked for; none: ``~/PROJECTS`` if it is there, else the
            current folder.
        state_dir: Where agentdash keeps its own files; none: ``$XDG_STATE_HOME/agentdash``, else
            ``~/.local/state/agentdash``.
        read_only: Nothing is ever changed.
        color: ``auto``, ``always`` or ``never``.
        confined: No setting: keys (``services`` for all of those) whose paths and patterns may lead only to
            what lies in a folder when it is opened, links resolved, and that folder, absolute. They come from
            a file that nobody trusted, or are a default that begins in whatever folder one is in.
        services_from: No setting: the file that describes the services; empty where none does.
    """

    projects: tuple[str, ...] = ()
    state_dir: str | None = None
    read_only: bool = False
    color: Literal["auto", "always", "never"] = "auto"
    redis: RedisSettings = field(default_factory=RedisSettings)
    runs: RunsSettings = field(default_factory=RunsSettings)
    streams: StreamsSettings = field(default_factory=StreamsSettings)
    repos: ReposSettings = field(default_factory=ReposSettings)
    services: tuple[ServiceSettings, ...] = ()
    logs: LogsSettings = field(default_factory=LogsSettings)
    findings: FindingsSettings = field(default_factory=FindingsSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    confined: Mapping[str, str] = field(default_factory=dict, compare=False)
    services_from: str = field(default="", compare=False)
