"""What a person muted, kept in a small file of the state folder, so that it is quiet tomorrow too.

The file holds ``{"mutes": [{"fingerprint", "reason", "until"}]}``, times in Unix ms. It is written to a file
beside it and put in its place at once, so that it is never seen half-written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from agentdash.core.mutes import MOST, Mute

LARGEST = 1 << 20


def read_mutes(path: Path) -> list[Mute]:
    """The mutes in *path*; none where it does not exist.

    Raises:
        OSError: where it cannot be read.
        ValueError: where it is not such a file, in words.
    """
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(LARGEST))
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
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows = [{"fingerprint": one.fingerprint, "reason": one.reason, "until": one.until} for one in mutes]
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"mutes": rows[-MOST:]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
