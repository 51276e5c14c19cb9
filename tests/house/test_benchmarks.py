"""Every benchmark can be imported, so that a renamed part of the program is noticed here."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.__main__ import names


@pytest.mark.parametrize("name", names())
def test_a_benchmark_follows_the_program(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").main)
