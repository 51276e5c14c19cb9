"""When a group will have caught up, in a few cells."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.streams.model import Group, GroupJudgement
from tui.widgets.cells import Cell


def drains_cell(group: Group, judged: GroupJudgement, rate_in: float | None) -> Cell:
    """``12m``, ``never`` at these rates, ``–`` where it has caught up, ``?`` where unknown."""
    lag = group.lag.value
    if lag == 0:
        return Cell(units.UNKNOWN, "dim")
    if judged.forecast_s is not None:
        return Cell(units.coarse(judged.forecast_s * 1000), "warn")
    if lag is None or rate_in is None or judged.rate_out is None:
        return Cell("?", "unknown")
    return Cell("never", "bad")


def drains_value(group: Group, judged: GroupJudgement) -> float | None:
    """Seconds, for sorting: 0 where caught up, infinite for never, None where unknown."""
    if group.lag.value == 0:
        return 0.0
    if judged.forecast_s is not None:
        return judged.forecast_s
    return None if group.lag.value is None or judged.rate_out is None else float("inf")
