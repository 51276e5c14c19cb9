"""Imports parts of the program when they are first needed, outside of the event loop."""

from __future__ import annotations

import asyncio
import importlib

_loaded: set[str] = set()
"""Modules whose import has ended; one that another thread imports is in ``sys.modules`` before that."""


async def load(*modules: str) -> None:
    """Import *modules* in a thread, so that they block neither the first paint nor keys."""
    for module in modules:
        if module not in _loaded:
            await asyncio.to_thread(importlib.import_module, module)
            _loaded.add(module)
