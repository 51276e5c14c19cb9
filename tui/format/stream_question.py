"""What is asked before a stream is changed: the subject, what will happen, and the exact commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.cli_form import redis_cli
from agentdash.core.stream_commands import (
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
from agentdash.core.stream_plan import Fields, Step, plan
from agentdash.core.streams import Group, Stream, id_parts
from agentdash.core.text import decode
from tui.widgets.document import Para, field

MOST_COMMANDS = 6
MOST_WORDS = 16
LONGEST_WORD = 48
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Question:
    """A question before a change: its title, the plan, what the button that does it says."""

    title: str
    plan: tuple[Para, ...]
    yes: str


def question(command: StreamCommand, stream: Stream, bodies: Mapping[str, Fields] | None = None) -> Question:
    """Ask for *command*.

    Args:
        command: What is to be done.
        stream: As it is known now.
        bodies: Data of entries, by id, as far as it is known; for the exact form of dead letters.
    """
    title, yes, what = _words(command, stream)
    lines = (
        *_subject(command),
        Para(),
        *(Para.of(line, style, 2) for line, style in what),
        Para(),
        Para.of("Sent to the server, if all is still as it was seen:", "dim"),
        *_commands(plan(command, bodies)),
    )
    return Question(title, lines, yes)


def _subject(command: StreamCommand) -> Iterator[Para]:
    yield field("stream", decode(command.stream), "bold", 9)
    group = getattr(command, "group", None)
    if group is not None:
        yield field("group", decode(group), "bold", 9)
    consumer = getattr(command, "consumer", None)
    if consumer is not None:
        yield field("consumer", decode(consumer), "bold", 9)
    entries: tuple[SeenEntry, ...] = getattr(command, "entries", ())
    for number, entry in enumerate(entries[:MOST_NAMED]):
        held = f"  held by {decode(entry.consumer)}" if entry.consumer is not None else ""
        yield field("entries" if number == 0 else "", f"{entry.id}{held}", "id", 9)
    if len(entries) > MOST_NAMED:
        yield field("", f"and {len(entries) - MOST_NAMED} more", "dim", 9)


Lines = list[tuple[str, str]]


def _words(command: StreamCommand, stream: Stream) -> tuple[str, str, Lines]:
    """Title, the button, and what will happen."""
    match command:
        case AcknowledgeEntries(entries=entries):
            many = _many(entries)
            what = [
                ("The group counts this as done: nobody is given it again. The data stays in the stream.", "")
            ]
            return f"Acknowledge {many}?", "Acknowledge", what
        case ClaimEntries(entries=entries, consumer=consumer):
            who = decode(consumer)
            what = [
                (
                    f"{who} becomes the owner, and gets this when it reads its own list (XREADGROUP … 0).",
                    "",
                ),
                ("What was delivered again since it was seen here is left to who has it.", "dim"),
            ]
            return f"Claim {_many(entries)} for {who}?", "Claim", what
        case DeleteEntries(entries=entries):
            what = [("The data is gone for all groups and readers. This cannot be undone.", "bad")]
            if command.group is not None:
                what.append(("It is acknowledged here too, so that no entry without data stays behind.", ""))
            others = [g for g in stream.groups if g.pending and g.name != command.group]
            if others:
                names = ", ".join(decode(group.name) for group in others[:3])
                what.append((f"Where it is pending elsewhere ({names}?) it stays so, without data.", "warn"))
            return f"Delete {_many(entries)}?", "Delete", what
        case DeadLetterEntries(entries=entries, target=target):
            what = [
                (f"All fields are copied to {decode(target)}, with where they came from (dlq.…).", ""),
                ("Then the group counts this as done. The stream itself keeps it.", ""),
            ]
            return f"Move {_many(entries)} to the dead letters?", "Copy and acknowledge", what
        case TrimStream():
            return f"Trim {decode(command.stream)}?", "Trim", _trim(command, stream)
        case _:
            return _group_words(command, stream)


def _group_words(
    command: CreateGroup | DestroyGroup | DeleteConsumer | SetGroupId, stream: Stream
) -> tuple[str, str, Lines]:
    name = decode(command.group)
    match command:
        case CreateGroup(after=after):
            first = {"$": "entries that come from now on", "0": "the first entry", "0-0": "the first entry"}
            what = [(f"It will be given {first.get(after, f'what comes after {after}')}.", "")]
            return f"Make the group {name}?", "Make it", what
        case DestroyGroup(pending=pending):
            what = [("Its position is forgotten; its consumers get an error when they read next.", "bad")]
            if pending:
                count = units.plural(pending, "pending entry is", "pending entries are")
                what.append((f"{count} forgotten with it.", "bad"))
            return f"Remove the group {name}?", "Remove it", what
        case DeleteConsumer(consumer=consumer):
            what = [("It holds nothing. If it reads again, it is made anew.", "")]
            return f"Remove the consumer {decode(consumer)}?", "Remove it", what
        case SetGroupId():
            return f"Move the group {name}?", "Move it", _moved(command, stream)


def _moved(command: SetGroupId, stream: Stream) -> Lines:
    target = (stream.last_id or "0-0") if command.after == "$" else command.after
    lines = [(f"It stands after {command.seen}, and will stand after {target}.", "")]
    if id_parts(target) > id_parts(command.seen):
        lines.append(("What lies between is passed over: nobody in this group will be given it.", "bad"))
    elif id_parts(target) < id_parts(command.seen):
        lines.append(("What lies between is given out once more.", "warn"))
    return [*lines, ("Its pending entries stay as they are.", "dim")]


def _trim(command: TrimStream, stream: Stream) -> Lines:
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
        lines.append((f"Not read yet by {_names(unread)}: some of it goes unread.", "bad"))
    if unknown:
        lines.append((f"How far {_names(unknown)} has read is not known.", "warn"))
    return lines


def _names(groups: list[Group]) -> str:
    return ", ".join(decode(group.name) for group in groups[:3])


def _many(entries: tuple[SeenEntry, ...]) -> str:
    return entries[0].id if len(entries) == 1 else units.plural(len(entries), "entry", "entries")


def _commands(steps: tuple[Step, ...]) -> Iterator[Para]:
    shown = steps if len(steps) <= MOST_COMMANDS else (*steps[: MOST_COMMANDS - 1], steps[-1])
    for number, step in enumerate(shown):
        if len(shown) < len(steps) and number == len(shown) - 1:
            yield Para.of(f"… {len(steps) - len(shown)} more of the same", "dim")
        yield Para.of(cut_command(step), "id", 2)


def cut_command(step: Step) -> str:
    """A command as redis-cli takes it; long words, and the middle of a long list, are cut."""
    if len(step) <= MOST_WORDS:
        return redis_cli(step, longest=LONGEST_WORD)
    head, tail = step[: MOST_WORDS - 2], step[-1:]
    left = len(step) - len(head) - len(tail)
    return f"{redis_cli(head, longest=LONGEST_WORD)} … {left} more … {redis_cli(tail, longest=LONGEST_WORD)}"
