"""Which actions are offered for a pending entry."""

from __future__ import annotations

from agentdash.core.streams.liveness import NO_OWNER, Liveness, OwnerStatus
from agentdash.core.streams.model import Consumer, Group, Lag, PendingEntry
from tui.format.streams.actions import suggestions

HOLDER, OTHER = Consumer(b"billing-1", 3, 250_000), Consumer(b"run-7", 1, 10)
GROUP = Group(b"billing", 3, Lag(0), "5-0", 5, consumers=(HOLDER, OTHER))


def test_what_is_offered_depends_on_what_is_known() -> None:
    ended = OwnerStatus(False, label="service billing", detail="its process ended")
    found = {
        b"billing-1": Liveness(HOLDER, False, "no client blocked", ended),
        b"run-7": Liveness(OTHER, True, "blocked in XREADGROUP now", NO_OWNER),
    }

    def keys(**entry: object) -> list[str]:
        facts = {"id": "5-0", "consumer": b"billing-1", "idle_ms": 250_000, "deliveries": 1, **entry}
        return [press.key + " " + press.words for press in suggestions(PendingEntry(**facts), GROUP, found)]  # type: ignore[arg-type]

    assert keys()[0] == "C claim for run-7, which is alive"
    assert keys(deliveries=7)[0].startswith(". copy to dead letters")
    assert keys(gone=True) == ["A acknowledge: its data is deleted"]
    assert keys(consumer=b"run-7", idle_ms=900) == []
    assert keys(idle_ms=900)[0].startswith("C ")  # its holder is known to be dead
