"""Streams, judged as part of the pass that reads them: in a thread where there are many."""

from __future__ import annotations

import asyncio
from typing import cast

from agentdash.core.settings.model import StreamsSettings
from agentdash.core.snapshot import Collector
from agentdash.core.store import Store
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.streams.rules.whole_stream import orphan_suspect
from agentdash.runtime.analysis import Analysis
from agentdash.runtime.queries.mentions import MentionSearch

MAX_IN_LOOP = 300
"""Up to so many streams and groups are judged in the event loop, in a few milliseconds."""


class JudgedStreams(Collector):
    """The collector of streams, whose snapshots carry judgements and symptoms.

    Passes do not overlap: the next one begins when this one is judged. The store is only read.
    """

    def __init__(
        self,
        inner: Collector,
        analysis: Analysis,
        store: Store,
        settings: StreamsSettings,
        mentions: MentionSearch,
    ) -> None:
        self.inner = inner
        self.name = inner.name
        self.topic = inner.topic
        self.cadence = inner.cadence
        self.timeout = inner.timeout
        self.patience = inner.patience
        self._analysis = analysis
        self._store = store
        self._settings = settings
        self._mentions = mentions

    async def collect(self) -> StreamsSnapshot | None:
        """Read and judge once.

        Raises:
            SourceError: when the server cannot be read.
        """
        read = cast("StreamsSnapshot | None", await self.inner.collect())
        if read is None:
            return None
        runs, services = self._store.runs, self._store.services
        suspects = (stream.name for stream in read.streams if orphan_suspect(stream, self._settings))
        self._mentions.want(suspects, self._store.repos)
        mentions = self._mentions.found
        if sum(1 + len(stream.groups) for stream in read.streams) <= MAX_IN_LOOP:
            return self._analysis.judge(read, runs, services, mentions)
        judging = asyncio.ensure_future(
            asyncio.to_thread(self._analysis.judge, read, runs, services, mentions)
        )
        try:
            return await asyncio.shield(judging)
        except asyncio.CancelledError:
            await asyncio.wait([judging])  # the windows belong to one pass at a time
            raise

    def wake(self) -> None:
        """Wake the collector."""
        self.inner.wake()

    async def close(self) -> None:
        """Close the collector, and end the search."""
        await self._mentions.close()
        await self.inner.close()
