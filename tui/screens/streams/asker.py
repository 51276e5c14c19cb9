"""The type of the function by which the stream screen sends queries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agentdash.core.queries import Answer, Query

Asker = Callable[[Query], Awaitable[Answer]]
"""Answers a query; raises SourceError when the server cannot be read."""
