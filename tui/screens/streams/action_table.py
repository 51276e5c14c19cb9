"""The commands that change a stream: one row each, for keys, menu, palette and confirmation.

A new one is a row here, a record in `agentdash.core.streams.commands`, and its action in
`agentdash.actions.streams`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    Fields,
    SetGroupId,
    StreamCommand,
    TrimStream,
)
from agentdash.core.streams.model import Stream
from tui.format.streams import question
from tui.format.streams.cost import Cost
from tui.format.streams.question import Description, Question
from tui.screens.streams import prompts
from tui.screens.streams.asker import Asker
from tui.screens.streams.cost import set_id_cost, trim_cost
from tui.screens.streams.prompts import Then, group_of
from tui.screens.streams.selection import Scope, Selection

if TYPE_CHECKING:
    from tui.dash import Dash


@dataclass(frozen=True, slots=True)
class StreamAction:
    """One command in the user interface.

    Attributes:
        command: Its type; ``NEEDS`` says what the server must allow.
        scope: What must be selected.
        prompt: Makes the command of what is selected, after prompts for what is missing.
        describe: Its title, button and consequences before it is confirmed.
        key: In the list; empty where it is in the menu only.
        cost: Counts what it costs the groups, while the question is shown.
        needs_data: Whether it does nothing for entries whose data is gone.
    """

    label: str
    command: type[StreamCommand]
    scope: Scope
    prompt: Callable[[Dash, Selection, Then], None]
    describe: Callable[[Any, Stream, Cost | None], Description]
    key: str = ""
    cost: Callable[[Asker, Any, Stream], Awaitable[Cost]] | None = None
    needs_data: bool = False


def no_prompt(make: Callable[[Selection], StreamCommand]) -> Callable[[Dash, Selection, Then], None]:
    """A prompt for a command that needs only what is selected."""
    return lambda _dash, selected, then: then(make(selected))


def acknowledge(selected: Selection) -> StreamCommand:
    """Acknowledge the selected entries in the selected group."""
    return AcknowledgeEntries(selected.stream.name, group_of(selected).name, selected.entries)


def _delete(selected: Selection) -> StreamCommand:
    group = selected.group.name if selected.group is not None and selected.pending else None
    return DeleteEntries(selected.stream.name, selected.entries, group)


def _delete_consumer(selected: Selection) -> StreamCommand:
    return DeleteConsumer(selected.stream.name, group_of(selected).name, selected.consumer or b"")


def _destroy_group(selected: Selection) -> StreamCommand:
    group = group_of(selected)
    return DestroyGroup(selected.stream.name, group.name, group.pending)


ACTIONS: dict[str, StreamAction] = {
    "acknowledge": StreamAction(
        "Acknowledge entries", AcknowledgeEntries, Scope.PENDING, no_prompt(acknowledge),
        question.acknowledge, key="A",
    ),
    "claim": StreamAction(
        "Claim entries for a consumer", ClaimEntries, Scope.PENDING, prompts.ask_claim,
        question.claim, key="C", needs_data=True,
    ),
    "delete": StreamAction(
        "Delete entries", DeleteEntries, Scope.ENTRIES, no_prompt(_delete), question.delete, key="D"
    ),
    "dead_letter": StreamAction(
        "Copy to dead letters, acknowledge", DeadLetterEntries, Scope.PENDING, prompts.ask_dead_letter,
        question.dead_letter, needs_data=True,
    ),
    "delete_consumer": StreamAction(
        "Delete consumer", DeleteConsumer, Scope.CONSUMER, no_prompt(_delete_consumer),
        question.delete_consumer,
    ),
    "set_id": StreamAction(
        "Set ID of group", SetGroupId, Scope.GROUP, prompts.ask_set_id, question.set_id, cost=set_id_cost
    ),
    "create_group": StreamAction(
        "Create group", CreateGroup, Scope.STREAM, prompts.ask_new_group, question.create_group
    ),
    "destroy_group": StreamAction(
        "Destroy group", DestroyGroup, Scope.GROUP, no_prompt(_destroy_group), question.destroy_group
    ),
    "trim": StreamAction(
        "Trim stream", TrimStream, Scope.STREAM, prompts.ask_trim, question.trim, cost=trim_cost
    ),
}  # fmt: skip
"""By the name that key bindings use, in the order of the menu."""

BY_COMMAND = {action.command: action for action in ACTIONS.values()}


def question_of(
    command: StreamCommand,
    stream: Stream,
    bodies: Mapping[str, Fields] | None = None,
    cost: Cost | None = None,
) -> Question:
    """The question before *command*.

    Args:
        command: To be confirmed.
        stream: As known now.
        bodies: Fields of entries by id, as far as known.
        cost: What it costs the groups; None while that is counted.
    """
    described = BY_COMMAND[type(command)].describe(command, stream, cost)
    return question.question(command, described, bodies or {})
