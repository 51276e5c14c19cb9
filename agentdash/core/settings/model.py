"""Settings with their defaults and units; `agentdash.settings.load` loads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Which server to use and how long to wait for it.

    Attributes:
        url: ``redis://``, ``unix://``, ``redis+sentinel://`` or ``redis+cluster://``, ``rediss`` for
            TLS; none: localhost:6379 if it responds, else the embedded server.
        timeout: Seconds to wait for a reply.
        connect_timeout: Seconds to wait for a connection.
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
        prefix: Prefix of every key that agentdash writes.
        poll: Poll interval in seconds.
        events_maxlen: Approximate number of events that are kept per run.
        lease: Seconds until a worker's lock expires when it is not refreshed. The server may be unavailable
            for two thirds of it; a killed worker is reported as missing after it at the latest.
        shown: Maximum number of runs that are shown, newest first.
        mask: Whether secrets are masked in what a worker records.
    """

    prefix: str = "codi:api"
    poll: float = 0.5
    events_maxlen: int = 10_000
    lease: float = 40.0
    shown: int = 500
    mask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamsSettings:
    """Which streams are watched, and the thresholds of findings.

    Attributes:
        poll: Poll interval in seconds.
        include: Glob patterns of keys; none means all.
        exclude: Glob patterns of keys that are ignored.
        max_streams: Maximum number of streams that are read; further ones are only counted.
        window: Seconds of samples that a verdict needs.
        lag_limit: Entries of lag above which CONSUMER_LAG is reported.
        known: Glob patterns of streams that intentionally have no group; those of `include` count too.
        stuck_after: Seconds of idle time above which STUCK_MESSAGE is reported.
        delivery_limit: Deliveries of a pending entry above which DELIVERY_FAILURE is reported.
        grow_after: Seconds for which a length or a number of pending entries must have grown.
        growing_above: Entries up to which a stream may grow.
        dead_after: Seconds of idle time after which a consumer may be dead.
        open_after: Seconds (and two samples) that a symptom lasts before its finding opens, or is absent
            before it is resolved.
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
    """How repositories are found and read.

    Attributes:
        poll: Seconds between two cheap checks of each.
        depth: Maximum depth of the search below a root.
        prune: Names of folders that are not searched.
        timeout: Time limit of one git process in seconds.
        stage_limit_mb: Megabytes above which a file is not staged with everything, but listed.
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
        name: Shown name.
        pid_file: A file that contains its process id.
        port: A TCP port that it listens on.
        match: A text that its command line contains.
        cwd: Its working folder.
        log: Its log file.
        probe: ``tcp://host:port`` or ``http://…``, a health probe.
        command: Its start command, split like a shell does, but run without one. It makes the service
            startable, stoppable and restartable.
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
        started: Whether to follow the output of services that agentdash started and that have no log.
        limit: Maximum number of lines in the log buffer, and in the activity log on disk.
        poll: Poll interval in seconds.
        finding_for: Seconds after an error, a crash or a secret was last seen in a log, until its finding is
            resolved.
    """

    files: tuple[str, ...] = ()
    journal: tuple[str, ...] = ()
    started: bool = True
    limit: int = 5000
    poll: float = 0.1
    finding_for: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsSettings:
    """Findings of external agents.

    Attributes:
        inbox: Globs of JSON Lines files that they append to.
        poll: Poll interval in seconds.
    """

    inbox: tuple[str, ...] = ("monitor-session/findings/*.jsonl",)
    poll: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """The user interface.

    Attributes:
        theme: ``agentdash``, ``agentdash-light``, ``agentdash-contrast``, or one of Textual's, of which
            ``ansi-dark`` and ``ansi-light`` use the terminal's own 16 colors.
        keys: Binding id to keys, e.g. ``{"runs.cancel": "ctrl+k"}``.
        bell: Whether to ring the bell when something needs attention.
        notify: A program that is run when a run has ended or lost its worker, with the message as its last
            argument, e.g. ``notify-send agentdash``; split like a shell does, but run without one.
    """

    theme: str = "agentdash"
    keys: dict[str, str] = field(default_factory=dict)
    bell: bool = False
    notify: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings.

    Attributes:
        projects: Root folders of the search for repositories; none: ``~/PROJECTS`` if it exists, else the
            current folder.
        state_dir: Folder of agentdash's own files; none: ``$XDG_STATE_HOME/agentdash``, else
            ``~/.local/state/agentdash``.
        read_only: Whether all changes are refused.
        color: ``auto``, ``always`` or ``never``.
        confined: No setting: keys (``services`` for all of those) whose paths and patterns may only lead into
            a folder when they are opened, links resolved, and that folder, absolute. They come from a file
            that is not trusted, or are a default relative to the current folder.
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
