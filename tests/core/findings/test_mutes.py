"""What a person muted is quiet for as long as was said, also in the next session, and not a moment longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.activity.mutes import LARGEST, change_mutes, read_mutes, write_mutes
from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.findings.mutes import Mute, muted, span

NOW = 1_732_112_345_000


def finding(name: str, *, cause: str | None = None, status: FindingStatus = FindingStatus.OPEN) -> Finding:
    symptom = Symptom(name, "REDIS_STREAM_ANALYST", "CONSUMER_LAG", Severity.HIGH, name)
    return Finding(name, symptom, status, NOW, NOW, cause=cause)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1h", (3_600_000, "")),
        (" 15m  the vendor is down ", (900_000, "the vendor is down")),
        ("2d known", (172_800_000, "known")),
        ("always by design", (None, "by design")),
    ],
)
def test_a_person_says_how_long_and_why(text: str, told: tuple[int | None, str]) -> None:
    assert span(text) == told


@pytest.mark.parametrize("text", ["", "x", "h", "0m", "-1h", "1w", "the vendor is down", "99999d", "²h"])
def test_what_names_no_time_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ValueError, match=r"begin with a duration: 15m, 1h, .* or always"):
        span(text)


def test_a_cause_is_muted_with_its_symptoms_until_its_time_is_over() -> None:
    found = [finding("cause"), finding("beneath", cause="cause"), finding("other")]
    mutes = {"cause": Mute("cause", "known", NOW + 1000)}
    quiet = muted(found, mutes, NOW)
    assert [one.status.value for one in quiet] == ["muted", "muted", "open"]
    assert {(one.reason, one.muted_until) for one in quiet[:2]} == {("known", NOW + 1000)}
    assert muted(found, mutes, NOW + 1000) == found


def test_what_is_resolved_stays_resolved() -> None:
    gone = finding("gone", status=FindingStatus.RESOLVED)
    assert muted([gone], {"gone": Mute("gone", "", None)}, NOW) == [gone]


@given(st.lists(st.builds(Mute, st.text(), st.text(), st.none() | st.integers()), max_size=20))
def test_what_is_kept_is_read_again(tmp_path_factory: pytest.TempPathFactory, mutes: list[Mute]) -> None:
    path = tmp_path_factory.mktemp("state") / "new" / "mutes.json"
    assert read_mutes(path) == []
    write_mutes(path, mutes)
    assert read_mutes(path) == mutes
    assert [one.name for one in path.parent.iterdir()] == ["mutes.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"mutes": 1}', '{"mutes": [1]}', '{"mutes": [{"fingerprint": "a"}]}']
)
def test_a_file_that_is_something_else_is_said_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mutes.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mutes.json .*correct or remove it"):
        read_mutes(path)


def test_what_several_change_at_the_same_time_is_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "mutes.json"

    def mute(number: int) -> None:
        change_mutes(path, lambda mutes: [*mutes, Mute(f"finding {number}", "", None)])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(mute, range(40)))
    assert {one.fingerprint for one in read_mutes(path)} == {f"finding {number}" for number in range(40)}
    assert [file.name for file in path.parent.iterdir()] == ["mutes.json"]


def test_more_than_can_be_read_again_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "mutes.json"
    before = [Mute("known", "", None)]
    write_mutes(path, before)
    with pytest.raises(ValueError, match="larger than 1 MiB: unmute something"):
        write_mutes(path, [Mute("f", "r" * LARGEST, None)])
    assert read_mutes(path) == before
