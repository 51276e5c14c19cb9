"""The program's own themes; all of Textual's can be chosen beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App

DARK = Theme(
    name="agentdash",
    primary="#7aa2f7",
    secondary="#bb9af7",
    accent="#7dcfff",
    foreground="#c0caf5",
    background="#131620",
    surface="#131620",
    panel="#2a3050",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    dark=True,
    variables={
        "text-muted": "#6f7aa8",
        "text-disabled": "#4a5378",
        "text-primary": "#7dcfff",
        "text-secondary": "#bb9af7",
        "bar": "#1a1e2e",
        "edge": "#2a3050",
        "title": "#8a98df",
    },
)
LIGHT = Theme(
    name="agentdash-light",
    primary="#2e5cc5",
    secondary="#7847bd",
    accent="#00708f",
    foreground="#24283b",
    background="#f5f6fa",
    surface="#f5f6fa",
    panel="#d5d9e8",
    success="#3c7a2b",
    warning="#8f5e15",
    error="#c4314b",
    dark=False,
    variables={
        "text-muted": "#6a7191",
        "text-disabled": "#9aa0bb",
        "text-primary": "#00708f",
        "text-secondary": "#7847bd",
        "bar": "#e6e9f4",
        "edge": "#c3c9de",
        "title": "#41508f",
    },
)
CONTRAST = Theme(
    name="agentdash-contrast",
    primary="#66b2ff",
    secondary="#e0a0ff",
    accent="#66ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#404040",
    success="#60ff60",
    warning="#ffd040",
    error="#ff6b6b",
    dark=True,
    variables={
        "text-muted": "#c0c0c0",
        "text-disabled": "#9a9a9a",
        "text-primary": "#66ffff",
        "text-secondary": "#e0a0ff",
        "bar": "#202020",
        "edge": "#909090",
        "title": "#ffffff",
    },
)
OWN = (DARK, LIGHT, CONTRAST)
CYCLE = ("agentdash", "agentdash-light", "agentdash-contrast", "ansi-dark")
"""What the key for the next theme goes through; ``ansi-dark`` takes the terminal's own sixteen colours."""
FALLBACKS = {
    "bar": ("panel", "#222222"),
    "edge": ("panel", "#444444"),
    "title": ("foreground", "#cccccc"),
}
"""Variables of our own for themes that do not set them: taken from which of theirs, and what else."""


def apply(app: App[Any], wanted: str) -> str:
    """Register our themes on *app* and choose *wanted*; that name where it is unknown, else nothing."""
    for theme in OWN:
        app.register_theme(theme)
    known = wanted in app.available_themes
    app.theme = wanted if known else DARK.name
    return "" if known else wanted


def after(name: str) -> str:
    """The theme of `CYCLE` that comes after the theme *name*."""
    at = CYCLE.index(name) + 1 if name in CYCLE else 0
    return CYCLE[at % len(CYCLE)]
