"""A step as one line of text, masked and safe to print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from agentdash.core.text import printable

RAW_LIMIT = 8192
"""Characters of the given text that are used."""
_STEP_BYTES = 2048
_ACTOR_LENGTH = 64
_OUTCOMES = {True: ("INFO", "ok"), False: ("ERROR", "failed"), None: ("WARN", "unsure")}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done.

    Attributes:
        at: Unix ms.
        actor: A collector or a command.
        text: A short description.
        ok: Whether it succeeded; None where that is unknown.
        duration_ms: None where it was not measured.
        routine: Only useful for debugging.
    """

    at: int
    actor: str
    text: str
    ok: bool | None = True
    duration_ms: float | None = None
    routine: bool = False


def write_line(step: Step) -> bytes:
    """The line, with its end: ``2024-11-20T14:19:05.118Z INFO  runs ok read 4 runs in 0.9 ms``.

    The level is ERROR for a failure, WARN for an unknown outcome, DEBUG for routine, else INFO. The text is
    cut at 2 KiB of UTF-8.
    """
    time = (
        datetime.fromtimestamp(step.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    level, word = _OUTCOMES[step.ok]
    level = "DEBUG" if step.ok and step.routine else level
    actor = "-".join(printable(step.actor[:_ACTOR_LENGTH]).split()) or "-"
    from agentdash.core.secrets.safe_text import safe_message

    text = _cut(safe_message(step.text.replace("\n", " ␊ ")).strip())
    duration = "" if step.duration_ms is None else f" in {step.duration_ms:.1f} ms"
    return f"{time} {level:<5} {actor} {word} {text}{duration}\n".encode()


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= _STEP_BYTES:
        return text
    return raw[: _STEP_BYTES - 3].decode("utf-8", "ignore") + "…"
