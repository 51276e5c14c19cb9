"""The first line: which server, how the fleet is, what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from agentdash.core.clock import time_text
from agentdash.core.findings.model import Severity
from agentdash.core.fleet import fleet_state, open_findings
from agentdash.core.runs.model import RunStatus
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.widgets.cells import Part
from tui.widgets.linebar import Word

STATES = {
    "OK": ("●", "good"),
    "DEGRADED": ("▲", "warn bold"),
    "CRITICAL": ("✗", "bad bold"),
    "UNKNOWN": ("?", "unknown"),
}
LATELY_MS = 3_600_000
"""A run that failed longer ago than this is in its list, and not what a glance is for."""
NAME = Word((("agentdash", "accent bold"),), "app.overview")


def left(store: Store, now: int, *, label: str = "") -> tuple[Word, ...]:
    """Server, fleet, runs, findings."""
    words = [NAME, server(store, now)]
    if label:
        words.append(Word(((label, "warn"),)))
    words.append(fleet(store, now))
    words += [word for word in (runs(store, now), findings(store, now)) if word]
    return tuple(words)


def failed(error: str) -> Word:
    """What went wrong in the program itself when the screen was drawn."""
    return Word(((f"✗ this screen failed: {error} (details in agentdash.log); R: read again", "bad"),))


def fleet(store: Store, now: int) -> Word:
    """How the whole fleet is, in one word; clicking it goes to what needs a person."""
    state = fleet_state(store, now)
    glyph, style = STATES[state]
    return Word((("fleet ", "dim"), (f"{glyph} {state}", style)), "app.attention")


def server(store: Store, now: int) -> Word:
    """Which server is in use, and whether it answers."""
    health = store.health.get(Topic.STREAMS) or store.health.get(Topic.RUNS)
    state = health.seen_at(now) if health else SourceState.LOADING
    name = printable(store.server_label or "no server yet")
    if store.streams is not None and store.streams.server:
        name = printable(store.streams.server)
        place = _short(store.server_label.rpartition("@")[2].rpartition("//")[2])
        if place and ":" in place:  # a host; a socket of this machine needs no name
            name = f"{name} at {place}"
    mark, style = {
        SourceState.LIVE: ("●", "good"),
        SourceState.ERROR: ("✗", "bad bold"),
        SourceState.STALE: ("◌", "warn"),
    }.get(state, ("◌", "dim"))
    parts = [(f"{name} ", "dim" if state is SourceState.LIVE else ""), (mark, style)]
    ping = store.streams.ping_ms if store.streams else None
    if state is SourceState.LIVE and ping is not None:
        parts.append((f" {ping:.1f} ms", "dim"))
    elif state is SourceState.ERROR:
        parts.append((" no reply" if store.streams else " unavailable", "bad"))
    return Word(tuple(parts))


def runs(store: Store, now: int) -> Word | None:
    """How many runs are live, paused, without worker or in a state that is not known, failed of late."""
    if store.runs is None or not store.runs.runs:
        return None
    counted: Counter[str] = Counter()
    for run in store.runs.runs:
        if run.orphaned or run.status is RunStatus.UNKNOWN:
            counted["unsure"] += 1
        elif run.status in {RunStatus.PAUSED, RunStatus.PAUSING}:
            counted["paused"] += 1
        elif run.status is RunStatus.FAILED:
            counted["failed"] += run.ended_at is None or now - run.ended_at < LATELY_MS
        elif not run.status.terminal:
            counted["live"] += 1
    parts = [("runs", "dim")]
    marks = (
        ("live", "●", "good"),
        ("paused", "‖", "warn"),
        ("unsure", "?", "unknown"),
        ("failed", "✗", "bad"),
    )
    for name, mark, style in marks:
        if counted[name]:
            parts.append((f" {counted[name]} {mark}", style))
    short = tuple((text if n else text.lstrip(), style) for n, (text, style) in enumerate(parts[1:]))
    return Word(tuple(parts), "app.runs", shorter=(short,)) if short else None


def findings(store: Store, now: int) -> Word | None:
    """How many findings are open, by severity."""
    if store.findings is None:
        return None
    counted = Counter(finding.symptom.severity for finding in open_findings(store))
    head = ("findings ", "dim")
    shown = (
        (Severity.CRITICAL, "critical", "bad bold"),
        (Severity.HIGH, "high", "warn"),
        (Severity.MEDIUM, "medium", "warn"),
        (Severity.LOW, "low", "dim"),
    )
    counts = [(f"{counted[severity]} {word}", style) for severity, word, style in shown if counted[severity]]
    if not counts:
        health = store.health.get(Topic.FINDINGS)
        live = health is not None and health.seen_at(now) is SourceState.LIVE
        counts = [("none", "good") if live else ("?", "unknown")]
    lines = [(head, *_joined(counts[:many])) for many in range(len(counts), 0, -1)]
    return Word(lines[0], "app.findings", shorter=tuple(lines[1:]))


def _joined(counts: Sequence[Part]) -> Iterator[Part]:
    """With dots between them."""
    for number, count in enumerate(counts):
        if number:
            yield (" · ", "dim")
        yield count


def _short(place: str) -> str:
    """Of several hosts the first, and how many more there are: ``a:26379 +2/main``."""
    hosts, slash, rest = place.partition("/")
    first, *more = hosts.split(",")
    return f"{first}{f' +{len(more)}' if more else ''}{slash}{rest}"


def clock(now: int, zone: tzinfo | None) -> str:
    """Time of day, HH:MM:SS."""
    return time_text(now, zone)


def trail(steps: tuple[str, ...], came_from: str = "") -> Word:
    """The titles that lead here, ``Streams › orders › billing``; ``docs-sweep ⇢`` before it after a link.

    Where there is no room for all of it, steps go from its beginning and middle, not from its end.
    """
    origin: tuple[Part, ...] = ((f"{printable(came_from)} ⇢ ", "dim"),) if came_from else ()
    return Word((*origin, *_steps(steps)), shorter=tuple(_steps(kept) for kept in _shorter(steps)))


def _steps(steps: tuple[str, ...]) -> tuple[Part, ...]:
    """Steps as parts of a line, the last one bold."""
    parts: list[Part] = []
    for step in steps[:-1]:
        parts += [(printable(step), "dim"), (" › ", "dim")]
    return (*parts, *((printable(step), "bold") for step in steps[-1:]))


def _shorter(steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What is left of a trail where room is short: its end, and as long as it can what it is about."""
    yield steps
    if len(steps) > 1:
        yield steps[1:]
    for start in range(3, len(steps)):
        yield (steps[1], "…", *steps[start:])
    if len(steps) > 2:
        yield ("…", steps[-1])
