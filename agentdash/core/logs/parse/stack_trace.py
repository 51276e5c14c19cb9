"""Which lines belong to the line before them: the stack traces of Python, Node, Java, Go and Rust."""

from __future__ import annotations

import re

# Frames, recognisable without the lines before them.
_FRAME = re.compile(
    r"\s+at .+|\s+File \".+\", line \d+|\s+\.\.\. \d+ (?:more|common)|\s+\d+: (?:0x[0-9a-f]+ - )?[\w<]|"
    r"\s+~*\^+~*\s*$|\t\S+\.(?:go|s):\d+|\s+\[cause\]: |\s+Suppressed: ",
)
# Lines that open a trace; they belong to the line before if that reports an error.
_OPENS = re.compile(
    r"Traceback \(most recent call last\):|\s*\+ Exception Group Traceback |goroutine \d+ .*\[.+\]:|panic: |"
    r"stack backtrace:|"
    r"thread '.*' .*panicked at|Exception in thread \"|Caused by: |"
    r"(?:[a-z][\w]*\.)+[A-Z]\w*(?:Exception|Error|Throwable)\b|"
    r"(?:Uncaught )?[A-Z]\w*(?:Error|Exception)(?:: |$| \[)",
)
# Lines of an open trace that are not indented.
_CONTINUES = re.compile(
    r"$|Caused by: |During handling of the above exception|The above exception was the direct cause|"
    r"Traceback \(most recent call last\):|goroutine \d+ .*\[.+\]:|\[signal |created by |exit status \d+|"
    r"stack backtrace:|note: run with|note: Some details are omitted|[\w./*()\[\]{}<>-]+\(.*\)$|\}$",
)
# Go's HTTP server reports a panic on a line with a time.
_SERVING = "http: panic serving "
# Rust has the message on the line after the place.
_PLACE = re.compile(r"thread '.*' .*panicked at .*:$")
_PYTHON_END = re.compile(r"[A-Za-z_][\w.]*(?::|$)")


class TraceFollower:
    """Decides for each line of one source whether it continues an earlier one.

    A line with a time or a level never does.
    """

    def __init__(self) -> None:
        self._head = 0
        self._fault = False
        self._open = False
        self._python = False
        self._place = False
        self._seen = False

    def continues(self, raw: str, offset: int, *, headed: bool, fault: bool) -> int | None:
        """The offset of the line that *raw* continues; None for none.

        Args:
            raw: The line with its indentation.
            offset: Where it begins.
            headed: Whether it has a time or a level, or is structured.
            fault: Whether its level is error or fatal.
        """
        if self._seen and not headed and self._belongs(raw):
            return self._head
        self._seen = True
        self._head = offset
        self._fault = fault
        self._open = _OPENS.match(raw) is not None or _SERVING in raw
        self._python = raw.startswith("Traceback ")
        self._place = self._open and _PLACE.match(raw) is not None
        return None

    def head(self) -> int | None:
        """The offset of the line that a further part of the same message continues; None without one."""
        return self._head if self._seen else None

    def _belongs(self, raw: str) -> bool:
        indented = raw[:1] in {" ", "\t"}
        if self._place:
            self._place = False
            return True
        if _FRAME.match(raw) is not None:
            self._open = True
            self._python = self._python or raw.lstrip().startswith("File ")
            return True
        if self._open:
            if indented:
                return True
            if self._python and raw and not raw.startswith(("Traceback ", "During ", "The above ")):
                if _PYTHON_END.match(raw) is None:
                    self._open = False
                    return False
                self._python = False  # the exception itself: the last line of this traceback
                return True
            if _CONTINUES.match(raw) is not None or (_OPENS.match(raw) is not None and self._is_chained(raw)):
                self._python = raw.startswith("Traceback ")
                return True
            self._open = False
            return False
        if self._fault and _OPENS.match(raw) is not None:
            self._open = True
            self._python = raw.startswith("Traceback ")
            self._place = _PLACE.match(raw) is not None
            return True
        return False

    def _is_chained(self, raw: str) -> bool:
        """Whether *raw* is the next link of a chain; another error opens its own trace."""
        return raw.startswith(("panic: ", "Caused by: ", "goroutine "))
