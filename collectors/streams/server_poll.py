"""Polls the server itself: its identity, time and latency."""

from __future__ import annotations

from typing import Any

from redis.exceptions import ResponseError

from agentdash.core.clock import Clock
from collectors.streams.nodes import NodeDown
from collectors.streams.read import Reads

INFO_EVERY = 30.0
_PART = (
    "this server is part of a cluster, and only its own streams are read: "
    "name the cluster in the URL (redis+cluster://)"
)


class ServerPoll:
    """Polled once per pass.

    Attributes:
        server: Its name and version; empty before the first pass, and where INFO is not allowed.
        server_ms: Its time, Unix ms; ours where TIME is not allowed.
        ping_ms: Time of a PING.
        epoch: Rises when the server is another one, or was restarted; not after a lost connection alone.
        other_server: Whether the last pass found another server than the one before; also after a lost
            connection where INFO is not allowed.
        gaps: What cannot be read, with the missing permission.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._info_at: float | None = None
        self._run_ids: dict[str, str] = {}
        self._state: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._is_cluster_node = False
        self._is_lost = False
        self.server = ""
        self.server_ms = 0
        self.ping_ms: float | None = None
        self.epoch = 0
        self.other_server = False
        self.gaps: tuple[str, ...] = ()

    async def poll(self, reads: Reads) -> None:
        """Read the time; now and then INFO as well.

        Raises:
            redis.exceptions.RedisError: when the connection fails.
        """
        begun = self._clock.monotonic()
        answers = await reads.ask_all(("PING",), ("TIME",))
        self.ping_ms = (self._clock.monotonic() - begun) * 1000
        down = tuple(str(now) for _, now in answers.values() if isinstance(now, NodeDown))
        gaps = [f"{why.removeprefix('its ')}: its streams are stale or missing" for why in down]
        self._read_time(reads, {name: now for name, (_, now) in answers.items()}, gaps)
        self.other_server = False
        state = (tuple(answers), down)
        if self._info_at is None or begun - self._info_at > INFO_EVERY or state != self._state:
            infos = await reads.ask_all(("INFO", "server"))
            self._info_at, self._state = begun, state
            self._read_names({name: info for name, (info,) in infos.items()})
        if not self.server:
            gaps.append("INFO is not allowed (+info): the server's version and restarts are unknown")
        if self._is_cluster_node:
            gaps.append(_PART)
        self.gaps = tuple(gaps)

    def mark_lost(self) -> None:
        """The connection failed: the next pass begins by reading which server it is."""
        self._is_lost = True
        self._info_at = None

    def _read_time(self, reads: Reads, replies: dict[str, Any], gaps: list[str]) -> None:
        """Take the time of the first node that has one, and record how far the other clocks are ahead."""
        times = {
            name: int(now[0]) * 1000 + int(now[1]) // 1000
            for name, now in replies.items()
            if not isinstance(now, ResponseError)
        }
        self.server_ms = next(iter(times.values()), self._clock.now_ms())
        reads.skews = {name: ms - self.server_ms for name, ms in times.items()} if len(replies) > 1 else {}
        if any(isinstance(now, ResponseError) and not isinstance(now, NodeDown) for now in replies.values()):
            gaps.append("TIME is not allowed (+time): idle times use the clock of this machine")

    def _read_names(self, infos: dict[str, Any]) -> None:
        """Read names and run ids from ``INFO server`` of all nodes."""
        facts = {name: facts_of(info) for name, info in infos.items()}
        self.server = next(filter(None, map(server_label, infos.values())), "")
        self._is_cluster_node = "cluster" in {
            facts.get("", {}).get(name) for name in ("redis_mode", "server_mode")
        }
        if self.server and "" not in infos:
            self.server += f", cluster of {len(infos)}"
        seen = {name: run_id for name, one in facts.items() if (run_id := one.get("run_id"))}
        mark_lost, self._is_lost = self._is_lost, False
        if self._run_ids and any(self._run_ids.get(name) != run_id for name, run_id in seen.items()):
            self.other_server = True
            self.epoch += 1
        elif mark_lost and not seen:
            self.other_server = True
        self._run_ids = {name: run_id for name, run_id in (self._run_ids | seen).items() if name in infos}


def server_label(info: object) -> str | None:
    """``valkey 9.1.2`` or ``redis 7.2.4``, from the reply of ``INFO server``; None where it is missing."""
    facts = facts_of(info)
    for name in ("valkey", "redis"):
        if version := facts.get(f"{name}_version"):
            return f"{name} {version}"
    return None


def facts_of(info: object) -> dict[str, str]:
    """The ``name:value`` lines of a reply of INFO; none where it was denied."""
    if not isinstance(info, (bytes, str)):
        return {}
    text = info.decode("utf-8", "replace") if isinstance(info, bytes) else info
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
