"""Commands about the trust in settings files of folders."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.options import common_options, options_of
from agentdash.cli.output import print_data, print_message
from agentdash.core.commands import Refused
from agentdash.core.text import printable
from agentdash.settings.files import FILE_NAME
from agentdash.settings.trust import FolderFile

if TYPE_CHECKING:
    from agentdash.cli.group import NearestGroup
    from agentdash.settings.load import Loaded

MAX_PROMPT_GRANTS = 30
"""Maximum number of permissions in a prompt at the start of the dashboard, so that all fit on the screen."""
MAX_PROMPT_TEXT = 4000
"""Maximum number of characters of them."""


@click.command(
    short_help="Trust the settings file of this folder, after confirmation.",
    epilog="\b\nExamples:\n  agentdash trust\n  agentdash trust ~/code/shop/agentdash.toml --yes\n"
    "  agentdash trust --list\n  agentdash trust --revoke",
)
@click.argument("file", default=FILE_NAME, metavar="[FILE]")
@click.option("--yes", is_flag=True, help="Trust it without confirmation.")
@click.option("--list", "listed", is_flag=True, help="Print all decisions.")
@click.option("--revoke", is_flag=True, help="Remove the decision about FILE.")
@common_options
@click.pass_context
def trust(ctx: click.Context, file: str, yes: bool, listed: bool, revoke: bool) -> int:
    """Show what FILE (./agentdash.toml) would be allowed, and trust it after confirmation.

    Settings of programs, servers, the state folder, protections, keys and files outside of the folder are
    ignored until the file is trusted. The decision applies to its content: a changed file asks again.
    """
    if listed:
        return _list()
    if options_of(ctx).values.get("read_only"):
        raise Refused("read-only: nothing is decided")
    path = _place(file)
    if revoke:
        return _revoke(path)
    found = needs_of(path)
    if found is None:
        print_message(f"{path} needs no trust: it only changes what is shown, or how often")
        return ExitCode.SUCCESS
    if found.state == "unsafe":
        raise Refused(unsafe_message(found))
    for line in described(found):
        print_data(line)
    if found.state == "trusted":
        print_message(f"{path} is trusted; undo with --revoke")
        return ExitCode.SUCCESS
    if not yes and not sys.stdin.isatty():
        raise Refused("nothing is trusted: trust it without confirmation with --yes")
    agreed = yes or click.confirm("Trust it?", default=False, err=True)
    decide(found, agreed)
    print_message(f"{path} is {'trusted' if agreed else 'not trusted'}, as long as it does not change")
    return ExitCode.SUCCESS if agreed else ExitCode.REFUSED


def _place(file: str) -> Path:
    """The settings file *file*, or the one in the folder *file*; absolute, with links above it resolved."""
    path = Path(file).expanduser()
    path = path / FILE_NAME if path.is_dir() else path
    if path.name != FILE_NAME:
        raise Refused(f"only the {FILE_NAME} of a folder needs trust; --config FILE does not")
    return path.parent.resolve() / path.name


def needs_of(path: Path) -> FolderFile | None:
    """What the settings file *path* needs trust for, whatever the decision; None where it needs none.

    Raises:
        Refused: where there is no such file.
        SettingsError: where it is invalid.
    """
    from agentdash.settings.load import load

    if not path.is_file() and not path.is_symlink() and not path.exists():
        raise Refused(f"{path} does not exist")
    path = path.parent.resolve() / path.name
    env = {name: value for name, value in os.environ.items() if not name.startswith("AGENTDASH_")}
    return next((one for one in load(env=env, cwd=path.parent).guarded if one.path == path), None)


def described(found: FolderFile) -> Iterator[str]:
    """What *found* would be allowed, line by line: printable and complete.

    Only the login of a server's URL is masked. A command is shown unmasked: a masked part could be harmful.
    """
    yield f"{printable(str(found.path))} (SHA-256 {found.sha256[:12]}…) would be allowed:"
    for grant in found.grants:
        yield f"  {grant.key}: {grant.power}: {printable(grant.text)}"
    counted = Counter(grant.power for grant in found.grants)
    yield "Total: " + ", ".join(f"{power} ({count})" for power, count in counted.items())


def unsafe_message(found: FolderFile) -> str:
    """Why a file cannot be trusted, and what to do."""
    return (
        f"{found.path} cannot be trusted: {found.reason}. Make it your own file, writable only by "
        "you, or name it with --config"
    )


def decide(found: FolderFile, trusted: bool) -> None:
    """Save the decision.

    Raises:
        Refused: where it cannot be saved.
    """
    from agentdash.settings import decisions

    now = round(datetime.now(UTC).timestamp() * 1000)
    decision = decisions.Decision(str(found.path), found.sha256, trusted, now)
    try:
        decisions.decide(decisions.decisions_file(), decision)
    except (OSError, RuntimeError, ValueError) as problem:
        raise Refused(f"the decision cannot be saved: {_message(problem)}") from problem


def ask(loaded: Loaded) -> bool:
    """Ask about the undecided files and save the decisions; returns whether one was trusted."""
    agreed = False
    for found in loaded.guarded:
        if found.state != "undecided" or found.reason:
            continue
        lines = list(described(found))
        if len(found.grants) > MAX_PROMPT_GRANTS or sum(map(len, lines)) > MAX_PROMPT_TEXT:
            print_message(f"{found.shown} needs too many permissions for a prompt: see `agentdash trust`")
            continue
        for line in lines:
            click.echo(line, err=True)
        click.echo("Until it is trusted these settings are ignored; the others apply.", err=True)
        answer = click.confirm("Trust it?", default=False, err=True)
        try:
            decide(found, answer)
        except Refused as why:  # the dashboard starts without it
            print_message(str(why))
        else:
            agreed = agreed or answer
    return agreed


def _list() -> int:
    from agentdash.settings import decisions

    try:
        known = decisions.read_decisions(decisions.decisions_file())
    except (OSError, RuntimeError, ValueError) as problem:
        raise Refused(f"decisions cannot be read: {_message(problem)}") from problem
    for one in known:
        at = datetime.fromtimestamp(one.at / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        answer = "trusted " if one.trusted else "declined"
        print_data(f"{answer}  {at}  {one.sha256[:12]}  {printable(one.path)}")
    if not known:
        print_message("no decisions yet")
    return ExitCode.SUCCESS


def _revoke(path: Path) -> int:
    from agentdash.settings import decisions

    try:
        count = decisions.forget(decisions.decisions_file(), str(path))
    except (OSError, RuntimeError, ValueError) as problem:
        raise Refused(f"decisions cannot be changed: {_message(problem)}") from problem
    if not count:
        raise Refused(f"there is no decision about {path}; --list shows all")
    print_message(f"decision removed: {path} asks again")
    return ExitCode.SUCCESS


def _message(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return f"{problem.filename}: {problem.strerror}"
    return str(problem)


def add_to(group: NearestGroup) -> None:
    """Add the command to *group*."""
    group.add_command(trust)
