"""Decisions to trust the settings files of folders, by path and content.

The file is ``trust.json`` in the user's own state folder, never in one that a settings file chose:
``{"decisions": [{"path", "sha256", "trusted", "at"}]}``, the newest last, `at` in Unix ms.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from agentdash.core.paths import own_state_dir
from agentdash.files.state import locked_folder, read_state, write_state
from agentdash.settings.trust import State

FILE = "trust.json"
MAX_DECISIONS = 1000
"""Maximum number of decisions; the oldest are dropped, and asked again."""
_MAX_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one prompt.

    Attributes:
        path: Of the settings file, absolute.
        sha256: Of its content, hexadecimal.
        trusted: The answer.
        at: Unix ms.
    """

    path: str
    sha256: str
    trusted: bool
    at: int


def decisions_file(env: Mapping[str, str] | None = None) -> Path:
    """The file of decisions.

    Raises:
        RuntimeError: where there is no home.
    """
    return own_state_dir(os.environ if env is None else env) / FILE


def read_decisions(path: Path) -> list[Decision]:
    """All decisions; none where the file does not exist.

    Raises:
        OSError: where it cannot be read, or is another user's.
        ValueError: where it is not such a file.
    """
    try:
        data = json.loads(read_state(path, _MAX_BYTES))
    except FileNotFoundError:
        return []
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"{path} is not JSON: move it away") from problem
    match data:
        case {"decisions": list(rows)}:
            return [_decision(row, path) for row in rows[-MAX_DECISIONS:]]
    raise ValueError(f"{path} contains no decisions: move it away")


def decide(path: Path, decision: Decision) -> None:
    """Add *decision*, replacing an earlier one about the same content.

    Raises:
        OSError, ValueError: as `read_decisions` does, and where it cannot be written.
    """
    _change(path, lambda known: [*(one for one in known if not _same(one, decision)), decision])


def forget(path: Path, of: str) -> int:
    """Remove all decisions about the file *of*; returns how many there were.

    Raises:
        OSError, ValueError: as `decide` does.
    """
    count = 0

    def without(known: list[Decision]) -> list[Decision]:
        nonlocal count
        kept = [one for one in known if one.path != of]
        count = len(known) - len(kept)
        return kept

    _change(path, without)
    return count


def decided(of: Path, sha256: str, env: Mapping[str, str]) -> tuple[State, str]:
    """The decision about the content of the settings file *of*, and why it is unknown, else empty."""
    try:
        known = read_decisions(decisions_file(env))
    except (OSError, RuntimeError, ValueError) as problem:
        why = f"{problem.filename}: {problem.strerror}" if isinstance(problem, OSError) else str(problem)
        return "undecided", f"decisions cannot be read: {why}"
    for one in reversed(known):
        if (one.path, one.sha256) == (str(of), sha256):
            return ("trusted" if one.trusted else "declined"), ""
    return "undecided", ""


def _change(path: Path, change: Callable[[list[Decision]], list[Decision]]) -> None:
    with locked_folder(path.parent):
        rows = [asdict(one) for one in change(read_decisions(path))[-MAX_DECISIONS:]]
        write_state(path, json.dumps({"decisions": rows}, indent=1).encode())


def _same(one: Decision, other: Decision) -> bool:
    return (one.path, one.sha256) == (other.path, other.sha256)


def _decision(row: object, path: Path) -> Decision:
    match row:
        case {"path": str(of), "sha256": str(digest), "trusted": bool(trusted), "at": int(at)}:
            return Decision(of, digest, trusted, at)
    raise ValueError(f"{path} contains an invalid decision: move it away")
