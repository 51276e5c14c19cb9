"""The pane of the services on the board, with the keys that start and stop them."""

from __future__ import annotations

from agentdash.core.services.model import Service
from tui.screens.pane import BoardPane
from tui.screens.services.controls import SERVICE_CONTROLS


class ServicesPane(BoardPane):
    """Services, with the keys that control them."""

    WHERE = "the services"
    ACTIONS = SERVICE_CONTROLS

    @property
    def service(self) -> Service | None:
        """The one under the cursor."""
        return self.subject if isinstance(self.subject, Service) else None
