"""Folders and sockets that only their owner can access."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from agentdash.core.snapshot import SourceError
from agentdash.files.state import make_folder

SOCKET = "valkey.sock"
# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
_LONGEST = 100


def make_private(folder: Path) -> None:
    """Create *folder* for its owner only, or check that it is private.

    Raises:
        SourceError: when it cannot be created, is no folder, or belongs to another user.
    """
    try:
        make_folder(folder, only_ours=True)
    except OSError as error:
        raise _unusable(folder, error) from error


def make_state_folder(folder: Path) -> None:
    """Create *folder* in the state folder for its owner only, and the state folder if missing.

    Raises:
        SourceError: as `make_private` does.
    """
    try:
        make_folder(folder.parent)
    except OSError as error:
        raise _unusable(folder.parent, error) from error
    make_private(folder)


def _unusable(folder: Path, error: OSError) -> SourceError:
    return SourceError(
        f"The folder {error.filename or folder} cannot be used: {error.strerror}",
        "Set state_dir (or XDG_STATE_HOME) to a folder of yours that you can write to.",
    )


def socket_in(folder: Path) -> Path:
    """The path of the server's socket: in *folder*, or in a private folder with a shorter path.

    Raises:
        SourceError: when no path is short enough.
    """
    inside = folder / SOCKET
    if _fits(inside):
        return inside
    name = f"agentdash-{os.getuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - made private
        if base and Path(base).is_dir() and os.access(base, os.W_OK):
            path = Path(base) / name / SOCKET
            if _fits(path):
                make_private(path.parent)
                return path
    raise SourceError(
        f"The path of a socket in {folder} is longer than the system allows",
        "Set state_dir (or XDG_STATE_HOME) to a folder with a shorter path.",
    )


def remove_socket(path: Path, folder: Path) -> None:
    """Remove the socket, and its folder if that was created for it."""
    path.unlink(missing_ok=True)
    if path.parent != folder:
        try:
            path.parent.rmdir()
        except OSError:
            return


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST
