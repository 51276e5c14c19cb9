"""Whether the server is there, which one it is, what time it has, and how soon it answers."""

from __future__ import annotations

from redis.exceptions import ResponseError

from agentdash.core.clock import Clock
from collectors.streams_read import Reads

LABEL_EVERY = 30.0


class Pulse:
    """Felt once a pass.

    Attributes:
        server: Its name and version; empty before the first pass, and where INFO is not allowed.
        server_ms: Its clock, Unix ms; ours where TIME is not allowed.
        ping_ms: How long it took to answer.
        epoch: Rises when the server turns out to be another one, or the same one started again. Having been
            lost for a while alone does not raise it.
        other_server: Whether the last pass found another server than the one before; also after a loss where
            INFO, which would tell, is not allowed.
        gaps: What is not allowed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._label_at: float | None = None
        self._run_id: str | None = None
        self._was_lost = False
        self.server = ""
        self.server_ms = 0
        self.ping_ms: float | None = None
        self.epoch = 0
        self.other_server = False
        self.gaps: tuple[str, ...] = ()

    async def feel(self, reads: Reads) -> None:
        """Ask for the time; now and then for the name as well.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        begun = self._clock.monotonic()
        _, now = await reads.ask([("PING",), ("TIME",)])
        self.ping_ms = (self._clock.monotonic() - begun) * 1000
        gaps = []
        if isinstance(now, ResponseError):
            self.server_ms = self._clock.now_ms()
            gaps.append("TIME is not allowed (+time): idle times go by the clock of this machine")
        else:
            self.server_ms = int(now[0]) * 1000 + int(now[1]) // 1000
        self.other_server = False
        if self._label_at is None or begun - self._label_at > LABEL_EVERY:
            (info,) = await reads.ask([("INFO", "server")])
            self._label_at = begun
            self._name(info)
        if not self.server:
            gaps.append("INFO is not allowed (+info): the server's version is not known, nor its restarts")
        self.gaps = tuple(gaps)

    def lost(self) -> None:
        """The connection failed: whether the same server comes back is asked before anything else."""
        self._was_lost = True
        self._label_at = None

    def _name(self, info: object) -> None:
        self.server = server_label(info) or ""
        run_id = facts_of(info).get("run_id")
        lost, self._was_lost = self._was_lost, False
        if run_id and self._run_id and run_id != self._run_id:
            self.other_server = True
            self.epoch += 1
        elif lost and not run_id:
            self.other_server = True
        self._run_id = run_id or self._run_id


def server_label(info: object) -> str | None:
    """``valkey 9.1.2`` or ``redis 7.2.4``, from the reply of ``INFO server``; None where it is not told."""
    facts = facts_of(info)
    for name in ("valkey", "redis"):
        if version := facts.get(f"{name}_version"):
            return f"{name} {version}"
    return None


def facts_of(info: object) -> dict[str, str]:
    """The ``name:value`` lines of a reply of INFO; none where it was refused."""
    if not isinstance(info, (bytes, str)):
        return {}
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else info
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
