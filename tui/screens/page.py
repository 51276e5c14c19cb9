"""A whole screen with one page of text that stays up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual.widget import Widget

from agentdash.core.links.related import Link
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tui.actions import Action
from tui.screens.base import BACK, FactScreen
from tui.widgets.document import Document, Para

Writer = Callable[[Store, int], Sequence[Para]]
"""(store, now) → the page."""


class PageScreen(FactScreen):
    """One page.

    Args:
        trail: The titles that lead here.
        writer: Writes the page from what the store has.
        go: What Enter leads to, if anything.
        links: Links from the page.
    """

    WHERE = "a page"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("screen.go", "enter", "Go to it", "go", visible=lambda page: page.leads_on),
        Action("screen.copy", "y", "Copy", "copy"),
        BACK,
    )

    def __init__(
        self,
        trail: tuple[str, ...],
        writer: Writer,
        go: Callable[[], None] | None = None,
        links: Callable[[Store], Sequence[Link]] | None = None,
    ) -> None:
        super().__init__()
        self._links = links
        self._trail = trail
        self._writer = writer
        self._go = go

    @property
    def trail(self) -> tuple[str, ...]:
        """The titles that lead here."""
        return self._trail

    def body(self) -> Iterable[Widget]:
        """The page."""
        yield Document(id="page")

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - a page may rest on any subject
        """Update the page."""
        self.query_one(Document).show(self._writer(self.dash.store, now))

    def links(self) -> Sequence[Link]:
        """Links from the page."""
        return self._links(self.dash.store) if self._links is not None else ()

    @property
    def has_links(self) -> bool:
        """Whether it can have links."""
        return self._links is not None

    @property
    def leads_on(self) -> bool:
        """Whether Enter leads to what the page is about."""
        return self._go is not None

    def action_go(self) -> None:
        """Go to what the page is about."""
        if self._go is not None:
            self._go()

    def action_copy(self) -> None:
        """Copy the page as text."""
        text = "\n".join("".join(text for text, _ in para.parts) for para in self.query_one(Document).paras)
        self.dash.copy(text, "the page")
