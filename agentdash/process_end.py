"""Signals and the exit of this process, with resources released, in a bounded time.

Signal handlers are installed once, before anything heavy is imported, and stay installed: neither the event
loop nor a library restores the system's default, which ends the process without clean-up. What a signal does
changes instead (`SignalHandler`): while there is nothing to release, it ends the process at once.

Exit codes are those of a shell: 128 plus the signal's number (POSIX.1, "Exit Status for Commands").
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType, TracebackType

TYPE_CHECKING = False  # as in typing, which would be the largest of what is loaded before `install`
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    SignalAction = Callable[[int], object]

FATAL_SIGNALS = tuple(
    getattr(signal, name)
    for name in (
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2",
        "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPOLL", "SIGPWR", "SIGXCPU",
    )
    if hasattr(signal, name)
)  # fmt: skip
"""Every signal that can be handled and whose default ends the process, except for faults of the program (see
signal(7)). Python ignores SIGPIPE and SIGXFSZ: the write fails with an error instead."""

EXIT_TIMEOUT_S = 10.0
"""Seconds that a clean exit may take; then the process is ended."""


def exit_now(number: int) -> NoReturn:
    """End the process: there is nothing to release."""
    os._exit(128 + number)


_action: SignalAction = exit_now


def install() -> None:
    """Handle every signal that ends a process; one that is ignored (``nohup``) stays ignored.

    Call it in the main thread, once.
    """
    for number in FATAL_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _action(number)


class SignalHandler:
    """Within this context, a signal calls *action* with its number, between any two bytecodes.

    Without `install` (in tests, in a program that embeds this one) it has no effect.
    """

    def __init__(self, action: SignalAction) -> None:
        self._action = action
        self._previous: SignalAction = exit_now

    def __enter__(self) -> None:
        """Install the action."""
        global _action
        self._previous, _action = _action, self._action

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the previous action."""
        global _action  # noqa: PLW0603 - signals are the whole process's
        _action = self._previous


def in_event_loop(action: SignalAction) -> SignalAction:
    """*action*, to be called by the running event loop: the step under way there is not interrupted."""
    import asyncio

    loop = asyncio.get_running_loop()

    def hand_over(number: int) -> None:
        if loop.is_closed():
            exit_now(number)
        loop.call_soon_threadsafe(action, number)

    return hand_over


def raise_exit(number: int) -> NoReturn:
    """Raise `SystemExit`: for a prompt, after which the terminal must be restored."""
    raise SystemExit(128 + number)


def ignore_signal(number: int) -> None:
    """Do nothing: the process is exiting already."""


def exit_after_timeout(code: int, restore: Callable[[], object] = lambda: None) -> None:
    """End the process with *code* if a clean exit takes longer than `EXIT_TIMEOUT_S`.

    Args:
        code: The exit code.
        restore: Called before, in another thread: restores the terminal.
    """
    import threading

    def end() -> None:
        try:
            restore()
        finally:
            os._exit(code)

    timer = threading.Timer(EXIT_TIMEOUT_S, end)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:  # no thread can be started: the system ends it
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(round(EXIT_TIMEOUT_S))


_exit_actions: list[Callable[[], object]] = []


def at_exit(action: Callable[[], object]) -> None:
    """Have `exit_process` call *action*, which ends what would outlive the process, in a bounded time."""
    _exit_actions.append(action)


def exit_process(code: int) -> NoReturn:
    """Exit with *code*, after the actions of `at_exit`. Threads that still read are not waited for."""
    with SignalHandler(ignore_signal):
        exit_after_timeout(code)
        for action in _exit_actions:
            try:
                action()
            except Exception as problem:  # noqa: BLE001 - the other actions must run
                _print_error(f"{type(problem).__name__}: {problem}")
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(code)


def _print_error(text: str) -> None:
    from agentdash.core.text import printable

    sys.stderr.write(f"agentdash: {printable(text)}\n")
