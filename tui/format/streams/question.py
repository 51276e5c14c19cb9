"""What is asked before a stream is changed: the subject, what will happen, and the exact commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.cli_form import redis_cli
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    StreamCommand,
    TrimStream,
)
from agentdash.core.streams.model import Stream, id_parts
from agentdash.core.streams.plan import Fields, Step, plan
from agentdash.core.text import decode
from tui.format.streams.cost import Cost, name, names, passed_line, pending_lines, unread_lines
from tui.widgets.cells import clean, shorten
from tui.widgets.document import Para, field

MOST_COMMANDS = 4
MOST_WORDS = 10
LONGEST_WORD = 36
MOST_NAMED = 10
NAME = 48
"""Cells of a name on a line of its own."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question before a change.

    Attributes:
        plan: What is sent, what will happen, and to what.
        yes: What the button that does it says.
        full: The plan with all entries and commands; None where the plan has them.
    """

    title: str
    plan: tuple[Para, ...]
    yes: str
    full: tuple[Para, ...] | None = None


def question(
    command: StreamCommand,
    stream: Stream,
    bodies: Mapping[str, Fields] | None = None,
    cost: Cost | None = None,
) -> Question:
    """Ask for *command*.

    Args:
        command: What is to be done.
        stream: As it is known now.
        bodies: Data of entries, by id, as far as it is known; for the exact form of dead letters.
        cost: What it costs the groups; None while that is being counted.
    """
    title, yes, what = _words(command, stream, cost)
    steps = plan(command, bodies)

    def lines(every: bool) -> tuple[Para, ...]:
        return (
            Para.of("Will run, if unchanged since shown:", "dim"),
            *_commands(steps, every),
            Para(),
            *(Para.of(line, style, 2) for line, style in what),
            Para(),
            *_subject(command, every),
        )

    entries: tuple[SeenEntry, ...] = getattr(command, "entries", ())
    short = len(entries) <= MOST_NAMED and all(len(step) <= MOST_WORDS for step in steps)
    whole = short and len(steps) <= MOST_COMMANDS
    return Question(title, lines(False), yes, None if whole else lines(True))


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
        held = f"  held by {name(entry.consumer)}" if entry.consumer is not None else ""
        yield field("entries" if number == 0 else "", f"{entry.id}{held}", "id", 9)
    if len(entries) > len(shown):
        yield field("", f"… {len(entries) - len(shown)} more (d: all)", "dim", 9)


def _name(raw: bytes) -> str:
    return shorten(clean(decode(raw)), NAME)


Lines = list[tuple[str, str]]


def _words(command: StreamCommand, stream: Stream, cost: Cost | None) -> tuple[str, str, Lines]:
    """Title, the button, and what will happen."""
    match command:
        case AcknowledgeEntries(entries=entries):
            many = _many(entries)
            what = [
                ("The group counts this as done: nobody is given it again. The data stays in the stream.", "")
            ]
            return f"Acknowledge {many}?", "Acknowledge", what
        case ClaimEntries(entries=entries, consumer=consumer):
            who = name(consumer)
            what = [
                (
                    f"{who} becomes the owner, and gets this when it reads its own list (XREADGROUP … 0).",
                    "",
                ),
                ("What was delivered again since shown stays with who has it.", "dim"),
                ("An entry whose data is gone is left out: acknowledge it instead.", "dim"),
            ]
            return f"Claim {_many(entries)} for {who}?", "Claim", what
        case DeleteEntries(entries=entries):
            return f"Delete {_many(entries)}?", "Delete", _deleted(command, stream)
        case DeadLetterEntries(entries=entries, target=target):
            what = [
                (f"All fields are copied to {name(target)}, with where they came from (dlq.…).", ""),
                ("Then the group counts this as done. The stream itself keeps it.", ""),
            ]
            return f"Move {_many(entries)} to the dead letters?", "Copy and acknowledge", what
        case TrimStream():
            return f"Trim {name(command.stream)}?", "Trim", _trim(command, stream, cost)
        case _:
            return _group_words(command, stream, cost)


def _deleted(command: DeleteEntries, stream: Stream) -> Lines:
    what = [("The data is gone for all groups and readers. This cannot be undone.", "bad")]
    if command.group is not None:
        what.append(("It is acknowledged here too, so that no entry without data stays behind.", ""))
    what += unread_lines(command.entries, stream.groups)
    others = [g for g in stream.groups if g.pending and g.name != command.group]
    if others:
        what.append((f"Where it is pending elsewhere ({names(others)}?) it stays so, without data.", "warn"))
    if not stream.groups_known:
        what.append(("Which groups have not read it is not known: they may not be listed.", "warn"))
    return what


def _group_words(
    command: CreateGroup | DestroyGroup | DeleteConsumer | SetGroupId, stream: Stream, cost: Cost | None
) -> tuple[str, str, Lines]:
    group = name(command.group)
    match command:
        case CreateGroup(after=after):
            first = {"$": "entries that come from now on", "0": "the first entry", "0-0": "the first entry"}
            what = [(f"It will be given {first.get(after, f'what comes after {after}')}.", "")]
            return f"Create group {group}?", "Create", what
        case DestroyGroup(pending=pending):
            what = [("Its position is forgotten; its consumers get an error when they read next.", "bad")]
            if pending:
                count = units.plural(pending, "pending entry is", "pending entries are")
                what.append((f"{count} forgotten with it.", "bad"))
            return f"Destroy group {group}?", "Destroy", what
        case DeleteConsumer(consumer=consumer):
            what = [("It holds nothing. If it reads again, it is created anew.", "")]
            return f"Delete consumer {name(consumer)}?", "Delete", what
        case SetGroupId():
            return f"Set ID of group {group}?", "Set ID", _moved(command, stream, cost)


def _moved(command: SetGroupId, stream: Stream, cost: Cost | None) -> Lines:
    target = (stream.last_id or "0-0") if command.after == "$" else command.after
    lines = [(f"It is at {command.seen}, and will be at {target}.", "")]
    if id_parts(target) != id_parts(command.seen):
        lines.append(passed_line(cost, forward=id_parts(target) > id_parts(command.seen)))
    return [*lines, ("Its pending entries stay as they are.", "dim")]


def _trim(command: TrimStream, stream: Stream, cost: Cost | None) -> Lines:
    if command.maxlen is not None:
        gone = max(0, stream.length - command.maxlen)
        about = "at most " if command.approximate else ""
        lost = f"{about}{gone} of {stream.length} entries are dropped, the oldest"
        lines = [(f"{lost}. It cannot be undone.", "bad")]
        unread = [g for g in stream.groups if g.lag.value is not None and g.lag.value > command.maxlen]
    else:
        lines = [(f"All entries before {command.minid} are dropped. It cannot be undone.", "bad")]
        least = id_parts(command.minid or "0")
        unread = [g for g in stream.groups if g.lag.value and id_parts(g.last_delivered_id) < least]
    unknown = [g for g in stream.groups if g.lag.value is None]
    if unread:
        lines.append((f"Not read yet by {names(unread)}: some of it goes unread.", "bad"))
    if unknown:
        lines.append((f"How far {names(unknown)} has read is not known.", "warn"))
    if any(group.pending for group in stream.groups):
        lines += pending_lines(cost)
    return lines


def _many(entries: tuple[SeenEntry, ...]) -> str:
    return entries[0].id if len(entries) == 1 else units.plural(len(entries), "entry", "entries")


def _commands(steps: tuple[Step, ...], every: bool) -> Iterator[Para]:
    shown = steps if every or len(steps) <= MOST_COMMANDS else (*steps[: MOST_COMMANDS - 1], steps[-1])
    for number, step in enumerate(shown):
        if len(shown) < len(steps) and number == len(shown) - 1:
            yield Para.of(f"… {len(steps) - len(shown)} more of the same (d: all)", "dim")
        yield Para.of(redis_cli(step, longest=LONGEST_WORD) if every else cut_command(step), "id", 2)


def cut_command(step: Step) -> str:
    """A command as redis-cli takes it; long words, and the middle of a long list, are cut."""
    if len(step) <= MOST_WORDS:
        return redis_cli(step, longest=LONGEST_WORD)
    head, tail = step[: MOST_WORDS - 2], step[-1:]
    left = len(step) - len(head) - len(tail)
    return f"{redis_cli(head, longest=LONGEST_WORD)} … {left} more … {redis_cli(tail, longest=LONGEST_WORD)}"
