"""A stage for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.runner.stage import Stage


@pytest.fixture
async def stage(redis_url: str) -> AsyncIterator[Stage]:
    stage = Stage(redis_url)
    yield stage
    await stage.close()
