"""What the parts of the engine may use of it: those that answer, those that carry out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from agentdash.core.clock import Clock
from agentdash.core.logs.model import Level
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store

if TYPE_CHECKING:
    from agentdash.runtime.intake import Intake
    from agentdash.server.find import ServerHandle


class Running(Protocol):
    """The engine, as far as a query or a command needs it; see `agentdash.runtime.engine.Engine`."""

    settings: Settings
    clock: Clock
    host: str
    store: Store
    intake: Intake
    handle: ServerHandle | None
    look_at: Callable[[bytes], None] | None

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        ...

    def refresh(self, topic: Topic | None = None) -> None:
        """Look again now."""
        ...

    def deny(self, command: str, why: str) -> None:
        """Remember that the server's ACL forbids *command*."""
        ...

    def note(
        self,
        actor: str,
        step: str,
        ok: bool | None,
        duration_ms: float | None = None,
        routine: bool = False,
        level: Level | None = None,
    ) -> None:
        """Write a line to the activity log."""
        ...
