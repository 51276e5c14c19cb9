"""What the stream screen reads besides its entries: rights, and the liveness of consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.links.owners import Owners
from agentdash.core.streams.liveness import Liveness, liveness_of
from agentdash.core.streams.model import Group, StreamJudgement
from agentdash.core.streams.queries import Rights, RightsOn

if TYPE_CHECKING:
    from tui.dash import Dash

RIGHTS_EVERY = 30_000
"""Milliseconds between two reads of rights, which may change."""


class RightsPoll:
    """Reads the rights on one stream, while its screen is open.

    Attributes:
        rights: What the server's ACL lets this user do.
        asked: Whether rights were read.
    """

    def __init__(self, dash: Dash, stream: bytes) -> None:
        self.rights = Rights()
        self.asked = False
        self._dash = dash
        self._stream = stream
        self._rights_at = -RIGHTS_EVERY

    async def read(self) -> None:
        """Read rights, if they are out of date.

        Raises:
            SourceError: when the server cannot be read.
        """
        now, ask = self._dash.now(), self._dash.engine.ask
        if not self._dash.engine.read_only and now - self._rights_at >= RIGHTS_EVERY:
            self._rights_at = now
            rights = await ask(RightsOn(self._stream))
            self.rights = rights if isinstance(rights, Rights) else Rights()
            self.asked = True

    def liveness_of(self, group: Group | None, judgement: StreamJudgement) -> dict[bytes, Liveness]:
        """The liveness of each consumer of *group*, by name, as the findings judge it."""
        store, now = self._dash.store, self._dash.now()
        if group is None or store.streams is None:
            return {}
        owners = Owners.at(now, store.runs, store.services)
        return liveness_of(group, judgement.group(group.name), store.streams.clients, owners.status, now)
