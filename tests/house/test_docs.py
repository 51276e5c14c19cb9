"""The pages that are made from the code are up to date, and what pages show as examples is right."""

import json
import re
from pathlib import Path

import pytest

from agentdash.headless.schemas import model_of
from agentdash.headless.views import OBJECTS
from agentdash.settings.load import load
from docs.__main__ import pages
from docs.keys_page import _NAMES as NAMES
from docs.keys_page import entries
from tests.support import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.mark.parametrize("file", pages(), ids=lambda file: file.name)
def test_made_pages_are_up_to_date(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == pages()[file], "run: python -m docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_shown_can_be_used(page: Path, tmp_path: Path) -> None:
    for text in blocks(page, "toml"):
        (tmp_path / "agentdash.toml").write_text(text, encoding="utf-8")
        load(env={}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        (
            "a stream",
            "pending.acknowledge pending.claim pending.delete stream.actions stream.browse stream.goto",
        ),
        ("a repository", "repos.stage repos.commit repos.fetch repos.edit repos.lazygit"),
        ("a service", "services.start services.stop services.restart"),
        ("a run", "run.view run.why run.diff run.log runs.mark_failed runs.end_child"),
    ],
)
def test_the_keys_that_the_readme_names_are_those_of_the_program(place: str, ids: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| {place}\b.*\|$", readme, re.MULTILINE)
    named, known = re.findall(r"`(.+?)`", row), entries()
    for name in ids.split():
        assert any(NAMES.get(key, key) in named for key in known[name].keys), name


def test_documents_shown_have_their_shapes() -> None:
    seen = set()
    for text in blocks(ROOT / "docs" / "json.md", "json"):
        document = json.loads(text)
        view = document["schema"].split("/")[1] if "schema" in document else "logline"
        model_of(OBJECTS[view]).model_validate(document)
        seen.add(view)
    assert seen >= OBJECTS.keys() - {"all"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
