"""The actions of a stream screen: what is possible now, the question, the command that is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from agentdash.core.commands import Outcome
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.commands import StreamCommand
from tui.format.streams.cost import Cost
from tui.screens.dialogs.confirm import Confirm
from tui.screens.streams.action_table import ACTIONS, BY_COMMAND, acknowledge, question_of
from tui.screens.streams.rights import RightsPoll
from tui.screens.streams.selection import Selection, why_unfit

if TYPE_CHECKING:
    from tui.dash import Dash


class StreamActions:
    """The actions of one stream screen.

    Args:
        dash: The app.
        select: Returns the selection; None where the stream is deleted.
        done: Called with each outcome.
        rights_poll: Knows what the server's ACL allows.
    """

    def __init__(
        self,
        dash: Dash,
        select: Callable[[], Selection | None],
        done: Callable[[Outcome], None],
        rights_poll: RightsPoll,
    ) -> None:
        self._dash = dash
        self._select = select
        self._done = done
        self._rights_poll = rights_poll

    # Availability

    def why_not(self, verb: str) -> str | None:
        """Why it is not possible now; None where it is."""
        if self._dash.engine.read_only:
            return "read-only: started with --read-only"
        selected = self._select()
        if selected is None:
            return "the stream no longer exists"
        return why_unfit(ACTIONS[verb].scope, selected) or self._forbidden(verb)

    def _forbidden(self, verb: str) -> str | None:
        """Why the ACL denies it: as read, or as it was denied before."""
        rights = self._rights_poll.rights
        denied = dict(rights.denied) if rights.known else self._dash.engine.denied
        return next((denied[name] for name in ACTIONS[verb].command.NEEDS if name in denied), None)

    # Question

    def start(self, verb: str) -> None:
        """Prompt for what is missing, show the question, and send the command once confirmed."""
        why, selected = self.why_not(verb), self._select()
        if why is not None or selected is None:
            self._dash.say(why or "the stream no longer exists", good=False)
            return
        action, then = ACTIONS[verb], partial(self._confirm, selected)
        if action.needs_data and all(one.id in selected.gone for one in selected.entries):
            self._dash.say("no data to claim or copy: acknowledge instead?", good=False)
            then(acknowledge(selected))
        else:
            action.prompt(self._dash, selected, then)

    # Sending

    def _confirm(self, selected: Selection, command: StreamCommand) -> None:
        asked = question_of(command, selected.stream, selected.bodies)
        dialog = Confirm(asked.title, asked.plan, yes=asked.yes, full=asked.full)

        def answered(yes: bool | None) -> None:
            if yes:
                self._dash.run_worker(self._send(command, selected), name="change stream", group="commands")

        self._dash.push_screen(dialog, answered)
        if (cost := BY_COMMAND[type(command)].cost) is not None:
            counting = cost(self._dash.engine.ask, command, selected.stream)
            self._dash.run_worker(self._count(dialog, counting, command, selected), name="count the cost")

    async def _count(
        self, dialog: Confirm, counting: Awaitable[Cost], command: StreamCommand, selected: Selection
    ) -> None:
        """Show in the open question how many entries it is about."""
        try:
            cost = await counting
        except SourceError as problem:
            cost = Cost(problem=problem.message)
        asked = question_of(command, selected.stream, selected.bodies, cost)
        dialog.replan(asked.plan, asked.full)

    async def _send(self, command: StreamCommand, selected: Selection) -> None:
        outcome = await self._dash.engine.dispatch(command)
        self._dash.report(outcome)
        self._done(outcome)
        if outcome.instead is not None:
            self._confirm(selected, outcome.instead)
