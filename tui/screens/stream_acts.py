"""What can be done to a stream: why not now, what is asked first, the command that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentdash.core.commands import Outcome
from agentdash.core.consumer_signs import Signs
from agentdash.core.stream_commands import (
    MOST_ENTRIES,
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
from agentdash.core.stream_ids import EXAMPLES, place
from agentdash.core.stream_plan import NEEDS, Fields
from agentdash.core.streams import Group, Stream
from agentdash.core.text import decode
from tui.format.stream_question import question
from tui.screens.confirm import Confirm
from tui.screens.stream_aside import Aside
from tui.screens.stream_ask import Ask
from tui.screens.stream_claim import ClaimFor
from tui.screens.stream_menu import Choice, Menu
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash

DEAD = b":dead"
"""What the name of a dead-letter stream is proposed to end in."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an action would take, as the person sees it now.

    Attributes:
        group: The group that is looked at.
        consumer: The one that the cursor is on; None for all.
        entries: The marked ones, else the one under the cursor.
        pending: Whether these are of the group's list of pending entries.
        bodies: Data of entries, as far as it was read.
        signs: Signs of life of the consumers of the group.
        left: The entry that is read, where the list has it no longer.
    """

    stream: Stream
    group: Group | None = None
    consumer: bytes | None = None
    entries: tuple[SeenEntry, ...] = ()
    pending: bool = False
    bodies: Mapping[str, Fields] = field(default_factory=dict)
    signs: Mapping[bytes, Signs] = field(default_factory=dict)
    left: str | None = None


ACTIONS: dict[str, tuple[str, str, type]] = {
    "acknowledge": ("Acknowledge entries", "A", AcknowledgeEntries),
    "claim": ("Claim entries for a consumer", "C", ClaimEntries),
    "delete": ("Delete entries", "D", DeleteEntries),
    "dead_letter": ("Copy to dead letters, acknowledge", "", DeadLetterEntries),
    "delete_consumer": ("Remove the consumer", "", DeleteConsumer),
    "set_id": ("Move the group", "", SetGroupId),
    "create_group": ("Make a group", "", CreateGroup),
    "destroy_group": ("Remove the group", "", DestroyGroup),
    "trim": ("Trim the stream", "", TrimStream),
}
"""Title, key and kind of command of each, in the order of the menu."""
_OF_PENDING = {"acknowledge", "claim", "dead_letter"}
_OF_ENTRIES = _OF_PENDING | {"delete"}
_OF_GROUP = {"delete_consumer", "set_id", "destroy_group"}


class StreamActs:
    """The actions of one stream screen.

    Args:
        dash: For asking, saying and sending.
        select: What is selected now; None where the stream is gone.
        done: Called with each outcome.
        aside: Knows what the server's ACL allows.
    """

    def __init__(
        self,
        dash: Dash,
        select: Callable[[], Selection | None],
        done: Callable[[Outcome], None],
        aside: Aside,
    ) -> None:
        self._dash = dash
        self._select = select
        self._done = done
        self._aside = aside

    # What can be done now

    def why_not(self, verb: str) -> str | None:
        """Why it cannot be done now, in words; None where it can."""
        if self._dash.engine.read_only:
            return "read-only: started with --read-only, nothing is changed"
        selected = self._select()
        if selected is None:
            return "the stream is not there any more"
        if verb in _OF_PENDING and not selected.pending:
            return "this is about pending entries: b goes back to them"
        if verb in _OF_ENTRIES and not selected.entries:
            return f"{selected.left} is not pending any more" if selected.left else "no entry is selected"
        if len(selected.entries) > MOST_ENTRIES and verb in _OF_ENTRIES:
            return f"more than {MOST_ENTRIES} entries are marked"
        if verb in _OF_GROUP and selected.group is None:
            return "no group reads this stream"
        if verb == "delete_consumer":
            return self._forbidden(verb) or _why_keep(selected)
        return self._forbidden(verb)

    def _forbidden(self, verb: str) -> str | None:
        """By what the server said when it was asked; where that may not be, by what it refused before."""
        rights = self._aside.rights
        denied = dict(rights.denied) if rights.known else self._dash.engine.denied
        return next((denied[name] for name in NEEDS[ACTIONS[verb][2]] if name in denied), None)

    def choices(self) -> list[Choice]:
        """All of them, for the menu."""
        return [Choice(verb, title, key, self.why_not(verb)) for verb, (title, key, _) in ACTIONS.items()]

    def menu(self) -> None:
        """Let the person choose among all of them."""
        selected = self._select()
        name = decode(selected.stream.name) if selected else "the stream"

        def chosen(verb: str | None) -> None:
            if verb is not None:
                self.start(verb)

        self._dash.push_screen(Menu(f"What to do with {name}", self.choices()), chosen)

    # Asking

    def start(self, verb: str) -> None:
        """Ask what is still to be known, show the plan, and do it if the person says so."""
        why, selected = self.why_not(verb), self._select()
        if why is not None or selected is None:
            self._dash.say(why or "the stream is not there any more", good=False)
            return
        stream, group = selected.stream.name, selected.group
        match verb:
            case "delete":
                of = group.name if group is not None and selected.pending else None
                self._confirm(DeleteEntries(stream, selected.entries, of), selected)
            case "create_group":
                self._ask_new_group(selected)
            case "trim":
                self._ask_trim(selected)
            case _ if group is not None:
                self._start_in_group(verb, selected, group)

    def _start_in_group(self, verb: str, selected: Selection, group: Group) -> None:
        stream = selected.stream.name
        match verb:
            case "acknowledge":
                self._confirm(AcknowledgeEntries(stream, group.name, selected.entries), selected)
            case "claim":
                self._ask_claim(selected, group)
            case "dead_letter":
                self._ask_dead_letter(selected, group)
            case "destroy_group":
                self._confirm(DestroyGroup(stream, group.name, group.pending), selected)
            case "delete_consumer" if selected.consumer is not None:
                self._confirm(DeleteConsumer(stream, group.name, selected.consumer), selected)
            case "set_id":
                self._ask_position(
                    f"Move {decode(group.name)} to stand after which entry?",
                    lambda after: SetGroupId(stream, group.name, after, group.last_delivered_id),
                    selected,
                )

    def _ask_claim(self, selected: Selection, group: Group) -> None:
        def take(consumer: bytes | None) -> None:
            if consumer is not None:
                stream = selected.stream.name
                self._confirm(ClaimEntries(stream, group.name, selected.entries, consumer), selected)

        holders = frozenset(entry.consumer for entry in selected.entries if entry.consumer is not None)
        self._dash.push_screen(ClaimFor(len(selected.entries), group, holders, selected.signs), take)

    def _ask_dead_letter(self, selected: Selection, group: Group) -> None:
        proposed = typed_names([selected.stream.name + DEAD])
        told = [Para.of("The stream that the entries are copied to; it is made if it does not exist.", "dim")]

        def check(text: str) -> str | None:
            if proposed.get(text, text.encode()) == selected.stream.name:
                return "that is the stream itself"
            return _not_empty(text)

        def take(text: str | None) -> None:
            if text is not None:
                target = proposed.get(text, text.encode())
                command = DeadLetterEntries(selected.stream.name, group.name, selected.entries, target)
                self._confirm(command, selected)

        value = next(iter(proposed), "")
        self._dash.push_screen(Ask("Copy to which stream?", told, value=value, check=check), take)

    def _ask_new_group(self, selected: Selection) -> None:
        there = {group.name for group in selected.stream.groups}

        def check(text: str) -> str | None:
            return "there is a group of that name" if text.encode() in there else _not_empty(text)

        def take(text: str | None) -> None:
            if text is not None:
                name = text.encode()
                self._ask_position(
                    "Begin after which entry?",
                    lambda after: CreateGroup(selected.stream.name, name, after),
                    selected,
                )

        self._dash.push_screen(Ask("Name of the new group?", check=check), take)

    def _ask_position(self, title: str, make: Callable[[str], StreamCommand], selected: Selection) -> None:
        now, zone = self._dash.now(), self._dash.zone
        told = [
            Para.of("$: what comes from now on.  0: all from the first entry on.", ""),
            Para.of(f"Or a place: {EXAMPLES}", "dim", 2),
        ]

        def after(text: str) -> str:
            text = text.strip()
            if text in {"$", "0"}:
                return text
            found = place(text, now, zone)
            return {"-": "0", "+": "$"}.get(found, found)

        def take(text: str | None) -> None:
            if text is not None:
                self._confirm(make(after(text)), selected)

        self._dash.push_screen(Ask(title, told, value="$", choices=("$", "0"), check=_checked(after)), take)

    def _ask_trim(self, selected: Selection) -> None:
        now, zone = self._dash.now(), self._dash.zone
        stream = selected.stream
        told = [
            Para.of("A number: so many of the newest entries stay.", ""),
            Para.of("Or a place, before which all is dropped: 2h, 14:05, or an id as MS-SEQ.", ""),
        ]

        def make(text: str) -> TrimStream:
            text = text.strip().replace(" ", "")
            if text.isdecimal() and text.isascii():
                return TrimStream(stream.name, maxlen=int(text[:19]), seen=stream.last_id)
            least = place(text, now, zone)
            if least in {"-", "+"}:
                raise ValueError("say how many stay, or before which place all is dropped")
            return TrimStream(stream.name, minid=least, seen=stream.last_id)

        def take(text: str | None) -> None:
            if text is not None:
                self._confirm(make(text), selected)

        title = f"Trim {decode(stream.name)}: how much stays?"
        self._dash.push_screen(Ask(title, told, value=str(stream.length), check=_checked(make)), take)

    # Doing

    def _confirm(self, command: StreamCommand, selected: Selection) -> None:
        asked = question(command, selected.stream, selected.bodies)

        def answered(yes: bool | None) -> None:
            if yes:
                self._dash.run_worker(
                    self._send(command), name="change stream", group="commands", exit_on_error=False
                )

        self._dash.push_screen(Confirm(asked.title, asked.plan, yes=asked.yes), answered)

    async def _send(self, command: StreamCommand) -> None:
        outcome = await self._dash.engine.dispatch(command)
        self._dash.say(outcome.message, good=outcome.ok)
        self._done(outcome)


def _why_keep(selected: Selection) -> str | None:
    if selected.consumer is None:
        return "put the cursor on one consumer"
    held = (
        next((c.pending for c in selected.group.consumers if c.name == selected.consumer), 0)
        if selected.group
        else 0
    )
    if held:
        return f"{decode(selected.consumer)} holds {held} pending entries: claim or acknowledge them first"
    return None


def typed_names(names: Iterable[bytes]) -> dict[str, bytes]:
    """Exact names by how they are shown; of two that look alike neither is offered."""
    shown: dict[str, bytes] = {}
    twice: set[str] = set()
    for name in names:
        text = decode(name)
        if text in shown and shown[text] != name:
            twice.add(text)
        shown[text] = name
    return {text: name for text, name in shown.items() if text not in twice}


def _not_empty(text: str) -> str | None:
    return None if text.strip() else "a name is needed"


def _checked(read: Callable[[str], object]) -> Callable[[str], str | None]:
    """A check that says what *read* does not understand."""

    def check(text: str) -> str | None:
        try:
            read(text)
        except ValueError as problem:
            return str(problem)
        return None

    return check
