"""How this process ends: by a signal or by itself, with everything given back, in a bounded time.

Handlers of signals are installed once, before anything heavy is imported, and stay installed to the end:
neither the event loop nor a library puts the system's default, an end without words and without clean-up, in
their place. What a signal does changes instead (`Handled`): as long as there is nothing to give back, it ends
the process at once.

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

    Act = Callable[[int], object]

ENDING = tuple(
    getattr(signal, name)
    for name in (
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2",
        "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGPOLL", "SIGPWR", "SIGXCPU",
    )
    if hasattr(signal, name)
)  # fmt: skip
"""Every signal that can be handled and whose default is to end the process, faults of the program aside (see
signal(7)). SIGPIPE and SIGXFSZ are ignored by Python: what they report comes as an error of the write."""

ORDERLY_S = 10.0
"""Seconds that an end with everything given back may take; then the process ends all the same."""


def end_now(number: int) -> NoReturn:
    """End the process: nothing was begun that had to be given back."""
    os._exit(128 + number)


_act: Act = end_now


def install() -> None:
    """Handle every signal that ends a process; one that is ignored (``nohup``) stays ignored.

    To be called in the main thread, once.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _came)


def _came(number: int, _frame: FrameType | None) -> None:
    _act(number)


class Handled:
    """Within this context, a signal calls *act* with its number, between any two steps of the program.

    Without `install` (in tests, in a program that embeds this one) nothing happens.
    """

    def __init__(self, act: Act) -> None:
        self._inside = act
        self._outside: Act = end_now

    def __enter__(self) -> None:
        """From here on."""
        global _act
        self._outside, _act = _act, self._inside

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """To here."""
        global _act  # noqa: PLW0603 - signals are the whole process's
        _act = self._outside


def on_loop(act: Act) -> Act:
    """A way to have the running event loop call *act*: what is under way there is not interrupted."""
    import asyncio

    loop = asyncio.get_running_loop()

    def hand_over(number: int) -> None:
        if loop.is_closed():
            end_now(number)
        loop.call_soon_threadsafe(act, number)

    return hand_over


def interrupted(number: int) -> NoReturn:
    """End by an exception: for a question on the terminal, which has to be put back."""
    raise SystemExit(128 + number)


def ignored(number: int) -> None:
    """Do nothing: the process is being ended already."""


def end_at_last(code: int, restore: Callable[[], object] = lambda: None) -> None:
    """End with *code* whatever happens, if the ordinary way takes longer than `ORDERLY_S`.

    Args:
        code: The exit code.
        restore: Called then, in another thread: puts the terminal back.
    """
    import threading

    def end() -> None:
        try:
            restore()
        finally:
            os._exit(code)

    timer = threading.Timer(ORDERLY_S, end)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:  # no thread can be started: the system ends it, without a word
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(round(ORDERLY_S))


_last_acts: list[Callable[[], object]] = []


def at_end(act: Callable[[], object]) -> None:
    """Have *act* called by `leave`: it ends what would outlive the process, in a bounded time."""
    _last_acts.append(act)


def leave(code: int) -> NoReturn:
    """End with *code*. Threads that still read something are not waited for; see `at_end`."""
    with Handled(ignored):
        end_at_last(code)
        for act in _last_acts:
            try:
                act()
            except Exception as problem:  # noqa: BLE001 - the others have their turn
                _say(f"{type(problem).__name__}: {problem}")
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        os._exit(code)


def _say(text: str) -> None:
    from agentdash.core.text import printable

    sys.stderr.write(f"agentdash: {printable(text)}\n")
