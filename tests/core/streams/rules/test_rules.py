"""Words of the rules: identities, commands to paste, order, what is not said."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.findings.model import Finding, FindingStatus, InboxSnapshot, Severity, Symptom
from agentdash.core.findings.symptom_text import identity, shell_word
from agentdash.core.links.owners import paused_consumers
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.model import (
    Consumer,
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    OldestPending,
    Stream,
    StreamJudgement,
    StreamsSnapshot,
    Verdict,
)
from agentdash.core.streams.rules.apply import merge, stream_symptoms

NOW = 1_732_112_345_000
NONE = Lag(0)


def judged(
    lag: Lag = NONE,
    *,
    pending: OldestPending | None = None,
    since: int | None = None,
    active: int = 1,
    forecast: float | None = None,
) -> StreamsSnapshot:
    group = Group(b"g", int(pending is not None), lag, "5-0", 5, pending, (Consumer(b"c", 0, 10, 10),))
    stream = Stream(b"s", 500, "1-0", "500-0", 500, "0-0", groups=(group,))
    of = GroupJudgement(
        verdict=Verdict.OK,
        rate_out=10.0,
        forecast_s=forecast,
        active=active,
        dead=frozenset() if active else frozenset({b"c"}),
        window_s=60.0,
        pending_since=since,
    )
    return StreamsSnapshot(NOW, "here", (stream,), judgements=(StreamJudgement(5.0, groups=((b"g", of),)),))


def categories(snapshot: StreamsSnapshot, runs: RunsSnapshot | None = None) -> list[str]:
    return [
        s.category for s in stream_symptoms(snapshot, StreamsSettings(), NOW, paused=paused_consumers(runs))
    ]


def test_thresholds_are_exceeded_not_met() -> None:
    assert categories(judged(Lag(100))) == []
    assert categories(judged(Lag(101))) == ["CONSUMER_LAG"]
    pending = OldestPending("5-0", b"c", 0, 1)
    assert categories(judged(pending=pending, since=NOW - 30_000)) == []
    assert categories(judged(pending=pending, since=NOW - 30_001)) == ["STUCK_MESSAGE"]


def test_unknown_raises_nothing() -> None:
    assert categories(judged(Lag(None, LagGrade.UNKNOWN, "no count"), active=0)) == []


def test_an_estimate_is_marked_as_one() -> None:
    (lag,) = stream_symptoms(judged(Lag(150, LagGrade.ESTIMATED, "deleted")), StreamsSettings(), NOW)
    assert lag.summary.startswith("≈150 behind")
    assert any("deleted" in line for line in lag.evidence)


def test_what_drains_is_one_step_less_severe() -> None:
    def severity(forecast: float | None) -> Severity:
        (lag,) = stream_symptoms(judged(Lag(150), forecast=forecast), StreamsSettings(), NOW)
        return lag.severity

    assert severity(None) is Severity.CRITICAL
    assert severity(30.0) is Severity.HIGH


def test_messages_of_a_paused_run_wait_on_purpose() -> None:
    snapshot = judged(pending=OldestPending("5-0", b"c", 90_000, 1), since=NOW - 90_000)
    for status, found in ((RunStatus.PAUSED, []), (RunStatus.RUNNING, ["STUCK_MESSAGE"])):
        runs = RunsSnapshot(NOW, "here", (Run("r1", "t", status, worker="c"),), 1)
        assert categories(snapshot, runs) == found


def test_every_symptom_says_what_why_and_how() -> None:
    pending = OldestPending("5-0", b"c", 90_000, 4)
    found = stream_symptoms(
        judged(Lag(150), pending=pending, since=NOW - 90_000, active=0), StreamsSettings(), NOW
    )
    assert {s.category for s in found} == {
        "CONSUMER_LAG",
        "STUCK_MESSAGE",
        "DEAD_CONSUMER",
        "DELIVERY_FAILURE",
    }
    assert len({s.fingerprint for s in found}) == 4
    for symptom in found:
        assert symptom.evidence
        assert symptom.hypothesis
        assert symptom.recommendation
        assert symptom.clears
        assert (symptom.see or "").startswith("redis-cli X")


@given(st.binary(max_size=30), st.binary(max_size=30), st.binary(max_size=30), st.binary(max_size=30))
def test_identities_differ_where_names_do(a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    assert (identity("X", a, b) == identity("X", c, d)) == ((a, b) == (c, d))


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    "word",
    [
        b"plain",
        b"two words",
        b"it's",
        b"$HOME `id`",
        b"\xff\x00a"[:1],
        b"\n\t\x1b[0m",
        "grün".encode(),
        b"\\x41'",
    ],
)
def test_commands_can_be_pasted(word: bytes) -> None:
    done = subprocess.run(["bash", "-c", f"printf %s {shell_word(word)}"], capture_output=True, check=True)
    assert done.stdout == word


def finding(name: str, category: str, severity: Severity, status: FindingStatus, group: bytes) -> Finding:
    symptom = Symptom(f"{category}/{name}", "R", category, severity, name, stream=b"s", consumer_group=group)
    return Finding(name, symptom, status, 0, 0)


def test_order_is_open_then_worst_with_symptoms_below_their_cause() -> None:
    opened, resolved = FindingStatus.OPEN, FindingStatus.RESOLVED
    found = [
        finding("gone", "CONSUMER_LAG", Severity.CRITICAL, resolved, b"z"),
        finding("stuck", "STUCK_MESSAGE", Severity.HIGH, opened, b"g"),
        finding("quiet", "NO_CONSUMER_GROUP", Severity.MEDIUM, opened, b"h"),
        finding("early", "CONSUMER_LAG", Severity.CRITICAL, FindingStatus.WATCHING, b"y"),
        finding("other", "CONSUMER_LAG", Severity.HIGH, opened, b"x"),
        finding("dead", "DEAD_CONSUMER", Severity.CRITICAL, opened, b"g"),
    ]
    outside = finding("out", "BUG", Severity.CRITICAL, opened, b"")
    inbox = InboxSnapshot(NOW, "here", (outside,), (("f", 1, "why"),), 1)
    merged = merge(found, inbox, NOW, "here")
    assert [f.finding_id for f in merged.findings] == ["dead", "stuck", "out", "other", "quiet", "gone"]
    assert merged.findings[1].cause == "DEAD_CONSUMER/dead"
    assert merged.bad_total == 1
    aside = merge(found, inbox, NOW, "here", {outside.symptom.fingerprint})
    assert {f.finding_id: f.status for f in aside.findings}["out"] is FindingStatus.ACKNOWLEDGED
