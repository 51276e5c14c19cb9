"""What a folder's own settings file may do before it is trusted: nothing beyond the screen."""

import hashlib
import os
from pathlib import Path

import pytest

from agentdash.core.settings.keys import POWERS, Power, keys
from agentdash.core.settings.model import ServiceSettings, Settings
from agentdash.settings.decisions import Decision, decide, decisions_file, forget, read_decisions
from agentdash.settings.load import MAX_MISTAKES, Loaded, SettingsError, load

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def place(tmp_path: Path, home: Path) -> Path:
    """The folder that one is in."""
    folder = tmp_path / "place"
    (folder / "logs").mkdir(parents=True)
    return folder


def loaded(place: Path, text: str | None = None, *, user: str | None = None, **env: str) -> Loaded:
    if text is not None:
        (place / "agentdash.toml").write_text(text)
    if user is not None:
        folder = Path(os.environ["XDG_CONFIG_HOME"]) / "agentdash"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(user)
    return load(cwd=place, env={**os.environ, **env})


def answer(place: Path, trusted: bool) -> None:
    path = place / "agentdash.toml"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    decide(decisions_file(), Decision(str(path), digest, trusted, 1))


def test_every_setting_says_what_it_can_do() -> None:
    assert list(POWERS) == list(keys())


HOSTILE = {
    "projects": 'projects = ["/"]',
    "state_dir": 'state_dir = "state"',
    "read_only": "read_only = false",
    "redis.url": '[redis]\nurl = "redis://user:hunter2@198.51.100.1"',
    "redis.embedded": "[redis]\nembedded = true",
    "runs.prefix": '[runs]\nprefix = "celery"',
    "runs.events_maxlen": "[runs]\nevents_maxlen = 100",
    "runs.lease": "[runs]\nlease = 1",
    "runs.mask": "[runs]\nmask = false",
    "repos.stage_limit_mb": "[repos]\nstage_limit_mb = 1000000",
    "services.pid_file": '[[services]]\nname = "web"\npid_file = "/run/sshd.pid"',
    "services.cwd": '[[services]]\nname = "web"\ncwd = "/etc"',
    "services.log": '[[services]]\nname = "web"\nlog = "/etc/shadow"',
    "services.probe": '[[services]]\nname = "web"\nprobe = "http://169.254.169.254/latest/meta-data"',
    "services.command": '[[services]]\nname = "web"\ncommand = "./run.sh"',
    "logs.files": '[logs]\nfiles = ["/etc/**"]',
    "logs.journal": '[logs]\njournal = ["*"]',
    "logs.limit": "[logs]\nlimit = 100",
    "findings.inbox": '[findings]\ninbox = ["~/*.jsonl"]',
    "ui.keys": '[ui.keys]\n"services.start" = "down"',
    "ui.notify": '[ui]\nnotify = "./run.sh"',
}


def test_there_is_a_hostile_value_for_each_setting_that_needs_trust() -> None:
    assert set(HOSTILE) == {key for key, power in POWERS.items() if power is not Power.NONE}


@pytest.mark.parametrize("key", HOSTILE)
def test_a_setting_with_power_is_ignored_and_named_until_it_is_trusted(key: str, place: Path) -> None:
    found = loaded(place, HOSTILE[key])
    bare = Settings(services=(ServiceSettings(name="web"),)) if key.startswith("services.") else Settings()
    assert found.settings == bare
    (file,) = found.guarded
    assert (file.state, file.ignored) == ("undecided", (key,))
    assert "hunter2" not in str(file.grants)
    shown = "services" if key.startswith("services.") else key
    assert found.ignored[shown][1] == "./agentdash.toml"
    answer(place, trusted=True)
    found = loaded(place)
    assert found.settings != Settings() or key in {"read_only", "redis.embedded"}
    assert (found.guarded[0].state, found.guarded[0].ignored, found.ignored) == ("trusted", (), {})
    assert found.origins[shown] == "./agentdash.toml"


def test_what_only_changes_the_screen_is_in_force_at_once(place: Path) -> None:
    text = (
        'read_only = true\ncolor = "never"\nprojects = [".", "./logs"]\n'
        '[redis]\nembedded = false\n[runs]\nmask = true\n[streams]\nexclude = ["a*"]\nlag_limit = 5\n'
        '[logs]\nfiles = ["logs/*.log", "%s/logs/x.log"]\n[findings]\ninbox = ["*/*.jsonl"]\n'
        '[ui]\ntheme = "nord"\n'
        '[[services]]\nname = "web"\nport = 80\nmatch = "web"\ncwd = "logs"\nlog = "web.log"\n'
    )
    found = loaded(place, text % place)
    assert found.guarded == ()
    assert found.settings.read_only
    assert found.settings.streams.lag_limit == 5
    assert found.settings.services == (
        ServiceSettings(name="web", port=80, match="web", cwd="logs", log="web.log"),
    )


@pytest.mark.parametrize(
    "path",
    ["..", "/", "~", "logs/../..", "*/../../x", "logs/**/../../../x", "out/x", "out/*.log", "/dev/zero"],
)
def test_a_path_that_leads_out_of_the_folder_needs_trust(path: str, place: Path) -> None:
    (place / "out").symlink_to(place.parent)
    found = loaded(place, f'[logs]\nfiles = ["logs/a.log", "{path}"]')
    assert found.settings.logs.files == ()
    (grant,) = found.guarded[0].grants  # the other one is harmless
    assert grant.text.startswith(os.path.expanduser(path))  # noqa: PTH111


def test_the_log_of_a_service_is_judged_from_its_folder(place: Path) -> None:
    found = loaded(place, '[[services]]\nname = "web"\ncwd = "logs"\nlog = "../../secret"')
    assert found.guarded[0].ignored == ("services.log",)
    assert found.settings.services == (ServiceSettings(name="web", cwd="logs"),)


def test_the_users_own_protections_stay(place: Path) -> None:
    user = 'read_only = true\nstate_dir = "/mine"\n[redis]\nembedded = false\nurl = "redis://mine"'
    found = loaded(place, "\n".join(HOSTILE[key] for key in ("read_only", "state_dir")), user=user)
    assert found.settings.read_only is True
    assert found.settings.state_dir == "/mine"
    assert found.origins["state_dir"].endswith("config.toml")
    found = loaded(place, '[redis]\nembedded = true\nurl = "redis://theirs"\n[runs]\nmask = false')
    assert (found.settings.redis.embedded, found.settings.redis.url) == (False, "redis://mine")
    assert found.settings.runs.mask is True


def test_what_a_person_names_needs_no_trust(place: Path) -> None:
    text = HOSTILE["ui.notify"]
    (place / "agentdash.toml").write_text(text)
    by_option = load(cwd=place, config=str(place / "agentdash.toml"))
    by_variable = loaded(place, AGENTDASH_CONFIG=str(place / "agentdash.toml"))
    own = loaded(place, "", user=text)
    for found in (by_option, by_variable, own):
        assert (found.settings.ui.notify, found.guarded) == ("./run.sh", ())


def test_a_changed_file_asks_again_and_the_earlier_content_does_not(place: Path) -> None:
    first, second = HOSTILE["ui.notify"], HOSTILE["ui.notify"] + "\n# changed"
    loaded(place, first)
    answer(place, trusted=True)
    assert loaded(place, second).guarded[0].state == "undecided"
    assert loaded(place).settings.ui.notify == ""
    answer(place, trusted=False)
    assert loaded(place).guarded[0].state == "declined"
    assert loaded(place, first).guarded[0].state == "trusted"
    answer(place, trusted=False)  # another answer about the same content takes the place of the first
    assert loaded(place).guarded[0].state == "declined"
    assert forget(decisions_file(), str(place / "agentdash.toml")) == 2
    assert loaded(place).guarded[0].state == "undecided"


def test_trust_is_not_carried_to_another_folder(place: Path, tmp_path: Path) -> None:
    loaded(place, HOSTILE["ui.notify"])
    answer(place, trusted=True)
    (tmp_path / "copy").mkdir()
    assert loaded(tmp_path / "copy", HOSTILE["ui.notify"]).guarded[0].state == "undecided"


@pytest.mark.parametrize("how", ["link", "owner", "everybody"])
def test_a_file_that_others_may_change_is_not_trusted_as_it_lies_there(how: str, place: Path) -> None:
    loaded(place, HOSTILE["ui.notify"])
    answer(place, trusted=True)
    path, words = place / "agentdash.toml", "it is a symbolic link"
    if how == "link":
        path.rename(place / "other.toml")
        path.symlink_to(place / "other.toml")
    elif how == "everybody":
        path.chmod(0o666)
        words = "it is writable by everyone"
    elif os.geteuid() != 0:
        pytest.skip("only root can give files away")
    else:
        os.chown(path, NOBODY, NOBODY)
        words = f"it belongs to another user (uid {NOBODY})"
    found = loaded(place)
    assert (found.guarded[0].state, found.guarded[0].reason) == ("unsafe", words)
    assert found.settings.ui.notify == ""


@as_root
def test_the_users_file_of_another_owner_is_not_the_users(place: Path) -> None:
    loaded(place, "", user=HOSTILE["ui.notify"])
    os.chown(Path(os.environ["XDG_CONFIG_HOME"]) / "agentdash/config.toml", NOBODY, NOBODY)
    assert loaded(place).guarded[0].state == "unsafe"
    assert loaded(place).settings.ui.notify == ""


@pytest.mark.parametrize("kind", ["link", "not JSON", "another shape", "a row", "deep", "pipe"])
def test_decisions_that_cannot_be_read_are_no_decisions_and_the_reason_is_given(
    kind: str, place: Path
) -> None:
    loaded(place, HOSTILE["ui.notify"])
    answer(place, trusted=True)
    path = decisions_file()
    if kind == "link":
        path.rename(place / "planted.json")
        path.symlink_to(place / "planted.json")
    elif kind == "pipe":
        path.unlink()
        os.mkfifo(path)
    else:
        texts = {"not JSON": "{", "another shape": "[]", "a row": '{"decisions": [1]}', "deep": "[" * 100_000}
        path.write_text(texts[kind])
    found = loaded(place)
    assert found.settings.ui.notify == ""
    assert found.guarded[0].state == "undecided"
    assert str(path) in found.guarded[0].reason


def test_decisions_are_bounded_and_only_their_owners(home: Path) -> None:
    path = decisions_file()
    path.parent.mkdir(parents=True, mode=0o700)
    rows = ",".join('{"path": "/%d", "sha256": "a", "trusted": true, "at": 1}' % n for n in range(1200))  # noqa: UP031
    path.write_text(f'{{"decisions": [{rows}]}}')
    decide(path, Decision("/new", "b", True, 2))
    known = read_decisions(path)
    assert (len(known), known[0].path, known[-1].path) == (1000, "/201", "/new")
    assert path.stat().st_mode & 0o777 == 0o600


MONSTERS = {
    "a name of 130 000 parts": "a." * 130_000 + "b = 1",
    "deep lists": "projects = " + "[" * 130_000,
    "deep tables": "a = " + "{a = " * 50_000,
    "digits": "[streams]\npoll = " + "9" * 5000,
    "400 digits": "[streams]\npoll = " + "9" * 400,
    "400 digits whole": "[streams]\nlag_limit = " + "9" * 400,
    "100 000 hexadecimal digits": "[streams]\nlag_limit = 0x" + "f" * 100_000,
    "a text for a number": '[streams]\npoll = "' + "x" * 200_000 + '"',
    "unknown names": "\n".join(f"key{n} = 1" for n in range(20_000)),
    "a long name": '"' + "k" * 200_000 + '" = 1',
    "services without a name": "[[services]]\n" * 15_000,
    "not text": "a = '\x00\x1b[2J'",
    "NUL in a path": 'projects = ["a\\u0000b"]',
    "NUL in a command": '[ui]\nnotify = "a\\u0000b"',
    "NUL in a table": '[ui.keys]\n"a\\u0000b" = "x"',
    "infinite": "[streams]\npoll = inf",
    "no number": "[streams]\npoll = nan",
    "a date": "[streams]\npoll = 9999-12-31",
}


@pytest.mark.parametrize("name", MONSTERS)
def test_monstrous_settings_are_an_error_of_bounded_length(name: str, place: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(place, MONSTERS[name])
    lines = str(caught.value).splitlines()
    assert len(lines) <= MAX_MISTAKES + 1
    assert all(len(line) < 600 and line.isprintable() for line in lines)
    assert "./agentdash.toml" in lines[0] or len(lines[0]) > 400


@pytest.mark.parametrize("by", ["the folder", "--config"])
@pytest.mark.parametrize("kind", ["/dev/zero", "pipe", "folder", "huge"])
def test_what_is_no_small_file_is_an_error_that_names_it(kind: str, by: str, place: Path) -> None:
    path, words = place / "agentdash.toml", "not a regular file"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 30)
            words = "larger than 256 KiB"
        case _:
            path.symlink_to("/dev/zero")
    with pytest.raises(SettingsError, match=words) as caught:
        load(cwd=place, config=str(path) if by == "--config" else None)
    assert (str(path) if by == "--config" else "./agentdash.toml") in str(caught.value)
