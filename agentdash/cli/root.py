"""The root command: the dashboard, or one of the commands below it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.options import common_options, loaded_of, settings_of, warn_ignored
from agentdash.cli.output import no_terminal
from agentdash.core.snapshot import Topic

if TYPE_CHECKING:
    from agentdash.settings.load import Loaded


class PipeClosed(Exception):  # noqa: N818 - nobody is at fault
    """The reader of the output has closed the pipe."""


COMMANDS = {
    **dict.fromkeys(("snapshot", *Topic), "views"),
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
    """Imports a command when it is used, so that the dashboard does not wait for the others.

    It also reports a closed pipe, before click turns it into exit code 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with that name; None where there is none."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            importlib.import_module(f"agentdash.cli.{COMMANDS[cmd_name]}").add_to(self)
        return super().get_command(ctx, cmd_name)

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Parse the command line; this prints help."""
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
  agentdash                                  the dashboard
  agentdash --projects ~/code --read-only    with these repositories, changing nothing
  agentdash demo                             with a small real fleet, ended when it quits
  agentdash streams --json | jq .items       a view for programs

\b
Exit codes: 0 success, 1 check failed, 2 wrong use or refused, 3 not read in time,
4 a required service is not available, 5 a change was sent and no answer came: it may have been carried out,
130 ctrl+c, 141 the reader of the output closed the pipe, 143 SIGTERM.""",
)
@common_options
@click.version_option(package_name="agentdash", message="agentdash %(version)s")
@click.pass_context
def root(ctx: click.Context) -> int | None:
    """A live dashboard for coding agents, their Redis streams, repositories, services and logs.

    Without a command it opens the dashboard. Every view is also available as a table or as JSON.
    """
    if ctx.invoked_subcommand is not None:
        return None
    return dashboard(ctx)


def dashboard(ctx: click.Context) -> int:
    """Open the dashboard; without a terminal, name the alternatives."""
    if (why := no_terminal()) is not None:
        settings_of(ctx)  # errors in them are reported first
        click.echo(
            f"agentdash: the dashboard needs a terminal, and {why}. Without one, print a view: "
            f"agentdash snapshot --json, or {', '.join(Topic)} with --json.",
            err=True,
        )
        return ExitCode.REFUSED
    from agentdash.cli.screen import show
    from agentdash.runtime.engine import Engine
    from tui.app import AgentDash

    loaded, lines = _asked(ctx)
    return show(AgentDash(Engine(loaded.settings, untrusted=lines), opening=True))


def _asked(ctx: click.Context) -> tuple[Loaded, tuple[str, ...]]:
    """The settings, after a prompt where a file needs trust; warnings about settings that are ignored."""
    loaded = loaded_of(ctx)
    if loaded.guarded:
        from agentdash.cli.trust import ask

        if ask(loaded):
            loaded = loaded_of(ctx)
    return loaded, warn_ignored(loaded)
