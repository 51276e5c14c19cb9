"""Repositories whose configuration, attributes and hooks name programs: each that is run leaves a trace."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from agentdash.actions.repos import operations as repos
from agentdash.actions.repos import stage_plan as repo_stage
from agentdash.core.clock import SystemClock
from agentdash.core.commands import Outcome
from agentdash.core.repos.commands import CommitRepo, FetchRepo, StageRepo
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiffQuery
from agentdash.core.settings.model import ReposSettings
from agentdash.core.snapshot import SourceError
from agentdash.git.commands import GitFailed
from agentdash.git.config_keys import FIXED, Safeguard, is_refused, safeguard_of
from agentdash.git.grep import first_occurrences
from collectors.repos.collector import ReposCollector
from collectors.repos.detail import read_detail, read_size
from collectors.repos.diff import read_commit_diff, read_diff
from tests.collectors.repos.stage import git, repository

NEWER = (
    # Keys of gits that are newer than the oldest one that the tests run with.
    "attr.tree", "core.commentString", "core.maxTreeDepth", "core.WSLCompat", "diff.srcPrefix",
    "diff.dstPrefix", "diff.statNameWidth", "diff.trustExitCode", "diff.<driver>.trustExitCode",
    "diff.<driver>.algorithm", "extensions.partialClone", "extensions.refStorage",
    "extensions.relativeWorktrees", "fetch.all", "fetch.bundleURI", "fetch.bundleCreationToken",
    "gc.recentObjectsHook", "gc.repackFilterTo", "hook.<name>.command", "hook.<name>.event",
    "hook.<name>.enabled", "http.keepAliveIdle", "http.maxRetries", "http.proactiveAuth",
    "http.sslCertType", "index.skipHash", "init.defaultRefFormat", "maintenance.autoDetach",
    "pack.usePathWalk", "promisor.acceptFromServer", "reftable.blockSize",
    "remote.<name>.followRemoteHEAD", "remote.<name>.serverOption", "sideband.allowControlCharacters",
    "tar.<format>.command", "trailer.<token>.cmd", "trailer.<token>.command", "transfer.bundleURI",
    "transfer.advertiseObjectInfo", "worktree.useRelativePaths",
)  # fmt: skip
ODD_DRIVERS = (
    "evil",
    "a=b",
    "A.b.C",
    'q"uote',
    "back\\slash",
    "]",
    "d\xfcr",
    "x.clean",
    "filter",
    ".",
    "a#b;c",
)
SWITCHES = {key for key, value in FIXED.items() if value in {"true", "false"}} - {
    "core.alternaterefscommand", "core.askpass", "core.editor", "core.fsmonitor", "core.sshcommand",
    "gpg.openpgp.program", "gpg.program", "gpg.ssh.defaultkeycommand", "gpg.ssh.program", "gpg.x509.program",
    "sequence.editor",
} | {"fetch.prune", "fetch.prunetags", "remote.<name>.prune", "remote.<name>.prunetags"}  # fmt: skip
HOOKS = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout", "post-merge",
    "pre-auto-gc", "post-index-change", "reference-transaction", "fsmonitor-watchman", "post-rewrite",
    "pre-push", "update", "pre-receive", "post-receive", "post-update", "proc-receive",
    "push-to-checkout", "applypatch-msg",
)  # fmt: skip


@cache
def known_keys() -> tuple[str, ...]:
    """All keys that the installed git lists, and newer ones."""
    listed = git(Path("/"), "help", "-c").splitlines()
    return tuple(dict.fromkeys((*(key for key in listed if key and " " not in key), *NEWER)))


class Traps:
    """Programs that leave a trace, one for each name.

    Args:
        folder: Where they and their traces are; below no repository.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._traces = folder, folder / "traces"
        (folder / "programs").mkdir(parents=True)
        self._traces.mkdir()
        self._program = folder / "program"
        self._program.write_text('#!/bin/sh\n: > "${0%/*}/../traces/${0##*/}"\ncat\n')
        self._program.chmod(0o755)
        for name in (*(_plain(key) for key in known_keys()), *(_plain(f"hook {name}") for name in HOOKS)):
            (folder / "programs" / name).symlink_to(self._program)

    def traces(self) -> set[str]:
        """Which were run."""
        return {path.name for path in self._traces.iterdir()}

    def forget(self) -> None:
        """Take the traces away."""
        for path in self._traces.iterdir():
            path.unlink()

    def settings(self, *, fetch: bool = False) -> str:
        """A configuration with each key that could run something or write, as a trap; see `trap_settings`."""
        return trap_settings(fetch=fetch).replace(_PROGRAMS, str(self._folder / "programs"))

    def hooks(self, git_dir: Path) -> None:
        """Each hook of git as a trap."""
        (git_dir / "hooks").mkdir(exist_ok=True)
        for name in HOOKS:
            place = git_dir / "hooks" / name
            place.unlink(missing_ok=True)
            place.write_text(f'#!/bin/sh\nexec "{self._folder}/programs/{_plain(f"hook {name}")}"\n')
            place.chmod(0o755)


@cache
def trap_settings(*, fetch: bool) -> str:
    """A configuration with each key that could run something or write, for each name that it may have in it.

    Args:
        fetch: Without those with which nothing is fetched.
    """
    left_out = {"remote.<name>.url", "remote.<name>.vcs", "url.<base>.insteadof"} if fetch else set()
    lines: list[str] = []
    for key in known_keys():
        if (
            safeguard_of(key) is Safeguard.INERT
            or (fetch and is_refused(key))
            or key.lower() in _APART | left_out
        ):
            continue
        lines += lines_of(key)
    return "".join(lines)


def lines_of(key: str) -> list[str]:
    """*key* as lines of a file of configuration."""
    section, _, rest = key.partition(".")
    between, _, variable = rest.rpartition(".")
    if variable == "*":
        variable = {"http": "cookieFile", "credential": "helper"}.get(section, "trap")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", variable):
        return []  # no name that git's own parser takes
    value = f"{_PROGRAMS}/{_plain(key)}"
    if key.lower() in SWITCHES:
        value = "true"
    elif key.lower() in _VALUES:
        value = _VALUES[key.lower()]
    names: tuple[str | None, ...] = _NAMES.get((section, between), (between or None,))
    if between.startswith("<") and (section, between) not in _NAMES:
        names = ("evil",)
    return [f"{_header(section, name)}\n\t{variable} = {_quoted(value)}\n" for name in names]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


_PROGRAMS = "@PROGRAMS@"
_NAMES: dict[tuple[str, str], tuple[str | None, ...]] = {
    ("filter", "<driver>"): ODD_DRIVERS,
    ("remote", "<name>"): ("origin",),
    ("gpg", "<format>"): ("openpgp", "x509", "ssh"),
    ("credential", "<url>"): ("https://example.com",),
    ("http", "<url>"): ("https://example.com",),
    ("url", "<base>"): ("ext::sh -c 'true' ",),
    ("protocol", "<name>"): ("ext", "file"),
    ("branch", "<name>"): ("main",),
    ("hook", "<name>"): ("evil",),
}
_VALUES = {
    "protocol.<name>.allow": "always",
    "protocol.allow": "always",
    "protocol.version": "2",
    "filter.<driver>.required": "true",
    "hook.<name>.event": "post-index-change",
    "hook.<name>.enabled": "true",
    "format.pretty": "%G? %s",
    "gpg.format": "openpgp",
    "gc.auto": "1",
    "diff.<driver>.cachetextconv": "true",
    "remote.<name>.promisor": "true",
    "remote.<name>.partialclonefilter": "blob:none",
    "extensions.partialclone": "origin",
    "url.<base>.insteadof": "https://",
}
_APART = {
    # Git stops at once where these are odd: they have tests of their own, or none is needed.
    "include.path", "includeif.<condition>.path", "core.worktree", "pager.<cmd>",
    "diff.ignoresubmodules", "diff.submodule", "diff.relative", "grep.fallbacktonoindex",
    "submodule.<name>.update", "ssh.variant", "core.createobject", "format.encodeemailheaders",
    "format.filenamemaxlength", "gc.writecommitgraph", "push.default", "rerere.autoupdate",
    "submodule.fetchjobs", "bundle.*", "bundle.<id>.*", "bundle.<id>.uri", "bundle.mode",
    "bundle.version", "remote.<name>.fetch",
}  # fmt: skip


def _header(section: str, name: str | None) -> str:
    return f"[{section}]" if name is None else f"[{section} {_quoted(name)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def trapped(path: Path) -> Path:
    """A work tree at *path* with everything that a trap needs to be run, but for the configuration.

    Its attributes send each file through a filter and a driver, its files have to be compared, its last
    commit has a signature; it has a stash, an upstream, a submodule, alternates, an embedded bare repository.
    """
    source = repository(path.parent.parent / f"{path.name} source")
    for name in ("s.txt", "a.txt"):
        (source / name).write_text(f"{name}\n")
    (source / ".gitattributes").write_text("*.txt filter=evil diff=evil\n")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "source")
    repository(path)
    git(path, "remote", "add", "origin", str(source))
    git(path, "fetch", "-q")
    git(path, "submodule", "--quiet", "add", str(source), "lib")
    (path / ".gitattributes").write_text(
        "*.txt filter=evil diff=evil merge=evil\nplain.txt -filter -diff -merge\n"
        + "".join(f"odd{n}.txt filter={name}\n" for n, name in enumerate(ODD_DRIVERS)),
        encoding="utf-8",
    )
    for number in range(len(ODD_DRIVERS)):
        (path / f"odd{number}.txt").write_text("odd\n")
    for name in ("a.txt", "plain.txt"):
        (path / name).write_text(f"{name}\n")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "first")
    git(path, "branch", "-q", "--set-upstream-to=origin/main")
    tree = git(path, "rev-parse", "HEAD^{tree}")
    who = "A <a@b> 1700000000 +0000"
    signed = (
        f"tree {tree}\nparent {git(path, 'rev-parse', 'HEAD')}\nauthor {who}\ncommitter {who}\n"
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----\n\nsigned\n"
    )
    done = subprocess.run(
        ("git", "hash-object", "-t", "commit", "-w", "--stdin"),
        cwd=path,
        input=signed,
        text=True,
        check=True,
        capture_output=True,
    )
    git(path, "reset", "-q", "--soft", done.stdout.strip())
    (path / "a.txt").write_text("stashed\n")
    git(path, "stash", "-q")
    git(path, "clone", "-q", "--bare", str(path), str(path / "fixtures/embedded.git"))
    git(path, "repack", "-adq")
    alternates = path / ".git/objects/info/alternates"
    alternates.write_text(f"{source}/.git/objects\n")
    return path


def arm(path: Path) -> None:
    """Make the state in which a plain git would run what is named: all content has to be read anew."""

    for name in ("a.txt", "plain.txt", *(f"odd{n}.txt" for n in range(len(ODD_DRIVERS)))):
        (path / name).write_text((path / name).read_text().swapcase())
    (path / "new").mkdir(exist_ok=True)
    (path / "new/file.txt").write_text("new\n")


async def snapshot_of(projects: Path) -> ReposSnapshot:
    """All repositories, read once, as the dashboard reads them."""
    collector = ReposCollector((projects,), ReposSettings(timeout=10), "host", SystemClock())
    snapshot: ReposSnapshot | None = None
    try:
        while snapshot is None or snapshot.unread or not snapshot.complete:
            snapshot = await collector.collect() or snapshot
    finally:
        await collector.close()
    return snapshot


def read_all(projects: Path) -> ReposSnapshot:
    """Everything that agentdash reads of repositories: rows, pages, changes, commits, names, plans."""
    snapshot = asyncio.run(snapshot_of(projects))
    for repo in snapshot.repos:
        _read(repo)
    return snapshot


def _read(repo: Repo) -> None:
    path = Path(repo.path)
    detail = read_detail(repo, 10)
    attempts: list[Callable[[], object]] = [
        lambda: read_size(repo, 10),
        lambda: read_diff(repo, 10),
        lambda: read_diff(repo, 10, RepoDiffQuery(repo.path, b"a.txt")),
        lambda: read_diff(repo, 10, RepoDiffQuery(repo.path, b"new", untracked=True)),
        lambda: first_occurrences(path, [b"swapcase", b"new"], 10),
        lambda: repo_stage.plan(path, 1_000_000, 10),
    ]
    queries = [CommitDiffQuery(repo.path, one.sha) for one in detail.commits[:3]]
    attempts += [partial(read_commit_diff, repo, 10, query) for query in queries]
    for attempt in attempts:
        try:
            attempt()
        except (SourceError, GitFailed):
            continue


def by_command_line(projects: Path) -> dict[str, object]:
    """The rows, by the program itself."""
    words = (sys.executable, "-m", "agentdash", "repos", "--json", "--read-only", "--projects", str(projects))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd=projects)
    return dict(json.loads(done.stdout))


def write_all(path: Path) -> list[Outcome]:
    """Fetch, stage and commit."""
    head = git(path, "rev-parse", "HEAD")

    def step(words: str, ok: bool) -> None:
        del words, ok

    done = [repos.fetch(FetchRepo(str(path)), 10, step)]
    done.append(repos.stage(StageRepo(str(path), head), 5_000_000, 10, step))
    done.append(repos.commit(CommitRepo(str(path), "of a person", head), 10, step))
    return done


def everything_below(root: Path) -> dict[str, tuple[object, ...]]:
    """Kind, size, time and bytes of all that is there; no link is followed."""
    marks: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files, "."):
            place = os.path.join(folder, name)  # noqa: PTH118 - names of any bytes
            status = os.lstat(place)
            content = b""
            if os.path.isfile(place) and not os.path.islink(place):  # noqa: PTH113, PTH114 - as above
                with open(place, "rb") as file:  # noqa: PTH123 - as above
                    content = file.read()
            marks[place] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, hash(content))
    return marks
