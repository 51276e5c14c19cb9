"""The keys that control a service: the same ones on the board and on its own screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from agentdash.core.services.model import Service
from tui.actions import Action

if TYPE_CHECKING:
    from tui.dash import Dash


class HasService(Protocol):
    """A pane or screen that knows which service is meant."""

    @property
    def dash(self) -> Dash:
        """The app."""

    @property
    def service(self) -> Service | None:
        """The one that is shown or under the cursor."""


def _control(verb: str, key: str) -> Action[HasService]:
    def run(owner: HasService) -> None:
        from tui.screens.services import actions

        actions.control(owner.dash, owner.service, verb)

    def why_not(owner: HasService) -> str | None:
        from tui.screens.services import actions

        return actions.why_not(owner.service, verb)

    return Action(f"services.{verb}", key, verb.capitalize(), run, changes_world=True, why_not=why_not)


SERVICE_CONTROLS: tuple[Action[Any], ...] = (
    _control("start", "U"),
    _control("stop", "X"),
    _control("restart", "B"),
)
