"""The settings file that `agentdash init` writes."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.settings.keys import keys
from agentdash.core.settings.model import ServiceSettings, Settings
from agentdash.headless.settings_file import DetectedSettings, detected_settings, settings_text
from agentdash.settings.load import load
from tests.full_store import full_store


def test_it_names_every_setting_with_its_words_and_default() -> None:
    text = settings_text(DetectedSettings())
    for key in keys().values():
        part = key.name.rpartition(".")[2]
        assert f"# {part} =" in text or f"# {part}: " in text, key.name
    assert "# Poll interval in seconds." in text
    assert "# poll = 0.5" in text


def test_as_it_stands_it_changes_nothing(tmp_path) -> None:
    (tmp_path / "agentdash.toml").write_text(settings_text(DetectedSettings()))
    assert load(env={}, cwd=tmp_path).settings == Settings()


def test_every_line_that_is_commented_out_can_be_put_in_force(tmp_path) -> None:
    lines = settings_text(DetectedSettings(services=(ServiceSettings(name="x"),))).splitlines()
    bare = [line.removeprefix("# ") if " = " in line and not line.endswith("=") else line for line in lines]
    (tmp_path / "agentdash.toml").write_text("\n".join(bare))
    load(env={}, cwd=tmp_path)


def test_what_was_found_is_in_force() -> None:
    found = detected_settings(full_store())
    assert [service.name for service in found.services] == ["web"]
    assert "# Found: orders, \\xff␀" in settings_text(found)


@given(
    st.lists(st.text()), st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3)
)
def test_whatever_was_found_it_is_toml(names: list[str], roots: list[str], streams: list[str]) -> None:
    services = tuple(ServiceSettings(name=name, port=80) for name in names)
    made = tomllib.loads(settings_text(DetectedSettings(tuple(roots), services, tuple(streams))))
    assert [service["name"] for service in made.get("services", [])] == names
    assert made.get("projects", []) == roots
