"""The root command: the dashboard, or one of the commands below it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from agentdash.cli.codes import Code
from agentdash.cli.group import NearestGroup
from agentdash.cli.options import everywhere, loaded_of, say_ignored, settings_of
from agentdash.cli.output import no_terminal

if TYPE_CHECKING:
    from agentdash.settings.load import Loaded


class PipeClosed(Exception):  # noqa: N818 - nobody is at fault
    """Nobody reads what is printed any more."""


COMMANDS = {
    **dict.fromkeys(("snapshot", "runs", "streams", "repos", "services", "findings", "logs"), "views"),
    **dict.fromkeys(("run", "pause", "resume", "cancel"), "runs"),
    "demo": "demo",
    "init": "init",
    "config": "config",
    "trust": "trust",
    "server": "server",
    "completion": "config",
}
"""All commands, the most used first, and the module beside this one that adds each to the group."""


class RootGroup(NearestGroup):
    """Loads a command when it is asked for, so that the dashboard does not wait for the others.

    It also tells a closed pipe apart from other errors, before click turns it into exit code 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            importlib.import_module(f"agentdash.cli.{COMMANDS[cmd_name]}").add_to(self)
        return super().get_command(ctx, cmd_name)

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the command line; help is printed here."""
        try:
            return super().make_context(*args, **more)
        except BrokenPipeError:
            raise PipeClosed from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise PipeClosed from None
        return result


@click.group(
    cls=RootGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  agentdash                                  the dashboard on what is here
  agentdash --projects ~/code --read-only    on other repositories, changing nothing
  agentdash demo                             on a small real fleet that it starts and ends itself
  agentdash streams --json | jq .items       a view for programs

\b
Exit codes: 0 fine, 1 the thing asked about is bad, 2 wrong use or refused, 3 not reached in time,
4 a needed service is not there, 5 a change was sent and no answer came: it may have been carried out,
130 ctrl+c, 141 the reader of the output went away, 143 SIGTERM.""",
)
@everywhere
@click.version_option(package_name="agentdash", message="agentdash %(version)s")
@click.pass_context
def root(ctx: click.Context) -> int | None:
    """A live dashboard for coding agents, their Redis streams, repositories, services and logs.

    Without a command it opens the dashboard. Every view can be had without it, as a table or as JSON.
    """
    if ctx.invoked_subcommand is not None:
        return None
    return dashboard(ctx)


def dashboard(ctx: click.Context) -> int:
    """Open the dashboard; without a terminal, say what there is instead."""
    if (why := no_terminal()) is not None:
        settings_of(ctx)  # what is wrong with them is said first
        click.echo(
            f"agentdash: the dashboard needs a terminal, and {why}. Without one, ask for a view: "
            "agentdash snapshot --json, "
            "or runs, streams, repos, services, findings, logs with --json.",
            err=True,
        )
        return Code.REFUSED
    from agentdash.cli.screen import show
    from agentdash.runtime.engine import Engine
    from tui.app import AgentDash

    loaded, lines = _asked(ctx)
    return show(AgentDash(Engine(loaded.settings, untrusted=lines), opening=True))


def _asked(ctx: click.Context) -> tuple[Loaded, tuple[str, ...]]:
    """The settings, after a question where a file needs trust; what is said of settings that are ignored."""
    loaded = loaded_of(ctx)
    if loaded.guarded:
        from agentdash.cli.trust import ask

        if ask(loaded):
            loaded = loaded_of(ctx)
    return loaded, say_ignored(loaded)
