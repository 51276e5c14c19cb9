"""The demo: a small real fleet, shown by the dashboard or as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.loop import run_async
from agentdash.cli.options import common_options, settings_of
from agentdash.cli.output import no_terminal, print_data, print_message
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.process_end import SignalHandler, ignore_signal

if TYPE_CHECKING:
    from agentdash.demo.fleet import Fleet


@click.command(
    short_help="A small real fleet, shown in the dashboard.",
    epilog="\b\nExamples:\n  agentdash demo\n  agentdash demo --headless 20 | jq '.views.findings.items'",
)
@click.option(
    "--headless",
    type=click.FloatRange(0, 3600),
    metavar="SECONDS",
    help="Print all views as one JSON document after this time, without a screen.",
)
@common_options
@click.pass_context
def demo(ctx: click.Context, headless: float | None) -> int:
    """Start a small real fleet in a temporary folder, with its own server, and show it in the dashboard.

    It has real agents' workers, git repositories and services, some of them with faults. Quitting ends every
    process and removes every file.
    """
    settings = settings_of(ctx)
    if headless is not None:
        return run_async(_headless(settings, headless))
    if (why := no_terminal()) is not None:
        print_message(f"the demo needs a terminal, and {why}. Without one: agentdash demo --headless 20")
        return ExitCode.REFUSED
    return _dashboard(settings)


def _of_demo(fleet: Settings, own: Settings) -> Settings:
    """The fleet's settings, with the person's own for the screen and for changes."""
    return replace(fleet, read_only=own.read_only, color=own.color, ui=own.ui)


async def _headless(own: Settings, seconds: float) -> int:
    from agentdash.demo.fleet import Fleet
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.views import all_views, dumps

    fleet = Fleet()
    try:
        settings = _of_demo(await fleet.start(), own)
        async with session(settings, Topic) as engine:
            await asyncio.sleep(seconds)
            missed = await full_pass(engine)
            print_data(dumps(all_views(engine.store, engine.clock.now_ms(), engine.host), indent=2))
    finally:
        await fleet.stop()
    return ExitCode.TIMED_OUT if missed else ExitCode.SUCCESS


async def _start(fleet: Fleet, started: list[Settings]) -> int:
    started.append(await fleet.start())
    return ExitCode.SUCCESS


def _dashboard(own: Settings) -> int:
    from agentdash.cli.screen import show
    from agentdash.demo.fleet import Fleet
    from agentdash.runtime.engine import Engine

    fleet = Fleet()
    try:
        print_message("starting a small real fleet …")
        started: list[Settings] = []
        if code := run_async(_start(fleet, started)):
            return code
        settings = _of_demo(started[0], own)
        from tui.app import AgentDash

        engine = Engine(settings, cwd=fleet.folder)
        return show(AgentDash(engine, label="demo", closing=fleet.stop, opening=True))
    finally:
        with SignalHandler(ignore_signal):
            asyncio.run(fleet.stop())


def add_to(group: NearestGroup) -> None:
    """Add the command to *group*."""
    group.add_command(demo)
