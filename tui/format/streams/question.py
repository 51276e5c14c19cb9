"""The question before a stream is changed: the exact commands, the consequences, the subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.cli_form import redis_cli
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    Fields,
    SeenEntry,
    SetGroupId,
    Step,
    StreamCommand,
    TrimStream,
)
from agentdash.core.streams.model import Stream, id_parts
from agentdash.core.text import printable
from tui.format.streams.cost import Cost, Line, name, names, passed_line, pending_lines, unread_lines
from tui.widgets.cells import shorten
from tui.widgets.document import Para, field

MOST_COMMANDS = 4
MOST_WORDS = 10
LONGEST_WORD = 36
MOST_NAMED = 10
NAME = 48
"""Cells of a name on its own line."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question before a change.

    Attributes:
        plan: The commands, the consequences, the subject.
        yes: Label of the button that confirms.
        full: The plan with all entries and commands; None where the plan has them.
    """

    title: str
    plan: tuple[Para, ...]
    yes: str
    full: tuple[Para, ...] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a command does, before it is confirmed: title, button, and lines of (text, style)."""

    title: str
    button: str
    consequences: list[Line]


def question(command: StreamCommand, described: Description, bodies: Mapping[str, Fields]) -> Question:
    """Ask for *command*, which is *described*.

    Args:
        command: To be confirmed.
        described: What it does.
        bodies: Fields of entries by id, as far as known: for the exact form of dead letters.
    """
    steps = command.steps(bodies) if isinstance(command, DeadLetterEntries) else command.steps()

    def lines(every: bool) -> tuple[Para, ...]:
        return (
            Para.of("Will run, if unchanged since shown:", "dim"),
            *_commands(steps, every),
            Para(),
            *(Para.of(line, style, 2) for line, style in described.consequences),
            Para(),
            *_subject(command, every),
        )

    entries: tuple[SeenEntry, ...] = getattr(command, "entries", ())
    short = len(entries) <= MOST_NAMED and all(len(step) <= MOST_WORDS for step in steps)
    whole = short and len(steps) <= MOST_COMMANDS
    return Question(described.title, lines(False), described.button, None if whole else lines(True))


def _subject(command: StreamCommand, every: bool) -> Iterator[Para]:
    yield field("stream", _name(command.stream), "bold", 9)
    group = getattr(command, "group", None)
    if group is not None:
        yield field("group", _name(group), "bold", 9)
    consumer = getattr(command, "consumer", None)
    if consumer is not None:
        yield field("consumer", _name(consumer), "bold", 9)
    entries: tuple[SeenEntry, ...] = getattr(command, "entries", ())
    shown = entries if every else entries[:MOST_NAMED]
    for number, entry in enumerate(shown):
        held = f"  pending at {name(entry.consumer)}" if entry.consumer is not None else ""
        yield field("entries" if number == 0 else "", f"{entry.id}{held}", "id", 9)
    if len(entries) > len(shown):
        yield field("", f"… {len(entries) - len(shown)} more (d: all)", "dim", 9)


def _name(raw: bytes) -> str:
    return shorten(printable(as_text(raw)), NAME)


# One function per command: (command, the stream as known, the cost; None while that is counted)


def acknowledge(command: AcknowledgeEntries, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `AcknowledgeEntries`."""
    what = "The group counts this as done: it is not delivered again. The data stays in the stream."
    return Description(f"Acknowledge {_many(command.entries)}?", "Acknowledge", [(what, "")])


def claim(command: ClaimEntries, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `ClaimEntries`."""
    who = name(command.consumer)
    lines = [
        (f"{who} becomes the owner, and gets this when it reads its own list (XREADGROUP … 0).", ""),
        ("What was delivered again since shown stays with its consumer.", "dim"),
        ("An entry without data is left out: acknowledge it instead.", "dim"),
    ]
    return Description(f"Claim {_many(command.entries)} for {who}?", "Claim", lines)


def delete(command: DeleteEntries, stream: Stream, _cost: Cost | None) -> Description:
    """Of `DeleteEntries`."""
    lines = [("The data is deleted for all groups and readers. This cannot be undone.", "bad")]
    if command.group is not None:
        lines.append(("It is acknowledged here too, so that no entry without data stays behind.", ""))
    lines += unread_lines(command.entries, stream.groups)
    others = [g for g in stream.groups if g.pending and g.name != command.group]
    if others:
        lines.append((f"Where it is pending elsewhere ({names(others)}?) it stays so, without data.", "warn"))
    if not stream.groups_known:
        lines.append(("Which groups have not read it is unknown: they may not be listed.", "warn"))
    return Description(f"Delete {_many(command.entries)}?", "Delete", lines)


def dead_letter(command: DeadLetterEntries, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `DeadLetterEntries`."""
    lines = [
        (f"All fields are copied to {name(command.target)}, with their origin (dlq.…).", ""),
        ("Then the group counts this as done. The stream itself keeps it.", ""),
    ]
    return Description(f"Move {_many(command.entries)} to the dead letters?", "Copy and acknowledge", lines)


def create_group(command: CreateGroup, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `CreateGroup`."""
    first = {"$": "new entries only", "0": "the first entry", "0-0": "the first entry"}
    begins = first.get(command.after, f"the entries after {command.after}")
    return Description(f"Create group {name(command.group)}?", "Create", [(f"It begins with {begins}.", "")])


def destroy_group(command: DestroyGroup, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `DestroyGroup`."""
    lines = [("Its position is lost; its consumers get an error at their next read.", "bad")]
    if command.pending:
        count = units.plural(command.pending, "pending entry is", "pending entries are")
        lines.append((f"{count} lost with it.", "bad"))
    return Description(f"Destroy group {name(command.group)}?", "Destroy", lines)


def delete_consumer(command: DeleteConsumer, _stream: Stream, _cost: Cost | None) -> Description:
    """Of `DeleteConsumer`."""
    what = "It has no pending entries. If it reads again, it is created again."
    return Description(f"Delete consumer {name(command.consumer)}?", "Delete", [(what, "")])


def set_id(command: SetGroupId, stream: Stream, cost: Cost | None) -> Description:
    """Of `SetGroupId`."""
    target = (stream.last_id or "0-0") if command.after == "$" else command.after
    lines = [(f"It is at {command.seen}, and will be at {target}.", "")]
    if id_parts(target) != id_parts(command.seen):
        lines.append(passed_line(cost, forward=id_parts(target) > id_parts(command.seen)))
    lines.append(("Its pending entries stay as they are.", "dim"))
    return Description(f"Set ID of group {name(command.group)}?", "Set ID", lines)


def trim(command: TrimStream, stream: Stream, cost: Cost | None) -> Description:
    """Of `TrimStream`."""
    if command.maxlen is not None:
        gone = max(0, stream.length - command.maxlen)
        about = "at most " if command.approximate else ""
        lost = f"{about}{gone} of {stream.length} entries are dropped, the oldest"
        unread = [g for g in stream.groups if g.lag.value is not None and g.lag.value > command.maxlen]
    else:
        lost = f"All entries before {command.minid} are dropped"
        least = id_parts(command.minid or "0")
        unread = [g for g in stream.groups if g.lag.value and id_parts(g.last_delivered_id) < least]
    lines = [(f"{lost}. This cannot be undone.", "bad")]
    unknown = [g for g in stream.groups if g.lag.value is None]
    if unread:
        lines.append((f"Not read yet by {names(unread)}: some of it goes unread.", "bad"))
    if unknown:
        lines.append((f"How far {names(unknown)} has read is unknown.", "warn"))
    if any(group.pending for group in stream.groups):
        lines += pending_lines(cost)
    return Description(f"Trim {name(command.stream)}?", "Trim", lines)


def _many(entries: tuple[SeenEntry, ...]) -> str:
    return entries[0].id if len(entries) == 1 else units.plural(len(entries), "entry", "entries")


def _commands(steps: tuple[Step, ...], every: bool) -> Iterator[Para]:
    shown = steps if every or len(steps) <= MOST_COMMANDS else (*steps[: MOST_COMMANDS - 1], steps[-1])
    for number, step in enumerate(shown):
        if len(shown) < len(steps) and number == len(shown) - 1:
            yield Para.of(f"… {len(steps) - len(shown)} more of the same (d: all)", "dim")
        yield Para.of(redis_cli(step, longest=LONGEST_WORD) if every else cut_command(step), "id", 2)


def cut_command(step: Step) -> str:
    """A command for redis-cli; long words, and the middle of a long list, are shortened."""
    if len(step) <= MOST_WORDS:
        return redis_cli(step, longest=LONGEST_WORD)
    head, tail = step[: MOST_WORDS - 2], step[-1:]
    left = len(step) - len(head) - len(tail)
    return f"{redis_cli(head, longest=LONGEST_WORD)} … {left} more … {redis_cli(tail, longest=LONGEST_WORD)}"
