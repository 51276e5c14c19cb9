"""How the lists of the stream screen ask the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agentdash.core.queries import Answer, Query

Asker = Callable[[Query], Awaitable[Answer]]
"""Asks the server; raises SourceError when that cannot be done."""
