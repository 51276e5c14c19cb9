"""The root command: the dashboard, or one of the commands below it."""

from __future__ import annotations

import sys
from typing import Any

import click

from agentdash.cli import config, demo, init, runs, server, views
from agentdash.cli.codes import Code
from agentdash.cli.group import NearestGroup
from agentdash.cli.options import everywhere, settings_of
from agentdash.cli.output import on_terminal


class PipeClosed(Exception):  # noqa: N818 - nobody is at fault
    """Nobody reads what is printed any more."""


class RootGroup(NearestGroup):
    """Tells a closed pipe apart from other errors, before click turns it into exit code 1."""

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
4 a needed service is not there, 130 ctrl+c, 141 the reader of the output went away, 143 SIGTERM.""",
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
    settings = settings_of(ctx)
    if not on_terminal():
        click.echo(
            "agentdash: the dashboard needs a terminal. Without one, ask for a view: "
            "agentdash snapshot --json, "
            "or runs, streams, repos, services, findings, logs with --json.",
            err=True,
        )
        return Code.REFUSED
    from agentdash.cli.screen import show
    from agentdash.runtime.engine import Engine
    from tui.app import AgentDash

    return show(AgentDash(Engine(settings)))


views.add_to(root)
runs.add_to(root)
root.add_command(demo.demo)
root.add_command(init.init)
root.add_command(config.config)
root.add_command(server.server)
root.add_command(config.completion)
