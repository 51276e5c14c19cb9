"""Writes a settings file with what is detected on this machine."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.loop import run_async
from agentdash.cli.options import common_options, settings_of
from agentdash.cli.output import print_message, print_text
from agentdash.core.commands import Refused
from agentdash.core.settings.keys import Power
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.core.text import printable
from agentdash.process_end import SignalHandler, raise_exit
from agentdash.settings.files import FILE_NAME


@click.command(
    short_help="Write a commented settings file with what is detected.",
    epilog="\b\nExamples:\n  agentdash init\n  agentdash init ~/.config/agentdash/config.toml --force",
)
@click.argument("file", default=FILE_NAME, metavar="[FILE]")
@click.option("--force", is_flag=True, help="Overwrite without asking.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit of the detection.",
)
@common_options
@click.pass_context
def init(ctx: click.Context, file: str, force: bool, timeout: float) -> int:
    """Write a commented settings file (./agentdash.toml) with the detected services, streams and roots."""
    settings = settings_of(ctx)
    if settings.read_only:
        raise Refused("read-only: no file is written")
    path = Path(file).expanduser()
    if (path.exists() or path.is_symlink()) and not force:
        if not sys.stdin.isatty():
            raise Refused(f"{file} exists: overwrite it with --force")
        with SignalHandler(raise_exit):
            click.confirm(f"{printable(file)} exists. Overwrite it?", abort=True, err=True)
    return run_async(_write(settings, path, timeout))


async def _write(settings: Settings, path: Path, timeout: float) -> int:  # noqa: ASYNC109
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.settings_file import detected_settings, settings_text

    async with session(settings, [Topic.SERVICES, Topic.STREAMS, Topic.REPOS]) as engine:
        for topic in sorted(await full_pass(engine, timeout)):
            print_message(f"{topic.value}: not detected within {timeout:g} s")
        found = detected_settings(engine.store)
    try:
        _replace(path, settings_text(found))
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {(problem.strerror or str(problem)).lower()}") from problem
    print_text(str(path))
    _trust(path)
    return ExitCode.SUCCESS


def _trust(path: Path) -> None:
    """Trust the file that was just written: it starts nothing."""
    if path.name != FILE_NAME:
        return
    from agentdash.cli.trust import decide, needs_of

    try:
        found = needs_of(path)
        if found is not None and all(grant.power is Power.READ for grant in found.grants):
            decide(found, True)
    except (OSError, Refused) as problem:
        print_message(f"{path} is not trusted yet: {problem}")


def _replace(path: Path, text: str) -> None:
    """Write the whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".agentdash-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def add_to(group: NearestGroup) -> None:
    """Add the command to *group*."""
    group.add_command(init)
