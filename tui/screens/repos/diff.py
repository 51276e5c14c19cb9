"""The diff of the file, commit or stash under the cursor of the repository screen."""

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

_INSIDE = "only the recorded commit can differ here (Enter: open the submodule)"
_NOTHING = "nothing differs from the last commit"


@dataclass(frozen=True, slots=True)
class DiffRequest:
    """What to show.

    Attributes:
        key: The same key keeps the scroll position, another one starts at the top.
        query: None where there is nothing to read.
        name: For the border.
        nothing: Text for an empty diff.
    """

    key: Hashable
    query: RepoDiffQuery | CommitDiffQuery | None
    name: str
    nothing: str = _NOTHING


def of_commit(path: str, sha: str | None) -> DiffRequest:
    """The changes of a commit or a stash."""
    return DiffRequest(sha, CommitDiffQuery(path, sha) if sha else None, (sha or "")[:10])


def of_file(repo: Repo, change: FileChange) -> DiffRequest:
    """The uncommitted changes of one path."""
    query = RepoDiffQuery(repo.path, change.exact, change.exact_from, untracked=change.xy == "??")
    inner = change.path in (*repo.submodules.folders, *repo.submodules.links)
    key = (change.exact, change.xy)
    return DiffRequest(key, query, printable(change.path), _INSIDE if inner else _NOTHING)


def of_all(repo: Repo) -> DiffRequest:
    """The uncommitted changes of all tracked files."""
    return DiffRequest(None, RepoDiffQuery(repo.path), "all files")


class DiffPane(Pane):
    """Reads a diff and shows it; a new request replaces the one before.

    Args:
        dash: The app.
    """

    def __init__(self, dash: Dash, *, id: str) -> None:  # noqa: A002 - Textual's own name
        self.page = Document(id="diff-page")
        super().__init__("Diff", self.page, id=id)
        self._dash = dash
        self._shown: tuple[Hashable, Repo | None] = (None, None)

    def request(self, request: DiffRequest, repo: Repo | None) -> None:
        """Show it, unless it is shown already for the same *repo* record."""
        if (request.key, repo) == self._shown:
            return
        top = request.key != self._shown[0]
        self._shown = (request.key, repo)
        self.set_title(f"Diff · {request.name}" if request.name else "Diff")
        if request.query is None:
            unreadable = repo is None or repo.error is not None
            self._put(
                (Para.of(f"○ {'nothing to show' if unreadable else 'no commits yet'}", "dim"),), top=True
            )
        else:
            work = self._read(request.query, request.nothing, top)
            self.run_worker(work, name="diff", group="diff", exclusive=True)

    @property
    def text(self) -> str:
        """The shown text, for the clipboard."""
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
