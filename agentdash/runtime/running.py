"""The part of the engine that queries and commands use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from agentdash.core.clock import Clock
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.runtime.notes import Notes

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
    note: Notes
    handle: ServerHandle | None
    read_in_full: Callable[[bytes], None] | None

    @property
    def read_only(self) -> bool:
        """Whether commands are refused."""
        ...

    def refresh(self, topic: Topic | None = None) -> None:
        """Poll one topic, or all, now."""
        ...

    def deny(self, command: str, why: str) -> None:
        """Remember that the server's ACL forbids *command*."""
        ...
