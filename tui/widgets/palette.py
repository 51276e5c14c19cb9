"""From semantic class names to the styles of the theme in force, for widgets that draw their own lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.dom import DOMNode
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Hashable

NAMES = ("dim", "faint", "good", "warn", "bad", "info", "unknown", "accent", "id", "spark", "match", "mark")
"""Names that a text can have, each a component class ``<prefix>--<name>``; and the attributes below."""

LAYERS = ("header", "cursor", "hover")
"""What a whole line can be: a background (and attributes) below the colours of its cells."""

_ATTRIBUTES = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "underline": Style(underline=True),
    "strike": Style(strike=True),
}

_CSS = """
$WIDGET {
    color: $foreground;
    background: transparent;
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-size-vertical: 1;
    scrollbar-background: $surface;
    scrollbar-color: $panel;

    & > .$PREFIX--header { color: $text-muted; }
    & > .$PREFIX--hover { background: $foreground 6%; }
    & > .$PREFIX--cursor { background: $primary 14%; }
    &:focus > .$PREFIX--cursor { background: $primary 32%; }
    & > .$PREFIX--dim { color: $text-muted; }
    & > .$PREFIX--faint { color: $text-disabled; }
    & > .$PREFIX--good { color: $success; }
    & > .$PREFIX--warn { color: $warning; }
    & > .$PREFIX--bad { color: $error; }
    & > .$PREFIX--info { color: $text-primary; }
    & > .$PREFIX--unknown { color: $text-secondary; }
    & > .$PREFIX--accent { color: $primary; }
    & > .$PREFIX--id { color: $text-primary; }
    & > .$PREFIX--spark { color: $primary; }
    & > .$PREFIX--mark { color: $accent; text-style: bold; }
    & > .$PREFIX--match { background: $warning 35%; text-style: underline; }

    &:light {
        & > .$PREFIX--good { color: $text-success; }
        & > .$PREFIX--warn { color: $text-warning; }
        & > .$PREFIX--bad { color: $text-error; }
    }
    &:ansi {
        & > .$PREFIX--hover { background: transparent; }
        & > .$PREFIX--header { text-style: dim; }
        & > .$PREFIX--dim { text-style: dim; }
        & > .$PREFIX--faint { text-style: dim; }
        & > .$PREFIX--cursor { background: transparent; text-style: underline; }
        &:focus > .$PREFIX--cursor { background: transparent; text-style: reverse; }
        & > .$PREFIX--unknown { color: ansi_magenta; }
        & > .$PREFIX--match { background: ansi_yellow; color: ansi_black; text-style: none; }
    }
    &:nocolor {
        & > .$PREFIX--cursor { text-style: underline; }
        &:focus > .$PREFIX--cursor { text-style: reverse; }
        & > .$PREFIX--match { text-style: reverse; }
    }
}
"""


def default_css(widget: str, prefix: str) -> str:
    """The default CSS of a line widget, on theme variables."""
    return _CSS.replace("$WIDGET", widget).replace("$PREFIX", prefix)


class StyledWidget(Widget):
    """A widget that draws its lines in the styles of a `Palette`.

    Textual would work out every component class of every widget whenever its style may have changed, and most
    of them are on no line: that was more than half of the time in which a screen opens. So it gets
    none, and the palette resolves those that are used.
    """

    @classmethod
    def _get_component_classes(cls) -> frozenset[str]:  # type: ignore[override]  # theirs is cached
        """None that Textual has to work out."""
        return frozenset()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Redraw: styles depend on the focus."""
        super().watch_has_focus(_has_focus)
        self.refresh()


class Palette:
    """Styles by class names, resolved once for each theme and background.

    Args:
        widget: Whose component classes are asked.
        prefix: What they begin with, e.g. ``line-table``.
    """

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix
        self._base = Style.null()
        self._state: Hashable = None
        self._styles: dict[tuple[str, str], Style] = {}

    def renew(self) -> bool:
        """Whether the background of the text has changed: all drawn lines are out of date."""
        base, state = self._widget.rich_style, self._state_now()
        if base == self._base and state == self._state:
            return False
        self._base = base
        self.clear()
        return True

    def clear(self) -> None:
        """Forget what was resolved: the theme or the state of the widget has changed, or what is below it."""
        self._styles.clear()
        state = self._state_now()
        if state != self._state:
            self._state = state
            self._widget._component_styles.clear()  # noqa: SLF001 - where Textual itself looks for them

    def _state_now(self) -> Hashable:
        """What the rules of the style sheets depend on: theme, and pseudo-classes such as ``:focus``."""
        widget = self._widget
        return (widget.app.theme, widget.pseudo_classes) if widget.is_attached else None

    def style(self, names: str = "", layer: str = "") -> Style:
        """The style of text with class *names* on a line that is *layer*; names not known change nothing."""
        found = self._styles.get((names, layer))
        if found is None:
            found = self._styles[names, layer] = self._resolve(names, layer)
        return found

    def _resolve(self, names: str, layer: str) -> Style:
        style = self._base
        if layer:
            whole, part = self._component(layer)
            style += Style(color=whole.color, bgcolor=whole.bgcolor) + part.without_color
        for name in names.split():
            if name in _ATTRIBUTES:
                style += _ATTRIBUTES[name]
                continue
            whole, part = self._component(name)
            # The whole style has colours blended over the background; the part alone says which it sets.
            style += Style(color=whole.color) + part.without_color
            if part.bgcolor is not None:
                style += Style(bgcolor=whole.bgcolor)
        return style

    def _component(self, name: str) -> tuple[Style, Style]:
        full_name = f"{self._prefix}--{name}"
        known = self._widget._component_styles  # noqa: SLF001 - as above
        if full_name not in known:
            node = DOMNode(classes=full_name)
            node._attach(self._widget)  # noqa: SLF001 - as Textual does for all of them
            self._widget.app.stylesheet.apply(node, animate=False)
            known[full_name] = node.styles
        ask = self._widget.get_component_rich_style
        return ask(full_name, default=self._base), ask(full_name, partial=True, default=Style.null())
