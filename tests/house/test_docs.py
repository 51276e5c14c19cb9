"""The pages that are generated are up to date, and commands, keys and examples on pages are right."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from agentdash.cli.root import root
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
        loaded = load(env={}, cwd=tmp_path)
        origins = {*loaded.origins.values(), *(where for _, where in loaded.ignored.values())}
        assert any("agentdash.toml" in origin for origin in origins), text


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


def test_every_key_in_the_tables_of_the_readme_is_bound() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {
        key
        for row in re.findall(r"^\| .*\|$", readme, re.MULTILINE)
        for cell in re.split(r"(?<!`)\|", row)
        for key in re.findall(r"`([^`]+)`", cell)
    }
    bound = {NAMES.get(key, key) for entry in entries().values() for key in entry.keys}
    assert len(named) > 40
    assert named - bound == {"tab", ":diag"}, "tab is Textual's, :diag is in the palette"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_shown_are_those_of_the_program(page: Path) -> None:
    for block in blocks(page, "sh"):
        for line in re.findall(r"(?:^|uvx --from \. |\| |--config \S+ )(agentdash .*)", block, re.MULTILINE):
            words = shlex.split(line.partition(" | ")[0].partition(" > ")[0], comments=True)[1:]
            context = parsed(root, "agentdash", [word for word in words if word != "…"], None)
            assert context.command is not root or not words or words[0].startswith("-"), line
            context.close()


def parsed(
    command: click.Command, name: str, words: list[str], parent: click.Context | None
) -> click.Context:
    """Parse *words*, down to the last subcommand; nothing is run."""
    context = command.make_context(name, words, parent=parent)
    rest = [*context._protected_args, *context.args]
    if isinstance(command, click.Group) and rest:
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        return parsed(found, str(name), rest, context)
    return context


def test_the_layers_shown_are_those_of_the_contract() -> None:
    guide = (ROOT / "docs" / "codebase.md").read_text(encoding="utf-8")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert "\n".join(["```", *contracts[0]["layers"], "```"]) in guide


def test_the_guide_has_every_package_and_at_most_30_words() -> None:
    guide = (ROOT / "docs" / "codebase.md").read_text(encoding="utf-8")
    packages = {path.parent for path in ROOT.glob("agentdash/*/__init__.py")}
    named = set(re.findall(r"^\| .*?`agentdash/(\w+)/`", guide, re.MULTILINE))
    assert {package.name for package in packages} == named
    words = guide.partition("## Words")[2].partition("## Tests")[0]
    assert len(re.findall(r"^\| [a-z]", words, re.MULTILINE)) <= 31, "30, and the head of the table"


def test_documents_shown_have_their_shapes() -> None:
    seen = set()
    for text in blocks(ROOT / "docs" / "json.md", "json"):
        document = json.loads(text)
        view = document["schema"].split("/")[1] if "schema" in document else "logline"
        model_of(OBJECTS[view]).model_validate(document)
        seen.add(view)
    assert seen >= OBJECTS.keys() - {"all"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_exist(page: Path) -> None:
    for name in re.findall(r"`((?:\w+/)+\w+\.(?:py|tcss|md))`", page.read_text(encoding="utf-8")):
        assert any((ROOT / base / name).exists() for base in ("", "agentdash")), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
