"""Writes the pages of the documentation that are made from the code: ``python -m docs``."""

from __future__ import annotations

from pathlib import Path

from docs import adr_index, json_page, keys_page, settings_page

FOLDER = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Each such page, by its file."""
    decisions = FOLDER / "adr"
    return {
        FOLDER / "settings.md": settings_page.page(),
        FOLDER / "keys.md": keys_page.page(),
        FOLDER / "json.md": json_page.page(),
        decisions / "README.md": adr_index.page(decisions),
    }


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
        print(file.relative_to(FOLDER.parent))
