"""An exported screen as a file that looks the same everywhere and asks nothing of the network."""

from __future__ import annotations

import re

FONTS = "'Fira Code', 'DejaVu Sans Mono', 'Noto Sans Mono', Menlo, Consolas, monospace"

_FACE = re.compile(r"\s*@font-face\s*\{.*?\}", re.DOTALL)
_FAMILY = re.compile(r"font-family:\s*Fira Code[^;]*;")


def finished(svg: str) -> str:
    """*svg* as Rich writes it, without fonts from the network, and with its spaces kept by every viewer."""
    svg = _FACE.sub("", svg)
    svg = _FAMILY.sub(f"font-family: {FONTS};", svg)
    return svg.replace("<text ", '<text xml:space="preserve" ')
