"""What the stream screen reads now and then beside its entries: what the server's ACL allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentdash.core.links.owners import Owners
from agentdash.core.streams.liveness import Liveness, liveness_of
from agentdash.core.streams.model import Group, StreamJudgement
from agentdash.core.streams.queries import Rights, RightsOn

if TYPE_CHECKING:
    from tui.dash import Dash

RIGHTS_EVERY = 30_000
"""Milliseconds after which rights are asked again: they may have been granted meanwhile."""


class RightsPoll:
    """Asks for one stream, while its screen is looked at.

    Attributes:
        rights: What the server's ACL lets this user do.
        asked: Whether rights were asked at all.
    """

    def __init__(self, dash: Dash, stream: bytes) -> None:
        self.rights = Rights()
        self.asked = False
        self._dash = dash
        self._stream = stream
        self._rights_at = -RIGHTS_EVERY

    async def read(self) -> None:
        """Ask what is out of date.

        Raises:
            SourceError: when the server cannot be asked, in words.
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
