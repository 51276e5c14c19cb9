"""Commands that run an agent under control, and that control runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.loop import run_async
from agentdash.cli.options import common_options, settings_of
from agentdash.cli.output import print_data, print_message
from agentdash.core.commands import Effect, Outcome, Refused
from agentdash.core.runs.model import ControlAction
from agentdash.core.settings.model import Settings
from agentdash.process_end import SignalHandler, raise_exit

if TYPE_CHECKING:
    from agentdash.headless.runs.control import Orphan
    from agentdash.runner.spec import RunSpec


def add_to(group: NearestGroup) -> None:
    """Add the commands to *group*."""
    group.add_command(run)
    for action, summary in _CONTROL.items():
        group.add_command(_control_command(action, summary))


@click.command(
    short_help="Run an agent, any COMMAND, under control.",
    context_settings={"allow_interspersed_args": False},
    epilog="""\b
Examples:
  agentdash run -- codex exec "fix the failing test"
  agentdash run --turns 10 --until 'ALL DONE' --prompt-file prompt.md -- claude -p
  agentdash run --detach --title nightly -- make test

The run's stream keeps about runs.events_maxlen (10 000) events and lines of output; the record is kept for
ever. Known kinds of secrets are masked in both (runs.mask). The output of codex exec --json and of claude -p
--output-format stream-json is parsed automatically.""",
)
@click.option(
    "--turns",
    type=click.IntRange(1),
    help="Number of turns.  [default: 1; for a takeover: the remaining turns]",
)
@click.option("--until", metavar="REGEX", help="Done when a line of output matches.")
@click.option("--stop-file", metavar="PATH", help="Done when PATH exists after a turn.")
@click.option(
    "--prompt-file", metavar="PATH", help="Feed PATH to COMMAND's standard input, read again for each turn."
)
@click.option(
    "--log", "logs", metavar="PATH", multiple=True, help="Report what is appended to PATH; repeatable."
)
@click.option("--cwd", metavar="DIR", help="Run COMMAND in DIR.")
@click.option("--title", help="Shown title; by default the command.")
@click.option("--detach", is_flag=True, help="Print the run's id at once and continue in the background.")
@click.option(
    "--pause",
    type=click.Choice(["boundary", "freeze"]),
    default="boundary",
    show_default=True,
    help="Pause at the end of the turn, or stop the processes at once.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between SIGTERM and SIGKILL when it is cancelled.",
)
@click.option(
    "--stdin", "pipe_stdin", is_flag=True, help="Let COMMAND read the standard input of this command."
)
@click.option("--run-id", metavar="ID", help="Use this id; that of a run without a worker takes it over.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@common_options
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> int:
    """Run an agent, any COMMAND, under control: in turns, recorded in Redis, controlled from anywhere.

    Exit code 0 when the run completed, 1 when it failed or was cancelled, 4 when it completed and that could
    not be recorded, 130 after ctrl+c.
    """
    settings = settings_of(ctx)
    if settings.read_only:
        raise Refused("read-only: no run is started")
    from agentdash.runner.spec import RunSpec

    spec = RunSpec(**options)
    wrong = spec.check()
    if wrong:
        raise click.UsageError(wrong, ctx)
    return run_async(_work(spec, settings))


async def _work(spec: RunSpec, settings: Settings) -> int:
    from agentdash.headless.server import open_server
    from agentdash.runner.launch import run_worker

    async with open_server(settings) as (handle, activity):
        return await run_worker(spec, handle, settings, activity)


_CONTROL = {
    ControlAction.PAUSE: "Pause a run at the end of its turn.",
    ControlAction.RESUME: "Resume a paused run.",
    ControlAction.CANCEL: "Cancel a run: SIGTERM to its processes, SIGKILL after its grace period.",
}
_ORPHANS = (
    "A run without a worker (`orphaned` in agentdash runs) is cleaned up instead, after confirmation: its "
    "remaining processes on this machine are ended, and it is marked as failed."
)


def _control_command(action: ControlAction, summary: str) -> click.Command:
    cancels = action is ControlAction.CANCEL
    about = f"{summary}\n\n{_ORPHANS}" if cancels else summary
    example = "\n  agentdash cancel 3f2a --yes     # also where it has no worker" if cancels else ""

    @click.command(
        action.value,
        help=f"{about}\n\nRUN is an id, a unique prefix of one, or a title (of several runs the one that "
        "has not ended). Exit code 2 when "
        "the run's state does not allow it; with --wait, 3 when it was not done in time, 1 when the run "
        "ended otherwise; 5 when it was sent and no answer came: it may have been carried out.",
        short_help=summary,
        epilog=f"\b\nExamples:\n  agentdash {action} 3f2a\n  agentdash {action} nightly\n"
        f"  agentdash {action} 3f2a --reason 'too expensive' --wait{example}",
    )
    @click.argument("run_id", metavar="RUN")
    @click.option("--reason", help="Reason, for the record.")
    @click.option("--wait", is_flag=True, help="Wait until the worker has done it.")
    @click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="Time limit of --wait.",
    )
    @common_options
    @click.pass_context
    def control_run(
        ctx: click.Context, run_id: str, reason: str | None, wait: bool, timeout: float, yes: bool = False
    ) -> int:
        settings = settings_of(ctx)
        orphans: list[Orphan] = []
        code = run_async(
            _control(
                settings, run_id, action, reason, timeout if wait else None, orphans if cancels else None
            )
        )
        if not orphans:
            return code
        _ask(orphans[0], yes=yes)
        return run_async(_clean_up(settings, orphans[0]))

    if cancels:
        yes = click.Option(["--yes"], is_flag=True, help="Clean up without confirmation.")
        control_run.params.insert(4, yes)
    return control_run


async def _control(
    settings: Settings,
    prefix: str,
    action: ControlAction,
    reason: str | None,
    patience: float | None,
    orphans: list[Orphan] | None,
) -> int:
    """Request it of the worker and wait *patience* seconds; a run that has none is added to *orphans*."""
    from agentdash.headless.runs.control import controlled_run

    async with controlled_run(settings, prefix) as run:
        if orphans is not None and (orphan := await run.orphan()) is not None:
            orphans.append(orphan)
            return ExitCode.REFUSED
        outcome = await run.request(action, reason)
        print_message(outcome.titled)
        unsure = outcome.effect is Effect.UNSURE
        if patience is None or not (outcome.ok or unsure):
            return ExitCode.SUCCESS if outcome.ok else _code(outcome)
        try:
            print_data((await run.effect(action, patience)).value)
        except TimeoutError:
            if unsure:
                print_message(
                    f"{run.run_id}: not within {patience:g} s; whether it was requested is not known"
                )
                return ExitCode.UNSURE
            print_message(f"{run.run_id}: not within {patience:g} s; it remains requested")
            return ExitCode.TIMED_OUT
        except Refused as otherwise:
            print_message(str(otherwise))
            return ExitCode.CHECK_FAILED
    return ExitCode.SUCCESS


def _ask(orphan: Orphan, *, yes: bool) -> None:
    """Print what the clean-up of a run without a worker does, and ask for confirmation.

    Raises:
        Refused: where there is no terminal to ask on.
        click.Abort: where the answer is no.
    """
    print_message(f"Run {orphan.run.id} has no worker.")
    for line in orphan.question:
        print_message(line)
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("nothing was done: clean it up with --yes")
    with SignalHandler(raise_exit):
        click.confirm("Clean it up?", abort=True, err=True)


async def _clean_up(settings: Settings, orphan: Orphan) -> int:
    from agentdash.headless.runs.control import controlled_run

    async with controlled_run(settings, orphan.run.id) as run:
        outcomes = await run.clean_up(orphan)
    for outcome in outcomes:
        print_message(outcome.titled)
    if not outcomes[-1].ok:
        return _code(outcomes[-1])
    print_data("failed")
    return ExitCode.SUCCESS


def _code(outcome: Outcome) -> ExitCode:
    """The exit code of a command that was not carried out."""
    return ExitCode.UNSURE if outcome.effect is Effect.UNSURE else ExitCode.REFUSED
