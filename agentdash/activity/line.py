"""One step as one line of text, without secrets and without anything that acts on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from agentdash.core.text import printable

# Of the text as it is given; what is beyond is not looked at.
RAW_LIMIT = 8192
_STEP_BYTES = 2048
_ACTOR_LENGTH = 64
_WORDS = {True: ("INFO", "ok"), False: ("ERROR", "failed"), None: ("WARN", "unsure")}


@dataclass(frozen=True, slots=True)
class Step:
    """What was done.

    Attributes:
        at: Unix ms.
        actor: Who did it: a collector, a command.
        text: What, in a few words.
        ok: Whether it worked; None where that is not known.
        duration_ms: None where it was not measured.
        routine: Of interest only to who looks for a fault.
    """

    at: int
    actor: str
    text: str
    ok: bool | None = True
    duration_ms: float | None = None
    routine: bool = False


def write_line(step: Step) -> bytes:
    """The line, with its end: ``2024-11-20T14:19:05.118Z INFO  runs ok read 4 runs in 0.9 ms``.

    The level is ERROR for what failed, WARN where that is not known, DEBUG for routine, else INFO. The text
    is cut at 2 KiB of UTF-8.
    """
    time = (
        datetime.fromtimestamp(step.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    level, word = _WORDS[step.ok]
    level = "DEBUG" if step.ok and step.routine else level
    actor = "-".join(printable(step.actor[:_ACTOR_LENGTH]).split()) or "-"
    from agentdash.core.secrets.safe_text import safe_message

    text = _cut(safe_message(step.text.replace("\n", " ␊ ")).strip())
    took = "" if step.duration_ms is None else f" in {step.duration_ms:.1f} ms"
    return f"{time} {level:<5} {actor} {word} {text}{took}\n".encode()


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= _STEP_BYTES:
        return text
    return raw[: _STEP_BYTES - 3].decode("utf-8", "ignore") + "…"
