"""What a person muted, kept in a small file of the state folder, so that it is quiet tomorrow too.

The file holds ``{"mutes": [{"fingerprint", "reason", "until"}]}``, times in Unix ms. It is written to a file
beside it and put in its place at once, so that it is never seen half-written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from agentdash.core.bounded_json import read_json
from agentdash.core.findings.mutes import MOST, Mute
from agentdash.files.state import locked_folder, read_state, write_state

LARGEST = 1 << 20


def change_mutes(path: Path, change: Callable[[list[Mute]], list[Mute]]) -> list[Mute]:
    """Put what *change* makes of the mutes in *path* in their place, while nobody else changes them.

    Raises:
        OSError: where it cannot be read or written, or another process does not come to an end with it.
        ValueError: where it is not such a file, or would become too large, in words.
    """
    with locked_folder(path.parent):
        mutes = change(read_mutes(path))
        write_mutes(path, mutes)
    return mutes


def read_mutes(path: Path) -> list[Mute]:
    """The mutes in *path*; none where it does not exist.

    Raises:
        OSError: where it cannot be read.
        ValueError: where it is not such a file, in words.
    """
    try:
        told = read_json(read_state(path, LARGEST))
    except FileNotFoundError:
        return []
    except ValueError as problem:
        raise ValueError(f"{path} is not JSON: mend it or take it away") from problem
    match told:
        case {"mutes": list(rows)}:
            return [_mute(row, path) for row in rows[:MOST]]
    raise ValueError(f"{path} holds no list of mutes: mend it or take it away")


def _mute(row: object, path: Path) -> Mute:
    match row:
        case {"fingerprint": str(fingerprint), "reason": str(reason), "until": int() | None as until}:
            return Mute(fingerprint, reason, until)
    raise ValueError(f"{path} holds something that is no mute: mend it or take it away")


def write_mutes(path: Path, mutes: Iterable[Mute]) -> None:
    """Put *mutes* in place of what *path* holds.

    Raises:
        OSError: where it cannot be written; what was there stays.
        ValueError: where it would be larger than is read again; what was there stays, too.
    """
    rows = [{"fingerprint": one.fingerprint, "reason": one.reason, "until": one.until} for one in mutes]
    text = json.dumps({"mutes": rows[-MOST:]}, indent=1)  # ASCII
    if len(text) > LARGEST:
        raise ValueError(f"{path} would be larger than {LARGEST >> 20} MiB: unmute something first")
    write_state(path, text.encode())
