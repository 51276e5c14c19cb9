"""Why a run is not moving: the facts in the order in which to look at them."""

from __future__ import annotations

from agentdash.core.run_why import Fact, RunWhy
from agentdash.core.text import printable
from tui.widgets.document import Para

_SIGNS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("?", "unknown")}
_WORDS = {True: "", False: "bold", None: "unknown"}


def paras(why: RunWhy) -> list[Para]:
    """The verdict, then each fact: so, not so, or not known."""
    wrong = any(fact.holds is False for fact in why.facts)
    page = [Para.of(printable(why.verdict), "warn bold" if wrong else "good"), Para()]
    for fact in why.facts:
        page += _fact(fact)
    unknown = sum(fact.holds is None for fact in why.facts)
    legend = f"✓ so  ✗ not so  ? not known ({unknown})"
    return [*page, Para(), Para.of(legend, "dim")]


def _fact(fact: Fact) -> list[Para]:
    glyph, style = _SIGNS[fact.holds]
    return [
        Para(((f"{glyph} ", style), (printable(fact.statement), _WORDS[fact.holds])), hang=2),
        Para(((f"  {printable(fact.words)}", "dim" if fact.holds else ""),), hang=2),
    ]
