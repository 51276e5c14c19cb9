"""The repositories pane of the board; its page shows the size of the change, which is read on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.repos.model import Repo
from tui.format.repos import page as repo_page
from tui.screens.pane import BoardPane
from tui.screens.repos.change_size import ChangeSizes

if TYPE_CHECKING:
    from tui.dash import Dash
    from tui.subjects import SubjectRow
    from tui.widgets.document import Para


class ReposPane(BoardPane):
    """Repositories."""

    def __init__(self, subject: SubjectRow, dash: Dash) -> None:
        super().__init__(subject, dash)
        self.change_sizes = ChangeSizes(dash, lambda: self.post_message(self.PageChanged()))

    def page(self, now: int) -> list[Para]:
        """The repository under the cursor, with the size of its change where that is known."""
        repo = self.subject
        if not isinstance(repo, Repo):
            return super().page(now)
        return repo_page.page(repo, now, self.dash.zone, self.change_sizes.size(repo))
