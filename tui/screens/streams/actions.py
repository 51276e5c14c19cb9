"""What can be done to a stream: why not now, what is asked first, the command that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from agentdash.core.commands import Outcome
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SetGroupId,
    StreamCommand,
)
from agentdash.core.streams.model import Group
from agentdash.core.streams.plan import NEEDS
from tui.format.streams.cost import name
from tui.format.streams.question import question
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.menu import Choice, Menu
from tui.screens.streams.background import Aside
from tui.screens.streams.cost import cost_of, has_cost
from tui.screens.streams.prompts import ask_claim, ask_dead_letter, ask_new_group, ask_position, ask_trim
from tui.screens.streams.selection import ACTIONS, Selection, why_unfit

if TYPE_CHECKING:
    from tui.dash import Dash


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
        return why_unfit(verb, selected) or self._forbidden(verb)

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
        subject = name(selected.stream.name) if selected else "the stream"

        def chosen(verb: str | None) -> None:
            if verb is not None:
                self.start(verb)

        self._dash.push_screen(Menu(f"Actions on {subject}", self.choices()), chosen)

    # Asking

    def start(self, verb: str) -> None:
        """Ask what is still to be known, show the plan, and do it if the person says so."""
        why, selected = self.why_not(verb), self._select()
        if why is not None or selected is None:
            self._dash.say(why or "the stream is not there any more", good=False)
            return
        if selected.group is None or verb in {"delete", "create_group", "trim"}:
            self._start_on_stream(verb, selected)
        else:
            self._start_in_group(verb, selected, selected.group)

    def _start_on_stream(self, verb: str, selected: Selection) -> None:
        stream, then = selected.stream, partial(self._confirm, selected)
        match verb:
            case "delete":
                of = selected.group.name if selected.group is not None and selected.pending else None
                then(DeleteEntries(stream.name, selected.entries, of))
            case "create_group":
                ask_new_group(self._dash, stream, then)
            case "trim":
                ask_trim(self._dash, stream, then)

    def _start_in_group(self, verb: str, selected: Selection, group: Group) -> None:
        dash, stream, then = self._dash, selected.stream.name, partial(self._confirm, selected)
        if verb in {"claim", "dead_letter"} and all(one.id in selected.gone for one in selected.entries):
            dash.say("without data there is nothing to claim or copy: acknowledge instead?", good=False)
            then(AcknowledgeEntries(stream, group.name, selected.entries))
            return
        match verb:
            case "acknowledge":
                then(AcknowledgeEntries(stream, group.name, selected.entries))
            case "claim":
                ask_claim(dash, selected, group, then)
            case "dead_letter":
                ask_dead_letter(dash, selected, group, then)
            case "destroy_group":
                then(DestroyGroup(stream, group.name, group.pending))
            case "delete_consumer" if selected.consumer is not None:
                then(DeleteConsumer(stream, group.name, selected.consumer))
            case "set_id":
                title = f"Set the ID of {name(group.name)}: after which entry?"
                last = group.last_delivered_id
                ask_position(dash, title, lambda after: SetGroupId(stream, group.name, after, last), then)

    # Doing

    def _confirm(self, selected: Selection, command: StreamCommand) -> None:
        asked = question(command, selected.stream, selected.bodies)
        dialog = Confirm(asked.title, asked.plan, yes=asked.yes, full=asked.full)

        def answered(yes: bool | None) -> None:
            if yes:
                self._dash.run_worker(self._send(command, selected), name="change stream", group="commands")

        self._dash.push_screen(dialog, answered)
        if has_cost(command):
            counting = self._count(dialog, command, selected)
            self._dash.run_worker(counting, name="count the cost")

    async def _count(self, dialog: Confirm, command: StreamCommand, selected: Selection) -> None:
        """While the question is shown: how many entries it is about."""
        cost = await cost_of(self._dash.engine.ask, command, selected.stream)
        asked = question(command, selected.stream, selected.bodies, cost)
        dialog.replan(asked.plan, asked.full)

    async def _send(self, command: StreamCommand, selected: Selection) -> None:
        outcome = await self._dash.engine.dispatch(command)
        self._dash.report(outcome)
        self._done(outcome)
        if outcome.instead is not None:
            self._confirm(selected, outcome.instead)
