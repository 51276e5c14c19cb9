"""Muted findings, in a small file of the state folder.

The file holds ``{"mutes": [{"fingerprint", "reason", "until"}]}``, times in Unix ms. It is replaced
atomically.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from agentdash.core.bounded_json import read_json
from agentdash.core.findings.mutes import MAX_MUTES, Mute
from agentdash.files.state import locked_folder, read_state, write_state

LARGEST = 1 << 20


def change_mutes(path: Path, change: Callable[[list[Mute]], list[Mute]]) -> list[Mute]:
    """Replace the mutes in *path* by what *change* returns for them, under a lock.

    Raises:
        OSError: where it cannot be read or written, or another process keeps the lock.
        ValueError: where it is not such a file, or would become too large.
    """
    with locked_folder(path.parent):
        mutes = change(read_mutes(path))
        write_mutes(path, mutes)
    return mutes


def read_mutes(path: Path) -> list[Mute]:
    """The mutes in *path*; none where it does not exist.

    Raises:
        OSError: where it cannot be read.
        ValueError: where it is not such a file.
    """
    try:
        content = read_json(read_state(path, LARGEST))
    except FileNotFoundError:
        return []
    except ValueError as problem:
        raise ValueError(f"{path} is not JSON: correct or remove it") from problem
    match content:
        case {"mutes": list(rows)}:
            return [_mute(row, path) for row in rows[:MAX_MUTES]]
    raise ValueError(f"{path} has no list of mutes: correct or remove it")


def _mute(row: object, path: Path) -> Mute:
    match row:
        case {"fingerprint": str(fingerprint), "reason": str(reason), "until": int() | None as until}:
            return Mute(fingerprint, reason, until)
    raise ValueError(f"{path} has an entry that is not a mute: correct or remove it")


def write_mutes(path: Path, mutes: Iterable[Mute]) -> None:
    """Replace the content of *path* by *mutes*.

    Raises:
        OSError: where it cannot be written; the old content stays.
        ValueError: where it would be too large to read again; the old content stays.
    """
    rows = [{"fingerprint": one.fingerprint, "reason": one.reason, "until": one.until} for one in mutes]
    text = json.dumps({"mutes": rows[-MAX_MUTES:]}, indent=1)  # ASCII
    if len(text) > LARGEST:
        raise ValueError(f"{path} would be larger than {LARGEST >> 20} MiB: unmute something first")
    write_state(path, text.encode())
