"""The inbox on real files: appended, half-written, bad, truncated, replaced, gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.clock import ManualClock
from agentdash.core.findings.model import FindingStatus, InboxSnapshot, Severity
from agentdash.core.settings.model import FindingsSettings
from collectors.inbox.collector import InboxCollector
from collectors.inbox.json_lines import MAX_LINE
from collectors.inbox.line import BadLineError, read_line


def line(**fields: Any) -> str:
    return json.dumps({"category": "BUG", "severity": "HIGH", **fields}) + "\n"


@pytest.fixture
def inbox(tmp_path: Path) -> InboxCollector:
    (tmp_path / "monitor-session" / "findings").mkdir(parents=True)
    return InboxCollector(FindingsSettings(), tmp_path, "here", ManualClock())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "monitor-session" / "findings" / "scout.jsonl"


async def told(inbox: InboxCollector) -> InboxSnapshot:
    snapshot = await inbox.collect()
    assert snapshot is not None
    return snapshot


def append(file: Path, text: str) -> None:
    with file.open("a") as out:
        out.write(text)


def rewrite(file: Path, text: str) -> None:
    file.write_text(text)


def replace(file: Path, text: str) -> None:
    other = file.with_suffix(".tmp")
    other.write_text(text)
    other.rename(file)


def remove(file: Path) -> None:
    file.unlink()


async def test_nothing_there_is_no_fault(inbox: InboxCollector) -> None:
    assert (await told(inbox)).findings == ()
    assert await inbox.collect() is None


async def test_all_fields_arrive(inbox: InboxCollector, file: Path) -> None:
    append(
        file,
        line(
            findingId="ES-007",
            agentId="ENHANCEMENT_SCOUT",
            severity="critical",
            stream="orders",
            consumerGroup="billing",
            timestamp="2026-01-02T03:04:05Z",
            count=3,
            messageIds=["1-0"],
            metrics={"streamLen": 5, "lag": None},
            evidence="one\ntwo",
            recommendation="do \x1b[31mthis",
            affectedFiles=["a.py:3"],
            somethingNew=1,
        ),
    )
    (finding,) = (await told(inbox)).findings
    assert finding.finding_id == "ES-007"
    assert finding.outside
    assert finding.status is FindingStatus.OPEN
    assert finding.first_seen == finding.last_seen == 1_767_323_045_000
    assert finding.count == 3
    assert finding.symptom.agent_id == "ENHANCEMENT_SCOUT"
    assert finding.symptom.severity is Severity.CRITICAL
    assert (finding.symptom.stream, finding.symptom.consumer_group) == (b"orders", b"billing")
    assert finding.symptom.metrics == (("streamLen", 5.0),)
    assert finding.symptom.evidence == ("one", "two")
    assert finding.symptom.recommendation == "do this"
    assert finding.symptom.affected_files == ("a.py:3",)


async def test_a_half_written_line_waits_for_its_rest(inbox: InboxCollector, file: Path) -> None:
    whole = line(summary="late")
    append(file, line(summary="first") + whole[:20])
    assert len((await told(inbox)).findings) == 1
    assert await inbox.collect() is None
    append(file, whole[20:])
    assert [f.symptom.summary for f in (await told(inbox)).findings] == ["first", "late"]


async def test_bad_lines_are_counted_and_named(inbox: InboxCollector, file: Path) -> None:
    append(file, "not json\n\n" + line(severity="AWFUL") + line() + '{"severity":"HIGH"}\n')
    snapshot = await told(inbox)
    assert len(snapshot.findings) == 1
    assert snapshot.bad_total == 3
    assert [(name, number) for name, number, _ in snapshot.bad_lines] == [
        ("monitor-session/findings/scout.jsonl", number) for number in (1, 3, 5)
    ]
    assert "severity" in snapshot.bad_lines[1][2]
    assert "category" in snapshot.bad_lines[2][2]


async def test_a_line_too_long_is_passed_over(inbox: InboxCollector, file: Path) -> None:
    append(file, "x" * (5 * MAX_LINE) + "\n" + line())
    snapshot = await told(inbox)
    assert len(snapshot.findings) == 1
    assert snapshot.bad_total == 1


async def test_the_same_cause_is_one_finding_whose_count_rises(inbox: InboxCollector, file: Path) -> None:
    append(file, line(summary="x", timestamp=1000_000_000_000) + line(summary="y"))
    await told(inbox)
    append(file, line(summary="x", severity="LOW", timestamp=1000_000_005_000))
    findings = {f.symptom.summary: f for f in (await told(inbox)).findings}
    assert findings["x"].count == 2
    assert findings["x"].finding_id == "EXT-001"
    assert findings["x"].first_seen == 1000_000_000_000
    assert findings["x"].last_seen == 1000_000_005_000
    assert findings["x"].symptom.severity is Severity.LOW


async def test_a_truncated_file_is_read_anew(inbox: InboxCollector, file: Path) -> None:
    append(file, line(summary="old") * 3)
    await told(inbox)
    rewrite(file, line(summary="new"))
    assert [f.symptom.summary for f in (await told(inbox)).findings] == ["new"]


async def test_a_file_written_over_with_more_is_read_anew(inbox: InboxCollector, file: Path) -> None:
    append(file, line(summary="old"))
    await told(inbox)
    rewrite(file, line(summary="new") + line(summary="newer") * 5)
    assert [f.symptom.summary for f in (await told(inbox)).findings] == ["new", "newer"]


async def test_a_replaced_file_is_read_anew_and_a_removed_one_forgotten(
    inbox: InboxCollector, file: Path
) -> None:
    append(file, line(summary="old"))
    await told(inbox)
    replace(file, line(summary="new") * 2)
    assert [f.symptom.summary for f in (await told(inbox)).findings] == ["new"]
    remove(file)
    assert (await told(inbox)).findings == ()


async def test_many_lines_are_read_in_bounded_parts(inbox: InboxCollector, file: Path) -> None:
    text = "".join(line(summary=f"{number}", evidence="e" * 900) for number in range(3000))
    append(file, text)
    snapshot = await told(inbox)
    assert len(snapshot.findings) == 2000
    assert snapshot.findings[-1].symptom.summary == "2999"


async def test_two_files_and_an_absolute_glob(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", line(summary="a"))
    append(tmp_path / "b.jsonl", line(summary="b"))
    settings = FindingsSettings(inbox=(str(tmp_path / "*.jsonl"),))
    snapshot = await told(InboxCollector(settings, Path("/"), "here", ManualClock()))
    assert [(f.symptom.agent_id, f.symptom.summary) for f in snapshot.findings] == [("a", "a"), ("b", "b")]
    assert snapshot.files == 2


@given(st.binary(max_size=300))
def test_any_line_is_a_finding_or_bad(raw: bytes) -> None:
    try:
        finding = read_line(raw, "agent", 0)
    except BadLineError:
        return
    assert finding.symptom.category


def test_a_time_that_is_none_is_bad() -> None:
    with pytest.raises(BadLineError, match="timestamp"):
        read_line(b'{"category": "BUG", "severity": "LOW", "timestamp": "soon"}', "agent", 0)


@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "NaN", "1e400", "-1", "1e30", "1" * 400])
@pytest.mark.parametrize("field", ["timestamp", "firstSeen", "lastSeen", "count"])
def test_a_number_out_of_range_is_unknown_and_named(field: str, value: str) -> None:
    finding = read_line(
        b'{"category": "BUG", "severity": "LOW", "%s": %s}' % (field.encode(), value.encode()),
        "agent",
        70_000,
    )
    assert (finding.first_seen, finding.last_seen, finding.count) == (70_000, 70_000, 1)
    assert finding.symptom.evidence == (f"{field}: out of range",)


def test_metrics_out_of_range_are_left_out() -> None:
    line = b'{"category": "BUG", "severity": "LOW", "metrics": {"a": 1e999, "b": %s, "c": NaN, "d": 3}}'
    assert read_line(line % (b"9" * 400), "agent", 0).symptom.metrics == (("d", 3.0),)


@given(
    st.dictionaries(
        st.sampled_from(
            ["count", "timestamp", "stream", "metrics", "evidence", "status", "messageIds", "summary"]
        ),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner)),
            max_leaves=5,
        ),
    )
)
def test_any_fields_are_a_finding_or_bad(fields: dict[str, Any]) -> None:
    try:
        finding = read_line(line(**fields).encode(), "agent", 0)
    except BadLineError:
        return
    assert finding.symptom.summary
