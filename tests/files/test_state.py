"""The program's own files: no link is followed, nobody else's file is touched, what cannot be is said."""

import ast
import json
import os
import socket
from pathlib import Path

import pytest

from agentdash.activity.file import LineFile, read_activity
from agentdash.activity.mutes import change_mutes, read_mutes
from agentdash.core.findings.mutes import Mute
from agentdash.core.snapshot import SourceError
from agentdash.files.small import read_file
from agentdash.files.state import make_folder, open_state, read_state, write_state
from agentdash.server.embedded import EmbeddedServer
from agentdash.server.locks import FileLock
from tests.support import ROOT

PRECIOUS = "precious: not to be lost\n"
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_text(PRECIOUS)
    return path


def appended(path: Path) -> None:
    """Two lines where one is kept: the first is blanked in place, and the file is written anew at its end."""
    file = LineFile(path, 1, slack=1)
    try:
        file.append([b"2026-11-29T10:00:00Z one\n", b"2026-11-29T10:00:00Z two\n"])
    finally:
        file.close()


def muted(path: Path) -> None:
    change_mutes(path, lambda mutes: [*mutes, Mute("a", "b", None)])


WRITERS = {
    "agentdash.log": appended,
    "lock": lambda path: FileLock(path).close(),
    "opened": lambda path: os.close(open_state(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("link", ["symbolic", "hard", "dangling"])
def test_a_link_under_the_name_of_a_file_of_ours_is_an_error(
    name: str, link: str, tmp_path: Path, precious: Path
) -> None:
    make_folder(tmp_path / "state")
    place = tmp_path / "state" / name
    if link == "hard":
        place.hardlink_to(precious)
    else:
        place.symlink_to(precious if link == "symbolic" else tmp_path / "nothing")
    with pytest.raises(OSError, match=r"symbolic link|hard link") as caught:
        WRITERS[name](place)
    assert caught.value.filename == str(place)
    assert precious.read_text() == PRECIOUS
    assert not (tmp_path / "nothing").exists()


def test_what_is_written_as_a_whole_replaces_a_link_and_not_what_it_leads_to(
    tmp_path: Path, precious: Path
) -> None:
    place = tmp_path / "state" / "mutes.json"
    make_folder(place.parent)
    place.symlink_to(precious)
    write_state(place, b"{}")
    assert precious.read_text() == PRECIOUS
    assert (place.is_symlink(), place.read_bytes(), place.stat().st_mode & 0o777) == (False, b"{}", 0o600)
    assert [path.name for path in place.parent.iterdir()] == ["mutes.json"]


def test_mutes_are_not_read_through_a_link(tmp_path: Path, precious: Path) -> None:
    place = tmp_path / "state" / "mutes.json"
    make_folder(place.parent)
    place.symlink_to(precious)
    with pytest.raises(OSError, match="symbolic link"):
        read_mutes(place)
    with pytest.raises(OSError, match="symbolic link"):
        muted(place)


def test_the_copy_that_an_activity_log_is_renewed_by_is_no_link(tmp_path: Path, precious: Path) -> None:
    place = tmp_path / "state" / "agentdash.log"
    make_folder(place.parent)
    place.with_name("agentdash.log.new").symlink_to(precious)
    appended(place)
    assert precious.read_text() == PRECIOUS
    assert read_activity(place) == ["2026-11-29T10:00:00Z two"]


@pytest.mark.parametrize("name", ["server", "server/valkey.log", "server/appendonlydir", "server/start.lock",
                                  "server/users.lock", "server/server.lock"])  # fmt: skip
def test_the_embedded_server_does_not_begin_on_a_link(name: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text(PRECIOUS)
    place = tmp_path / "state" / name
    make_folder(place.parent)
    place.symlink_to(elsewhere if name in {"server", "server/appendonlydir"} else elsewhere / "file")
    with pytest.raises(SourceError, match="symbolic link") as caught:
        EmbeddedServer(tmp_path / "state" / "server").acquire()
    assert str(place) in str(caught.value)
    assert [path.name for path in elsewhere.iterdir()] == ["file"]
    assert (elsewhere / "file").read_text() == PRECIOUS


def test_the_record_of_the_server_is_not_read_through_a_link(tmp_path: Path) -> None:
    """It names a process that is ended, and a socket that is removed."""
    folder = tmp_path / "server"
    make_folder(folder)
    socket_path = tmp_path / "theirs.sock"
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(socket_path))
        record = {"socket": str(socket_path), "pid": 1, "birth": "1", "version": ""}
        (tmp_path / "planted.json").write_text(json.dumps(record))
        (folder / "server.json").symlink_to(tmp_path / "planted.json")
        assert EmbeddedServer(folder).stop() is False
        assert socket_path.exists()


@as_root
@pytest.mark.parametrize("what", ["the folder", "the folder above", "the file"])
def test_a_file_of_another_user_is_an_error(what: str, tmp_path: Path) -> None:
    place = tmp_path / "above" / "state" / "mutes.json"
    make_folder(place.parent)
    place.write_text('{"mutes": []}')
    given = {"the folder": place.parent, "the folder above": place.parent.parent, "the file": place}[what]
    os.chown(given, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match=f"belongs to another user .uid {NOBODY}"):
        muted(place)
    assert place.read_text() == '{"mutes": []}'


def test_a_folder_that_everybody_may_write_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    with pytest.raises(PermissionError, match="everybody may write to it"):
        make_folder(tmp_path / "state")
    make_folder(tmp_path / "state", only_ours=True)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_files_and_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "file"
    os.close(open_state(place, os.O_WRONLY | os.O_CREAT))
    write_state(place.with_name("other"), b"1")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    assert modes == {"b": 0o700, "file": 0o600, "other": 0o600}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "socket", "endless", "huge", "missing", "nul"])
@pytest.mark.parametrize("read", [read_file, read_state])
def test_only_a_regular_file_of_bounded_size_is_read(kind: str, read: object, tmp_path: Path) -> None:
    path, words = tmp_path / "file", "not a regular file"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/null")
        case "endless":
            path = Path("/dev/zero")
        case "folder":
            path.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as theirs:
                theirs.bind(str(path))
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 30)
            words = "larger than 64 KiB"
        case "nul":
            path, words = Path(f"{tmp_path}/a\0b"), "no file has such a name"
        case _:
            words = "No such file"
    with pytest.raises(OSError, match=words) as caught:
        read(path, 64 * 1024)  # type: ignore[operator]
    assert caught.value.filename == str(path)


def test_a_file_of_just_the_most_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert read_file(tmp_path / "file", 100_000) == b"x" * 100_000
    with pytest.raises(OSError, match="larger"):
        read_file(tmp_path / "file", 99_999)


@as_root
def test_a_state_folder_below_that_of_another_user_is_not_created(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(SourceError, match="belongs to another user") as caught:
        EmbeddedServer(theirs / "agentdash" / "server").acquire()
    assert str(theirs) in str(caught.value)
    assert "state_dir" in str(caught.value.cure)
    assert list(theirs.iterdir()) == []


WRITERS_OF_THEIR_OWN = {
    "agentdash/files/small.py": "opens what others ask for",
    "agentdash/files/state.py": "opens all state files",
    "agentdash/cli/init.py": "the file that a person named, put in its place whole",
    "tui/screens/logs/actions.py": "the file that a person named, which must not exist",
    "agentdash/actions/services/control.py": "the null device as a service's log",
    "agentdash/cli/stdio.py": "the null device in place of a closed standard output",
}
_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT"}
_ALWAYS = {"write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "symlink_to", "hardlink_to"}


def writes(node: ast.AST) -> bool:
    """Whether *node* is a call that opens a file to write to it."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _ALWAYS:
        return True
    if name != "open":
        return False
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    flags = {part.attr for one in given for part in ast.walk(one) if isinstance(part, ast.Attribute)}
    plain = any(set(mode) <= set("rwxabt+") and set(mode) & set("wxa+") for mode in modes)
    hidden = ast.unparse(node.func) == "os.open" and "O_" not in ast.unparse(node)
    return plain or hidden or bool(flags & _FLAGS)


def test_nothing_else_opens_a_file_to_write_to_it() -> None:
    """A new file of our own is opened by `open_state` or `write_state`, so that no link is followed."""
    root = ROOT
    found = set()
    for top in ("agentdash", "collectors", "tui"):
        for path in (root / top).rglob("*.py"):
            name = path.relative_to(root).as_posix()
            if not name.startswith("agentdash/demo/") and any(
                map(writes, ast.walk(ast.parse(path.read_text())))
            ):
                found.add(name)
    assert found <= WRITERS_OF_THEIR_OWN.keys()
    assert found >= {"agentdash/files/state.py", "tui/screens/logs/actions.py"}  # it sees them
