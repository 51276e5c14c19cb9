"""Names of the machine that draws, taken out of what the pictures show."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

HOST = "dev"


def anonymous(folder: Path) -> Callable[[T], T]:
    """A function that gives any record back with host, interpreter and temporary folder under other names.

    Args:
        folder: Of the demo.
    """
    names = {
        str(folder): "/tmp/agentdash-demo",  # noqa: S108 - shown, never opened
        sys.executable: "python3",
        socket.gethostname(): HOST,
    }
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return value if type(value) is not str else pattern.sub(lambda found: names[found.group()], value)
        if isinstance(value, tuple):
            changed = tuple(renamed(item) for item in value)
            return value if all(new is old for new, old in zip(changed, value, strict=True)) else changed
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            was = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
            new = {
                name: item for name, old in was.items() if (item := renamed(old)) is not old and item != old
            }
            return replace(value, **new) if new else value
        return value

    return renamed
