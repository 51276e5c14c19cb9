"""Prompts for what a command of a stream still needs; each passes the command to *then* unless cancelled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import (
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    SetGroupId,
    StreamCommand,
    TrimStream,
)
from agentdash.core.streams.ids import EXAMPLES, parse_position
from agentdash.core.streams.model import Group
from tui.format.streams.cost import name as short
from tui.screens.dialogs.prompt import Prompt
from tui.screens.streams.claim import ClaimFor
from tui.screens.streams.selection import Selection
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash

DEAD = b":dead"
"""Suffix of the proposed name of a dead-letter stream."""
Then = Callable[[StreamCommand], None]
"""Receives the command."""


def group_of(selected: Selection) -> Group:
    """The selected group, which `Scope` has made sure of."""
    assert selected.group is not None
    return selected.group


def ask_claim(dash: Dash, selected: Selection, then: Then) -> None:
    """For which consumer."""
    group = group_of(selected)

    def accept(consumer: bytes | None) -> None:
        if consumer is not None:
            then(ClaimEntries(selected.stream.name, group.name, selected.entries, consumer))

    holders = frozenset(entry.consumer for entry in selected.entries if entry.consumer is not None)
    dash.push_screen(ClaimFor(len(selected.entries), group, holders, selected.liveness), accept)


def ask_dead_letter(dash: Dash, selected: Selection, then: Then) -> None:
    """To which stream."""
    group = group_of(selected)
    exact = selected.stream.name + DEAD
    proposed = {as_text(exact): exact}  # a name that is no text is shown in another way than it is
    hint = [Para.of("Entries are copied to this stream; it is created if missing.", "dim")]

    def check(text: str) -> str | None:
        if proposed.get(text, text.encode()) == selected.stream.name:
            return "this is the stream itself"
        return _not_empty(text)

    def accept(text: str | None) -> None:
        if text is not None:
            target = proposed.get(text, text.encode())
            then(DeadLetterEntries(selected.stream.name, group.name, selected.entries, target))

    dash.push_screen(Prompt("Copy to which stream?", hint, value=as_text(exact), check=check), accept)


def ask_new_group(dash: Dash, selected: Selection, then: Then) -> None:
    """Name of the group, and where it begins."""
    stream = selected.stream
    there = {group.name for group in stream.groups}

    def check(text: str) -> str | None:
        return "a group of that name exists" if text.encode() in there else _not_empty(text)

    def accept(text: str | None) -> None:
        if text is not None:
            name = text.encode()
            make = partial(CreateGroup, stream.name, name)
            ask_position(dash, "Begin after which entry?", make, then)

    dash.push_screen(Prompt("Name of the new group?", check=check), accept)


def ask_set_id(dash: Dash, selected: Selection, then: Then) -> None:
    """After which entry the group continues."""
    stream, group = selected.stream.name, group_of(selected)
    title = f"Set the ID of {short(group.name)}: after which entry?"
    last = group.last_delivered_id
    ask_position(dash, title, lambda after: SetGroupId(stream, group.name, after, last), then)


def ask_position(dash: Dash, title: str, make: Callable[[str], StreamCommand], then: Then) -> None:
    """After which entry."""
    now, zone = dash.now(), dash.zone
    hint = [
        Para.of("$: new entries only.  0: from the first entry.", ""),
        Para.of(f"Or a position: {EXAMPLES}", "dim", 2),
    ]

    def after(text: str) -> str:
        text = text.strip()
        if text in {"$", "0"}:
            return text
        found = parse_position(text, now, zone)
        return {"-": "0", "+": "$"}.get(found, found)

    def accept(text: str | None) -> None:
        if text is not None:
            then(make(after(text)))

    dash.push_screen(Prompt(title, hint, value="$", choices=("$", "0"), check=_checked(after)), accept)


def ask_trim(dash: Dash, selected: Selection, then: Then) -> None:
    """How much stays."""
    stream = selected.stream
    now, zone = dash.now(), dash.zone
    hint = [
        Para.of("A number: how many of the newest entries stay.", ""),
        Para.of("Or a position, before which all is dropped: 2h, 14:05, or an id (MS-SEQ).", ""),
    ]

    def make(text: str) -> TrimStream:
        text = text.strip().replace(" ", "")
        if text.isdecimal() and text.isascii():
            return TrimStream(stream.name, maxlen=int(text[:19]), seen=stream.last_id)
        least = parse_position(text, now, zone)
        if least in {"-", "+"}:
            raise ValueError("enter how many stay, or a position")
        return TrimStream(stream.name, minid=least, seen=stream.last_id)

    def accept(text: str | None) -> None:
        if text is not None:
            then(make(text))

    title = f"Trim {short(stream.name)}: how much stays?"
    dash.push_screen(Prompt(title, hint, value=str(stream.length), check=_checked(make)), accept)


def _not_empty(text: str) -> str | None:
    return None if text.strip() else "enter a name"


def _checked(read: Callable[[str], object]) -> Callable[[str], str | None]:
    """A check that returns the error of *read*."""

    def check(text: str) -> str | None:
        try:
            read(text)
        except ValueError as problem:
            return str(problem)
        return None

    return check
