"""Paths of agentdash's own files; nothing is created here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from agentdash.core.file_names import file_name
from agentdash.core.settings.model import ServiceSettings, Settings

_NO_HOME = Path("/(no home folder)")
_REMOVED = Path("/(the current folder was removed)")


def current_folder() -> Path:
    """The current folder, absolute; where it was removed, a path that does not exist.

    Callers then handle a missing folder as usual. ``$PWD`` is not used: it may name another one.
    """
    try:
        return Path.cwd()
    except OSError:
        return _REMOVED


def real_path(path: str | Path) -> Path:
    """*path*, absolute, with ``~`` expanded and links resolved.

    It never raises, unlike `Path.expanduser` and `Path.resolve`: what cannot be resolved (a loop of links, an
    unknown user, a NUL) is unchanged, and fails when it is opened.
    """
    expanded = os.path.expanduser(path)  # noqa: PTH111 - never raises
    try:
        return Path(os.path.realpath(expanded))
    except (OSError, ValueError):
        return Path(os.path.abspath(expanded))  # noqa: PTH100 - never raises


def state_dir(settings: Settings) -> Path:
    """The folder of the activity log and the embedded server, absolute.

    The setting, else ``$XDG_STATE_HOME/agentdash``, else ``~/.local/state/agentdash``. A relative
    ``$XDG_STATE_HOME`` is ignored, as the XDG Base Directory Specification requires.
    """
    if settings.state_dir is not None:
        return current_folder() / Path(settings.state_dir).expanduser()
    return own_state_dir(os.environ)


def own_state_dir(env: Mapping[str, str]) -> Path:
    """The user's own state folder, independent of the settings."""
    base = env.get("XDG_STATE_HOME", "")
    home = Path(env.get("HOME", ""))
    root = (
        Path(base)
        if Path(base).is_absolute()
        else (home if home.is_absolute() else _home()) / ".local" / "state"
    )
    return root / "agentdash"


def _home() -> Path:
    """The home folder; a path that does not exist for a user without one, as in containers."""
    try:
        return Path.home()
    except RuntimeError:
        return _NO_HOME


def server_dir(settings: Settings) -> Path:
    """The folder of the embedded server."""
    return state_dir(settings) / "server"


def mutes_file(settings: Settings) -> Path:
    """The file of muted findings."""
    return state_dir(settings) / "mutes.json"


def activity_log(settings: Settings) -> Path:
    """The file of the activity log."""
    return state_dir(settings) / "agentdash.log"


def service_logs(settings: Settings) -> Path:
    """The folder for the output of services that agentdash started and that have no log of their own."""
    return state_dir(settings) / "services"


def service_log(service: ServiceSettings, folder: Path | None) -> Path | None:
    """The log of a service: its own, else one in *folder* where agentdash can start it; None without both."""
    if service.log:
        path = Path(service.log).expanduser()
        return Path(service.cwd).expanduser() / path if service.cwd and not path.is_absolute() else path
    return folder / f"{file_name(service.name)}.log" if service.command and folder is not None else None
