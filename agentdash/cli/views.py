"""The commands that print views: as tables, as JSON, or with ``--watch`` a document for each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from agentdash.cli.exit_codes import ExitCode
from agentdash.cli.group import NearestGroup
from agentdash.cli.loop import run_async
from agentdash.cli.options import common_options, settings_of, use_color
from agentdash.cli.output import print_data, print_message, width
from agentdash.core.findings.model import Severity
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.headless.subjects import SUBJECTS

if TYPE_CHECKING:
    from agentdash.core.streams.model import StreamsSnapshot
    from agentdash.headless.envelope import HealthNow
    from agentdash.runtime.engine import Engine

_ENDING = """

Waits until everything was read once; `health` reports what could not be read. Exit code 3 when something
was not read in time, 4 when its source is not available.
"""
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
_WATCH = click.option("--watch", is_flag=True, help="JSON Lines: one document now, and one for each change.")
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, metavar="SECONDS",
    help="Time limit of the first full pass.",
)  # fmt: skip


def add_to(group: NearestGroup) -> None:
    """Add the commands of all views to *group*."""
    group.add_command(snapshot)
    for topic in SUBJECTS:
        group.add_command(_OWN_OPTIONS.get(topic) or _view(topic))


def _view(topic: Topic) -> click.Command:
    """The command of a view that has no options of its own."""

    def show(ctx: click.Context, as_json: bool, watch: bool, timeout: float) -> int:
        return _show(settings_of(ctx), topic, as_json=as_json, watch=watch, timeout=timeout)

    return _command(topic)(click.pass_context(show))


def _command(topic: Topic) -> Callable[[Callable[..., Any]], click.Command]:
    name = topic.value

    def make(function: Callable[..., Any]) -> click.Command:
        for option in (_TIMEOUT, _WATCH, _JSON):
            function = option(function)
        return click.command(
            name,
            help=SUBJECTS[topic].summary + _ENDING,
            short_help=SUBJECTS[topic].summary,
            epilog=f"\b\nExamples:\n  agentdash {name}\n  agentdash {name} --json | jq '.items[]'\n"
            f"  agentdash {name} --watch",
        )(common_options(function))

    return make


@_command(Topic.FINDINGS)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity], case_sensitive=False),
    help="Exit code 1 when there is an active finding of this severity or worse.",
)
@click.pass_context
def findings(ctx: click.Context, as_json: bool, watch: bool, timeout: float, fail_on: str | None) -> int:
    """Print findings."""
    least = Severity(fail_on) if fail_on else None
    return _show(
        settings_of(ctx), Topic.FINDINGS, as_json=as_json, watch=watch, timeout=timeout, fail_on=least
    )


@click.command(
    epilog="\b\nExamples:\n  agentdash snapshot --json | jq '.views.runs.items'\n"
    "  agentdash snapshot > now.txt"
)
@_JSON
@_TIMEOUT
@common_options
@click.pass_context
def snapshot(ctx: click.Context, as_json: bool, timeout: float) -> int:
    """Print all views.

    Exit code 3 when a view was not read in time; it is in the document too, and its `health` reports it.
    """
    return run_async(_snapshot(settings_of(ctx), as_json, timeout))


async def _snapshot(settings: Settings, as_json: bool, timeout: float) -> int:  # noqa: ASYNC109
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.views import all_views, dumps

    async with session(settings, Topic) as engine:
        missed = await full_pass(engine, timeout)
        if as_json:
            print_data(dumps(all_views(engine.store, engine.clock.now_ms(), engine.host), indent=2))
        else:
            for topic in Topic:
                print_data(topic.value.upper())
                _table(engine, topic, settings)
                print_data("")
    return ExitCode.TIMED_OUT if missed else ExitCode.SUCCESS


@click.command(
    short_help=SUBJECTS[Topic.LOGS].summary,
    epilog="\b\nExamples:\n  agentdash logs\n  agentdash logs --json | jq 'select(.level == \"error\")'\n"
    "  agentdash logs --watch /var/log/app/*.log\n  kubectl logs web | agentdash logs --json -",
)
@click.argument("files", nargs=-1, metavar="[FILE]…")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object a line of input.")
@click.option("--watch", is_flag=True, help="JSON Lines: also each line that is written from now on.")
@_TIMEOUT
@common_options
@click.pass_context
def logs(ctx: click.Context, files: tuple[str, ...], as_json: bool, watch: bool, timeout: float) -> int:
    """Print lines of the followed logs, or of FILEs, as records: time, level, service, message, fields.

    FILE may be - for standard input. Secrets are masked, and control characters are replaced.
    """
    settings = settings_of(ctx)
    if files and not (watch and "-" not in files):
        return _read_files(files, as_json or watch, use_color(settings))
    if files:
        logs_of = replace(settings.logs, files=files, started=False)
        settings = replace(settings, services=(), logs=logs_of, confined={})
    if watch:
        return run_async(_watch_logs(settings, own=not files))
    return _show(settings, Topic.LOGS, as_json=as_json, watch=False, timeout=timeout)


_OWN_OPTIONS = {Topic.FINDINGS: findings, Topic.LOGS: logs}
"""Commands of views with options of their own."""


def _read_files(files: tuple[str, ...], as_json: bool, color: bool) -> int:
    from agentdash.headless.logs.files import lines_of
    from agentdash.headless.logs.text import log_text
    from agentdash.headless.logs.view import LOG_LINE
    from agentdash.headless.views import dumps

    code = ExitCode.SUCCESS
    for file in files:
        try:
            for line in lines_of(file):
                print_data(dumps(LOG_LINE.document(line)) if as_json else log_text(line, color=color))
        except BrokenPipeError:
            raise
        except OSError as problem:
            print_message(f"{file} cannot be read: {(problem.strerror or str(problem)).lower()}")
            code = ExitCode.UNAVAILABLE
    return code


async def _watch_logs(settings: Settings, *, own: bool) -> int:
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.views import dumps
    from agentdash.headless.watch import new_lines

    async with session(settings, [Topic.LOGS]) as engine:
        await full_pass(engine)
        _print_unreadable(engine)
        async for line in new_lines(engine, own=own):
            print_data(dumps(line))
    return ExitCode.SUCCESS


def _show(
    settings: Settings,
    topic: Topic,
    *,
    as_json: bool,
    watch: bool,
    timeout: float,
    fail_on: Severity | None = None,
) -> int:
    work = _watch(settings, topic) if watch else _once(settings, topic, as_json, timeout, fail_on)
    return run_async(work)


async def _watch(settings: Settings, topic: Topic) -> int:
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.views import dumps
    from agentdash.headless.watch import changes

    async with session(settings, [topic]) as engine:
        await full_pass(engine)
        async for made in changes(engine, topic):
            print_data(dumps(made))
    return ExitCode.SUCCESS


async def _once(
    settings: Settings,
    topic: Topic,
    as_json: bool,
    timeout: float,  # noqa: ASYNC109 - a bound for the engine
    fail_on: Severity | None,
) -> int:
    from agentdash.headless.envelope import health_at
    from agentdash.headless.logs.view import LOG_LINE
    from agentdash.headless.session import full_pass, session
    from agentdash.headless.views import document, dumps

    async with session(settings, [topic]) as engine:
        missed = await full_pass(engine, timeout)
        now = engine.clock.now_ms()
        health = health_at(engine.store.health.get(topic), now)
        if not as_json:
            _table(engine, topic, settings)
        elif topic is Topic.LOGS:
            for line in engine.store.logs:
                print_data(dumps(LOG_LINE.document(line)))
        else:
            print_data(dumps(document(topic, engine.store, now, engine.host), indent=2))
        if as_json and health.error:
            _print_problem(topic, health)
        found = engine.store.findings.findings if engine.store.findings else ()
    if missed:
        return ExitCode.TIMED_OUT
    if health.state == "error":
        return ExitCode.UNAVAILABLE
    bad = fail_on is not None and any(f.active and f.symptom.severity.rank <= fail_on.rank for f in found)
    return ExitCode.CHECK_FAILED if bad else ExitCode.SUCCESS


def _table(engine: Engine, topic: Topic, settings: Settings) -> None:
    """Print a view as a table; messages about it go to stderr."""
    from agentdash.headless.envelope import health_at
    from agentdash.headless.grid import render
    from agentdash.headless.logs.text import log_text
    from agentdash.headless.views import gaps, table

    store, now, color = engine.store, engine.clock.now_ms(), use_color(settings)
    health = health_at(store.health.get(topic), now)
    empty, lacking = "no lines yet", [] if topic is Topic.LOGS else gaps(topic, store)
    if topic is Topic.LOGS:
        for line in store.logs:
            print_data(log_text(line, color=color))
        rows = len(store.logs)
        _print_unreadable(engine)
    else:
        grid = table(topic, store, now)
        for text in render(grid, width=width(), color=color):
            print_data(text)
        rows, empty = len(grid.rows), grid.empty
        if topic is Topic.STREAMS and store.streams is not None:
            _explain_short_window(store.streams, settings.streams.window)
    for gap in lacking:
        print_message(f"{topic}: {gap}")
    if health.error:
        _print_problem(topic, health)
    elif not rows and not lacking:
        print_message(empty)


def _explain_short_window(streams: StreamsSnapshot, window: float) -> None:
    """Explain missing verdicts where the streams were not watched for *window* seconds."""
    if any(judged.window_s < window for judged in streams.judgements):
        print_message(
            f"streams: rates and verdicts need a window of {window:g} s: agentdash streams --watch has them"
        )


def _print_unreadable(engine: Engine) -> None:
    """Print which followed files cannot be read."""
    for source in engine.store.log_sources:
        if source.error:
            print_message(f"logs: {source.path}: {source.error}")


def _print_problem(topic: Topic, health: HealthNow) -> None:
    print_message(f"{topic.value}: {health.error}")
    if health.cure:
        print_message(health.cure)
