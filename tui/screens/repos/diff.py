"""The diff of what is under the cursor of a repository's screen."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentdash.core import units
from agentdash.core.repos.model import FileChange, Repo
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiff, RepoDiffQuery
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from tui.format.repos import diff_page
from tui.format.state import LIVE
from tui.guard import is_live
from tui.widgets.document import Document, Para
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tui.dash import Dash

_INSIDE = "the commit that is recorded; what is changed lies in it: enter goes there"
_NOTHING = "nothing differs from the last commit"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown.

    Attributes:
        key: Another key begins at the top; the same stays where it was scrolled to.
        query: What is asked; None: there is nothing to ask.
        name: For the border.
        nothing: What is said where the answer is empty.
    """

    key: Hashable
    query: RepoDiffQuery | CommitDiffQuery | None
    name: str
    nothing: str = _NOTHING


def of_commit(path: str, sha: str | None) -> Wanted:
    """What a commit or a stash has changed."""
    return Wanted(sha, CommitDiffQuery(path, sha) if sha else None, (sha or "")[:10])


def of_file(repo: Repo, change: FileChange) -> Wanted:
    """What is not committed of one path."""
    query = RepoDiffQuery(repo.path, change.exact, change.exact_from, untracked=change.xy == "??")
    inner = change.path in (*repo.submodules.folders, *repo.submodules.links)
    key = (change.exact, change.xy)
    return Wanted(key, query, printable(change.path), _INSIDE if inner else _NOTHING)


def of_all(repo: Repo) -> Wanted:
    """What is not committed of all that git tracks."""
    return Wanted(None, RepoDiffQuery(repo.path), "all files")


class DiffPane(Pane):
    """Asks for a diff and shows it; the newest wish counts.

    Args:
        dash: Answers.
    """

    def __init__(self, dash: Dash, *, id: str) -> None:  # noqa: A002 - Textual's own name
        self.page = Document(id="diff-page")
        super().__init__("Diff", self.page, id=id)
        self._dash = dash
        self._shown: tuple[Hashable, Repo | None] = (None, None)

    def want(self, wanted: Wanted, repo: Repo | None) -> None:
        """Show it, unless that is what is shown, and *repo* is as it was then."""
        if (wanted.key, repo) == self._shown:
            return
        top = wanted.key != self._shown[0]
        self._shown = (wanted.key, repo)
        self.set_title(f"Diff · {wanted.name}" if wanted.name else "Diff")
        if wanted.query is None:
            broken = repo is None or repo.error is not None
            self._put((Para.of(f"○ {'nothing to show' if broken else 'no commits yet'}", "dim"),), top=True)
        else:
            work = self._read(wanted.query, wanted.nothing, top)
            self.run_worker(work, name="diff", group="diff", exclusive=True)

    @property
    def text(self) -> str:
        """What is shown, to be copied."""
        return "\n".join("".join(text for text, _ in para.parts) for para in self.page.paras)

    async def _read(self, query: RepoDiffQuery | CommitDiffQuery, nothing: str, top: bool) -> None:
        try:
            answer = await self._dash.engine.ask(query)
        except SourceError as problem:
            self._put((Para.of(f"✗ {printable(problem.message)}", "bad", hang=2),), top=True)
            return
        if isinstance(answer, RepoDiff):
            self._put(await asyncio.to_thread(diff_page.page, answer, nothing), top=top)

    def _put(self, page: tuple[Para, ...], *, top: bool) -> None:
        if is_live(self):
            self.page.show(page, top=top)
            self.state, self.summary = LIVE, units.plural(len(page), "line")
