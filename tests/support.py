"""What several tests need: waiting for a condition, never for time."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
"""The project's folder."""

_PAUSE = 0.01


def wait_until(condition: Callable[[], T], timeout: float = 20.0, what: str = "the condition") -> T:
    """Return the first true result of *condition*; fail, naming *what*, when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(_PAUSE)


async def until(
    condition: Callable[[], T | Awaitable[T]],
    timeout: float = 20.0,  # noqa: ASYNC109 - the failure names what was waited for
    what: str = "the condition",
) -> T:
    """Like `wait_until` without blocking the event loop; *condition* may be a coroutine function."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        await asyncio.sleep(_PAUSE)
