"""Where settings come from, and what is said when they are wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.settings.keys import keys
from agentdash.core.settings.model import ServiceSettings, Settings
from agentdash.settings.load import SettingsError, load


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".config/agentdash").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return folder


def write(home: Path, *, local: str = "", user: str = "") -> dict[str, object]:
    """Write the two files and return what `load` is called with."""
    if local:
        (home.parent / "work/agentdash.toml").write_text(local)
    if user:
        (home / ".config/agentdash/config.toml").write_text(user)
    return {"cwd": home.parent / "work", "env": {"HOME": str(home)}}


def refusal(home: Path, local: str, **env: str) -> str:
    where = write(home, local=local)
    with pytest.raises(SettingsError) as caught:
        load(cwd=where["cwd"], env={"HOME": str(home), **env})
    return str(caught.value)


def test_without_anything_the_defaults_hold(home: Path) -> None:
    loaded = load(**write(home))
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_the_nearer_place_wins_key_by_key(home: Path) -> None:
    where = write(
        home,
        user="[streams]\npoll = 5\nlag_limit = 7\nwindow = 30\ndead_after = 9",
        local="[streams]\npoll = 4\nlag_limit = 6\nwindow = 20",
    )
    where["env"] |= {"AGENTDASH_STREAMS_POLL": "3", "AGENTDASH_STREAMS_LAG_LIMIT": "5"}
    loaded = load({"streams.poll": ("--poll", 2)}, **where)
    streams = loaded.settings.streams
    assert (streams.poll, streams.lag_limit, streams.window, streams.dead_after) == (2.0, 5, 20.0, 9.0)
    assert {
        key: loaded.origins[f"streams.{key}"] for key in ("poll", "lag_limit", "window", "dead_after")
    } == {
        "poll": "--poll",
        "lag_limit": "$AGENTDASH_STREAMS_LAG_LIMIT",
        "window": "./agentdash.toml",
        "dead_after": "~/.config/agentdash/config.toml",
    }
    assert loaded.origins["streams.open_after"] == "default"


def test_services_and_lists_come_typed(home: Path) -> None:
    loaded = load(
        **write(
            home,
            user='projects = ["~/code"]\n[[services]]\nname = "web"\nport = 8080\nlog = "~/web.log"\n'
            '[ui.keys]\n"runs.cancel" = "ctrl+k"',
        )
    )
    service = ServiceSettings(name="web", port=8080, log=loaded.settings.services[0].log)
    assert loaded.settings.services == (service,)
    assert not str(service.log).startswith("~")
    assert loaded.settings.projects[0].endswith("/code")
    assert loaded.settings.ui.keys == {"runs.cancel": "ctrl+k"}


def test_well_known_variables_count_and_our_own_come_before_them(home: Path) -> None:
    where = write(home)
    where["env"] |= {"REDIS_URL": "redis://one", "PROJECTS": "/a:/b", "AGENTDASH_READ_ONLY": "yes"}
    loaded = load(**where)
    assert loaded.settings.redis.url == "redis://one"
    assert loaded.settings.projects == ("/a", "/b")
    assert loaded.settings.read_only is True
    where["env"] |= {"AGENTDASH_REDIS_URL": "redis://two", "PROJECTS": ""}
    assert load(**where).settings.redis.url == "redis://two"
    assert load(**where).settings.projects == ()


def test_a_file_that_was_named_is_read_instead_and_must_be_there(home: Path, tmp_path: Path) -> None:
    where = write(home, local="[streams]\npoll = 4")
    other = tmp_path / "other.toml"
    other.write_text("read_only = true")
    loaded = load(config=str(other), **where)
    assert (loaded.settings.read_only, loaded.settings.streams.poll) == (True, 1.0)
    with pytest.raises(SettingsError, match=r"nothing\.toml does not exist: name another with --config"):
        load(config="nothing.toml", **where)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[streams]\npol = 1",
            "streams.pol in ./agentdash.toml is not a setting of [streams]: did you mean streams.poll?",
        ),
        ("[stream]\npoll = 1", "stream in ./agentdash.toml is not a setting: did you mean streams?"),
        ("reed_only = true", "reed_only in ./agentdash.toml is not a setting: did you mean read_only?"),
        ("[redis]\nread_only = true", "did you mean read_only?"),
        ("[[services]]\nname = 'a'\nprot = 1", "services.prot in ./agentdash.toml (service 1)"),
        ("[[services]]\nport = 1", "services.name is missing in ./agentdash.toml (service 1)"),
        ("services = 3", "write each as [[services]]"),
        ("streams = 3", "write it as [streams]"),
        (
            "[streams]\npoll = 'fast'",
            "streams.poll in ./agentdash.toml must be a number of seconds, got 'fast'",
        ),
        ("[streams]\npoll = true", "must be a number of seconds, got true"),
        ("[streams]\npoll = 0.001", "must be a number of seconds from 0.05 to 3,600, got 0.001"),
        ("[streams]\npoll = nan", "got nan"),
        (
            "[streams]\nlag_limit = 1.5",
            "streams.lag_limit in ./agentdash.toml must be a whole number, got 1.5",
        ),
        ("[streams]\ninclude = 'a'", "streams.include in ./agentdash.toml must be a list of texts, got 'a'"),
        ("read_only = 'yes'", "read_only in ./agentdash.toml must be true or false, got 'yes'"),
        ("color = 'blue'", "color in ./agentdash.toml must be one of auto, always, never, got 'blue'"),
        ("[ui]\nkeys = {a = 1}", "ui.keys in ./agentdash.toml must be a table of texts"),
        ("a = 1\nb = = 2", "The settings file ./agentdash.toml is not valid TOML:"),
        ("a = 1\nb = = 2", "line 2"),
    ],
)
def test_what_is_wrong_names_place_key_and_the_nearest_right_one(home: Path, text: str, said: str) -> None:
    assert said in refusal(home, text)


def test_everything_that_is_wrong_is_said_at_once(home: Path) -> None:
    said = refusal(home, "[streams]\npol = 1\nwindow = 'x'", AGENTDASH_STREAM_POLL="1").splitlines()
    assert len(said) == 3
    assert said[2] == (
        "The environment variable AGENTDASH_STREAM_POLL is not a setting: "
        "did you mean AGENTDASH_STREAMS_POLL?"
    )


def test_a_variable_that_is_wrong_is_named(home: Path) -> None:
    assert "logs.poll in $AGENTDASH_LOGS_POLL must be a number of seconds, got 'soon'" in refusal(
        home, "", AGENTDASH_LOGS_POLL="soon"
    )


def test_variables_that_a_run_tells_its_command_are_no_typos(home: Path) -> None:
    where = write(home)
    where["env"] |= {"AGENTDASH_RUN_ID": "x", "AGENTDASH_TURN": "2"}
    assert load(**where).settings == Settings()


def test_a_password_in_a_wrong_url_is_not_repeated(home: Path) -> None:
    for url in ("http://user:hunter2@host", "hunter2@host", "user:hunter2@host"):
        said = refusal(home, f"[redis]\nurl = '{url}'")
        assert "must be a URL that begins with redis://, rediss://, unix://" in said
        assert "hunter2" not in said
    assert "hunter2" not in refusal(home, "[redis]\nurl = ['hunter2']")


def test_a_file_that_is_no_text_names_the_line(home: Path) -> None:
    where = write(home)
    (home.parent / "work/agentdash.toml").write_bytes(b"read_only = true\n# \xff\n")
    with pytest.raises(SettingsError, match="not UTF-8 text: see line 2"):
        load(**where)


def test_a_file_that_cannot_be_read_says_why(home: Path) -> None:
    where = write(home)
    (home.parent / "work/agentdash.toml").mkdir()
    with pytest.raises(SettingsError, match=r"\./agentdash\.toml cannot be read: it is a folder"):
        load(**where)


def test_no_home_is_no_error(tmp_path: Path) -> None:
    assert load(env={}, cwd=tmp_path).settings == Settings()


def test_every_setting_has_a_key_and_a_variable_of_its_own() -> None:
    variables = [key.variable for key in keys().values()]
    assert len(variables) == len(set(variables))
    assert keys()["redis.connect_timeout"].variable == "AGENTDASH_REDIS_CONNECT_TIMEOUT"


def assert_loads_or_names(name: str, *given, **where) -> None:
    """Either the settings load, or they are refused with lines that each hold *name*."""
    try:
        load(*given, **where)
    except SettingsError as exc:
        said = str(exc)
    else:
        return
    assert all(name in line for line in said.splitlines())


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=3))
def test_any_environment_loads_or_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, extra
) -> None:
    env = {f"AGENTDASH_{name}": value for name, value in extra.items()}
    assert_loads_or_names("AGENTDASH_", env=env, cwd=tmp_path_factory.getbasetemp())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([name for name in keys() if not name.startswith("services.")]),
)
def test_any_value_of_any_setting_is_taken_or_refused_in_words(value, name: str) -> None:
    assert_loads_or_names(name, {name: ("--set", value)}, env={}, cwd=Path("/nonexistent"))


def test_settings_with_a_file_load_no_pydantic(home: Path) -> None:
    write(home, local="[streams]\npoll = 2")
    code = (
        "import sys; from agentdash.settings.load import load; "
        "assert load().settings.streams.poll == 2; "
        "print(sorted({'pydantic', 'redis', 'git', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home.parent / "work", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        "read_only = yes\n[redis\nurl = 'redis://h'\n[logs]\nlimit = = 3\nfoo = 1\n[ui]\nbell = 'loud'\n"
    )
    with pytest.raises(SettingsError) as wrong:
        load(env={}, cwd=tmp_path, config=str(file))
    said = str(wrong.value).splitlines()
    assert [line.rpartition("(at ")[2] for line in said[:3]] == [
        "line 1, column 13).", "line 2, column 7).", "line 5, column 9).",
    ]  # fmt: skip
    assert ["logs.foo" in said[3], "ui.bell" in said[4], len(said)] == [True, True, 5]


@pytest.mark.parametrize("text", ["x = [1,\ny = 2\nz = = 3", 'x = """\ny = = 2', "x = {a = 1,\n}\n]\n"])
def test_what_follows_a_mistake_of_several_lines_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as wrong:
        load(env={}, cwd=tmp_path, config=str(file))
    assert len(str(wrong.value).splitlines()) == 1
