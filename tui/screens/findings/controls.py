"""The keys that act on a finding: the same ones on the board and on its own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from agentdash.core.findings.model import Finding
from tui.actions import ALWAYS, Action

if TYPE_CHECKING:
    from tui.dash import Dash


class HasFinding(Protocol):
    """A screen that knows which finding is meant."""

    @property
    def dash(self) -> Dash:
        """The app."""

    @property
    def finding(self) -> Finding | None:
        """The one that is shown or under the cursor."""


async def _acknowledge(owner: HasFinding) -> None:
    from tui.screens.findings.actions import acknowledge

    if owner.finding is not None:
        await acknowledge(owner.dash, owner.finding)


def _mute(owner: HasFinding) -> None:
    from tui.screens.findings.actions import mute

    if owner.finding is not None:
        mute(owner.dash, owner.finding)


def _no_finding(owner: HasFinding) -> str | None:
    return None if owner.finding is not None else "select a finding first (3)"


def finding_controls(footer: Callable[[object], bool] = ALWAYS) -> tuple[Action[Any], ...]:
    """Acknowledge and mute; *footer* as in `Action`."""
    keys: tuple[tuple[str, str, Callable[[HasFinding], object]], ...] = (
        ("acknowledge", "A", _acknowledge),
        ("mute", "M", _mute),
    )
    return tuple(
        Action(
            f"findings.{verb}",
            key,
            verb.capitalize(),
            run,
            changes_world=True,
            why_not=_no_finding,
            footer=footer,
        )
        for verb, key, run in keys
    )
