"""The page on keys, from the bindings of the app, its screens and its widgets."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field

from textual.binding import Binding

import tui
from tui.screens.dialogs.help import SCOPES

HEAD = """\
# Keys

Made by `python -m docs` from the bindings of the program; a test holds the two together.
`?` shows the keys of the screen that is open, `:` searches commands by their words.

`tab` and `shift+tab` go to the next and the previous pane. The mouse does the same as the keys: a click
focuses and selects, the wheel scrolls, the words of the first and the last line can be clicked.

The ids are public: `ui.keys` in the settings gives an id other keys, several separated by commas. It takes
effect everywhere the id stands.

```toml
[ui.keys]
"runs.cancel" = "ctrl+k"
"app.help" = "f1,question_mark"
```
"""

PLACES = {
    "AgentDash": "everywhere",
    "Board": "the overview and its panes",
    "RunsPane": "the runs",
    "LogPane": "the log",
    "LogView": "the log",
    "LineTable": "lists",
    "Document": "pages of text",
    "ServicesPane": "the services",
    "ServiceScreen": "a service",
    "TraceScreen": "a trace",
    "RunScreen": "a run",
    "StreamScreen": "a stream",
    "RepoScreen": "a repository",
    "PageScreen": "a page",
    "FindingPage": "a finding",
    "FactScreen": "every screen",
    "Help": "the help",
    "Confirm": "a question",
    "Ask": "a question",
    "ClaimFor": "a question",
    "FoldingDocument": "a message",
    "Menu": "a menu",
}
"""Where the keys of a class work."""

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
    words: dict[str, None] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)


def page() -> str:
    """The whole page.

    Raises:
        LookupError: when a class with bindings has no place, or a binding no id or scope.
    """
    found = entries()
    scopes = {scope: title for scope, title in (*SCOPES, *MORE_SCOPES) if scope != "move"}
    if strange := {name.partition(".")[0] for name in found} - scopes.keys():
        raise LookupError(f"no title for the scopes {sorted(strange)}")
    return "\n".join([HEAD, *(_section(scope, title, found) for scope, title in scopes.items())])


def entries() -> dict[str, Entry]:
    """All binding ids of the program."""
    found: dict[str, Entry] = {}
    for owner in _owners():
        if owner.__name__ not in PLACES:
            raise LookupError(f"{owner.__name__} has keys; say in PLACES where they work")
        for binding in owner.__dict__["BINDINGS"]:
            if not isinstance(binding, Binding) or not binding.id:
                raise LookupError(f"{owner.__name__}: the binding {binding} has no id")
            entry = found.setdefault(binding.id, Entry())
            entry.keys |= dict.fromkeys(binding.key.split(","))
            entry.words[binding.description] = None
            entry.places[PLACES[owner.__name__]] = None
    return found


def _owners() -> Iterator[type]:
    """Every class of the program that brings keys of its own."""
    seen: set[type] = set()
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and value.__module__.startswith("tui") and value not in seen:
                seen.add(value)
                if value.__dict__.get("BINDINGS"):
                    yield value


def _section(scope: str, title: str, found: dict[str, Entry]) -> str:
    lines = [f"## {title}\n", "| key | does | in | id |", "| --- | --- | --- | --- |"]
    for name, entry in found.items():
        if name.partition(".")[0] == scope:
            keys = " ".join(f"`{_key(key)}`" for key in entry.keys)
            lines.append(f"| {keys} | {_words(entry)} | {', '.join(entry.places)} | `{name}` |")
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return _NAMES.get(key, key)


def _words(entry: Entry) -> str:
    return " / ".join(word[:1].lower() + word[1:] for word in entry.words)
