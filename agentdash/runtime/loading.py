"""Loading parts of the program late: when they are first needed, and off the event loop."""

from __future__ import annotations

import asyncio
import importlib
import sys


async def load(*modules: str) -> None:
    """Import *modules* in a thread, so that the first paint and the keys do not wait for them."""
    for module in modules:
        if module not in sys.modules:
            await asyncio.to_thread(importlib.import_module, module)
