"""The page on keys, from the actions of the app, its screens and its widgets."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import tui
from tui.actions import Action, HasActions
from tui.screens.dialogs.help import SCOPES

HEAD = """\
# Keys

Made by `python -m docs` from the actions of the program; a test holds the two together.
`?` shows the keys of the screen that is open, `:` searches commands by their words.

`tab` and `shift+tab` go to the next and the previous pane. The mouse does the same as the keys: a click
focuses and selects, the wheel scrolls, the words of the first and the last line can be clicked.

Keys that change anything beyond the screen (✎) are not bound with `--read-only`. What has no key (–) is in
the palette, and in the menu of its screen.

The ids are public: `ui.keys` in the settings gives an id other keys, several separated by commas. It takes
effect everywhere the id stands.

```toml
[ui.keys]
"runs.cancel" = "ctrl+k"
"app.help" = "f1,question_mark"
```
"""

MORE_SCOPES = (
    ("trace", "A trace"),
    ("document", "Pages"),
    ("confirm", "Questions"),
    ("ask", "Asking"),
    ("menu", "Menus"),
)

_NAMES = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "slash": "/",
    "full_stop": ".",
    "asterisk": "*",
    "pageup": "page up",
    "pagedown": "page down",
    "escape": "esc",
}


@dataclass(slots=True)
class Entry:
    """One id: its keys, what it does and where, each without doubles."""

    keys: dict[str, None] = field(default_factory=dict)
    labels: dict[str, None] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)
    changes_world: bool = False

    def add(self, action: Action[Any], where: str) -> None:
        """Add one record with this id, and *where* its keys work."""
        self.keys |= dict.fromkeys(filter(None, action.key.split(",")))
        self.labels[action.name] = None
        self.places[where] = None
        self.changes_world = action.changes_world


def page() -> str:
    """The whole page.

    Raises:
        LookupError: when the scope of an id has no title, or a class with actions has no WHERE.
    """
    found = entries()
    scopes = {scope: title for scope, title in (*SCOPES, *MORE_SCOPES) if scope != "move"}
    if strange := {name.partition(".")[0] for name in found} - scopes.keys():
        raise LookupError(f"no title for the scopes {sorted(strange)}")
    return "\n".join([HEAD, *(_section(scope, title, found) for scope, title in scopes.items())])


def entries() -> dict[str, Entry]:
    """All actions of the program, by id."""
    found: dict[str, Entry] = {}
    for owner in _owners():
        if not owner.WHERE:
            raise LookupError(f"{owner.__name__} has keys; say in WHERE where they work")
        for action in owner.__dict__["ACTIONS"]:
            found.setdefault(action.id, Entry()).add(action, owner.WHERE)
    return found


def _owners() -> Iterator[type[HasActions]]:
    """Every class of the program that brings keys of its own."""
    seen: set[type] = set()
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, HasActions) and value not in seen:
                seen.add(value)
                if value.__dict__.get("ACTIONS"):
                    yield value


def _section(scope: str, title: str, found: dict[str, Entry]) -> str:
    lines = [f"## {title}\n", "| key | does | in | id |", "| --- | --- | --- | --- |"]
    for name, entry in found.items():
        if name.partition(".")[0] == scope:
            keys = " ".join(f"`{_key(key)}`" for key in entry.keys) or "–"
            note = " ✎" if entry.changes_world else ""
            lines.append(f"| {keys} | {_labels(entry)}{note} | {', '.join(entry.places)} | `{name}` |")
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return _NAMES.get(key, key)


def _labels(entry: Entry) -> str:
    return " / ".join(label[:1].lower() + label[1:] for label in entry.labels)
