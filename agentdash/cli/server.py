"""Commands about the embedded server."""

from __future__ import annotations

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.options import common_options, settings_of
from agentdash.cli.output import print_data, print_message, print_text
from agentdash.core.commands import Refused


@click.group(
    cls=NearestGroup,
    short_help="The embedded server: status and stop.",
    epilog="\b\nExamples:\n  agentdash server status --json\n  agentdash server stop",
)
@common_options
def server() -> None:
    """The embedded server: used where no other is set and none responds at localhost:6379."""


@server.view(epilog="\b\nExample:\n  agentdash server status")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> int:
    """Print whether it runs, its URL and its process. Exit code 1 when it does not run."""
    from agentdash.core.paths import server_dir
    from agentdash.headless.views import dumps
    from agentdash.server import embedded

    found = embedded.status(server_dir(settings_of(ctx)))
    if as_json:
        print_data(
            dumps(
                {
                    "schema": "agentdash/server/1",
                    "running": found.running,
                    "answers": found.answer is not None,
                    "url": found.url,
                    "pid": found.pid,
                    "folder": str(found.folder),
                },
                indent=2,
            )
        )
    elif not found.running:
        print_text(f"not running; its data is in {found.folder}")
    else:
        how = "" if found.answer is not None else ", but does not respond"
        print_text(f"running as process {found.pid}{how}: {found.url}")
    return ExitCode.SUCCESS if found.running else ExitCode.CHECK_FAILED


@server.view(epilog="\b\nExample:\n  agentdash server stop")
@click.pass_context
def stop(ctx: click.Context) -> int:
    """Stop it, even while it is used. Its data is kept; a program that needs it starts it again."""
    from agentdash.core.paths import server_dir
    from agentdash.server import embedded

    settings = settings_of(ctx)
    if settings.read_only:
        raise Refused("read-only: the server is not stopped")
    print_message("stopped" if embedded.stop(server_dir(settings)) else "it was not running")
    return ExitCode.SUCCESS


def add_to(group: NearestGroup) -> None:
    """Add the command to *group*."""
    group.add_command(server)
