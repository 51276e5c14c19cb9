"""Runs in words and lines: output put together, news, diffs, plans, the lines of the pane."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.commands import Effect, Outcome
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.repos.model import FileChange, Repo
from agentdash.core.repos.queries import RepoDiff
from agentdash.core.runs import event as ev
from agentdash.core.runs.activity import event_line
from agentdash.core.runs.model import ControlAction, Run, RunEvent, RunsSnapshot, RunStatus, Tokens
from agentdash.core.store import Store
from tests.tui import run_scene, scene
from tui.format import detail
from tui.format.item import ListingView
from tui.format.runs import action_plan
from tui.format.runs import news as run_news
from tui.format.runs.diff_rows import diff_text
from tui.format.runs.listing import RunListing, done_part
from tui.format.runs.news import RunNews
from tui.format.runs.output import LONGEST, LineAssembler, is_about


def output(text: str, stream: str = "stdout", **data: object) -> RunEvent:
    return RunEvent("1-0", ev.OUTPUT, 1, 1, {"stream": stream, "text": text, **data})


def said(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


def test_lines_that_events_cut_are_whole_again() -> None:
    maker = LineAssembler()
    assert said(maker.output([output("one\ntw"), output("o\nthr")])) == ["one", "two"]
    assert said(maker.settle()) == [], "its rest may still come"
    assert said(maker.output([output("ee\n")])) == ["three"]
    assert said(maker.output([output("prompt> ")])) == []
    assert said(maker.settle()) == []
    assert said(maker.settle()) == ["prompt> "]


TOLD = '{"__cody_event__": {"type": "token_usage", "input": 3}}'


@pytest.mark.parametrize(
    ("text", "lines", "what"),
    [
        (f"{TOLD}\n", [], ev.TELEMETRY),
        (f"{TOLD}\r\n{TOLD}\n", [], ev.TELEMETRY),
        (TOLD, [], ev.TELEMETRY),
        (f"{TOLD}\nwords\n{TOLD}\n", ["words"], "words"),
        (f"words\n{TOLD[:30]}", ["words", TOLD[:30]], "words"),
        ('{"id": 1, "__cody_event__": {"type": "x"}}\n', [], ev.TELEMETRY),
        ("about __cody_event__\n", ["about __cody_event__"], "about __cody_event__"),
        ('{"__cody_event__": 5}\n', ['{"__cody_event__": 5}'], ev.TELEMETRY),
    ],
)
def test_lines_that_tell_an_event_are_not_shown_as_output(text: str, lines: list[str], what: str) -> None:
    maker = LineAssembler()
    assert said(maker.output([output(text)]) + maker.settle(everything=True)) == lines
    assert event_line(output(text)) == what


def test_an_event_told_in_two_pieces_is_not_shown_as_output() -> None:
    maker = LineAssembler()
    assert said(maker.output([output(f"a\n{TOLD[:20]}"), output(f"{TOLD[20:]}\nb\n")])) == ["a", "b"]


def test_streams_are_not_mixed() -> None:
    lines = LineAssembler().output([output("out"), output("err\n", "stderr"), output("put\n")])
    assert [(line.service, line.message) for line in lines] == [("stderr", "err"), ("stdout", "output")]


def test_colours_go_and_a_progress_bar_is_what_it_wrote_last() -> None:
    lines = LineAssembler().output([output("\x1b[31mred\x1b[0m\n 10 %\r 50 %\r100 %\r\n")])
    assert said(lines) == ["red", "100 %"]


def test_what_was_dropped_is_said() -> None:
    lines = LineAssembler().output([output("x\n", dropped=12_345)])
    assert lines[0].level is Level.WARN
    assert "12 kB of stdout" in lines[0].message


def test_a_line_without_an_end_is_bounded() -> None:
    maker = LineAssembler()
    lines = maker.output([output("x" * 2000) for _ in range(40)])
    assert all(len(line.message) <= LONGEST + 2000 for line in lines)
    assert sum(len(line.message) for line in lines + maker.settle(everything=True)) == 80_000


@given(st.text(alphabet="ab\n\r\x1b[é", max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_however_the_output_is_cut_the_lines_are_the_same(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(text)]
    pieces = [output(text[a:b]) for a, b in pairwise(places)]
    whole, parts = LineAssembler(), LineAssembler()
    expected = said(whole.output([output(text)]) + whole.settle(everything=True))
    assert said(parts.output(pieces) + parts.settle(everything=True)) == expected


def test_log_lines_are_understood() -> None:
    event = RunEvent(
        "1-0", ev.LOG_UPDATED, 5, 1, {"path": "/l/a.log", "text": "2026-01-01T00:00:00Z ERROR no\n"}
    )
    (line,) = LineAssembler().logged([event])
    assert (line.source, line.level, line.message) == ("a.log", Level.ERROR, "no")


@pytest.mark.parametrize("status", RunStatus)
def test_the_exit_code_of_a_live_run_is_that_of_its_last_turn(status: RunStatus) -> None:
    shown = ["".join(text for text, _ in para.parts) for para in detail.run(
        Run("a", "a", status, exit_code=0), scene.NOW, None
    )]  # fmt: skip
    found = [" ".join(line.split()) for line in shown if "exit" in line]
    assert found == ["exit code 0" if status.terminal else "last turn exit 0"]


def line(**more: object) -> LogLine:
    return LogLine(**{"source": "s", "offset": 0, "seen_at": 1, "message": "m", **more})  # type: ignore[arg-type]


def test_which_lines_are_about_a_run() -> None:
    run = Run("abc", "fix", RunStatus.RUNNING)
    assert is_about(line(service="fix"), run)
    assert is_about(line(correlation_id="abc"), run)
    assert is_about(line(fields={"run_id": "abc"}), run)
    assert is_about(line(service="agentdash", message="run fix: running→paused"), run)
    assert not is_about(line(service="agentdash", message="run fixture: running→paused"), run)
    assert not is_about(line(), run)
    assert not is_about(line(service=""), Run("abc", "", RunStatus.RUNNING))


def snapshot(*runs: Run, at: int = 1000) -> RunsSnapshot:
    return RunsSnapshot(at, "here", runs, len(runs))


def test_only_transitions_are_news() -> None:
    news = RunNews()
    running = Run("a", "a", RunStatus.RUNNING)
    old = Run("b", "b", RunStatus.FAILED, ended_at=10)
    news.add(snapshot(running, old))
    assert news.take(0) == []
    failed = replace(running, status=RunStatus.FAILED, error_message="exit 1")
    news.add(snapshot(failed, old))
    assert [n.message for n in news.take(0)] == ["a failed: exit 1"]
    news.add(snapshot(replace(failed, reason="x"), replace(old, reason="x")))
    assert news.take(10) == []


def test_a_run_that_came_and_failed_between_two_looks_is_news_an_old_one_that_shows_up_is_not() -> None:
    news = RunNews()
    news.add(snapshot(at=1000))
    quick = Run("q", "quick", RunStatus.FAILED, ended_at=1200)
    ancient = Run("o", "ancient", RunStatus.FAILED, ended_at=500)
    news.add(snapshot(quick, ancient, at=1500))
    assert [n.message for n in news.take(0)] == ["quick failed"]


def test_an_orphan_is_news_once_and_not_again_when_it_is_marked() -> None:
    news = RunNews()
    run = Run("a", "a", RunStatus.RUNNING)
    news.add(snapshot(run))
    news.add(snapshot(replace(run, orphaned=True)))
    (told,) = news.take(0)
    assert told.urgent
    assert "orphaned" in told.message
    news.add(snapshot(replace(run, orphaned=True, updated_at=5)))
    assert news.take(10) == []


def test_many_are_told_together_and_not_too_often() -> None:
    news = RunNews()
    runs = [Run(f"{n}", f"run{n}", RunStatus.RUNNING) for n in range(9)]
    news.add(snapshot(*runs))
    done = [replace(run, status=RunStatus.COMPLETED) for run in runs]
    news.add(snapshot(*done[:1], *runs[1:]))
    assert len(news.take(100)) == 1
    news.add(snapshot(*done[:4], *runs[4:]))
    assert news.take(100 + run_news.INTERVAL / 2) == []
    news.add(snapshot(*done))
    (told,) = news.take(100 + run_news.INTERVAL)
    assert told.message == "8 runs completed: run1, run2, run3 and 5 more"
    assert not told.urgent


REPO = Repo("/p/web", "web", untracked=1, changes=(FileChange("new.txt", "??"),))


def test_a_diff_has_the_numbers_of_its_lines() -> None:
    shown = diff_text(RepoDiff("/p/web", tuple(run_scene.DIFF)), REPO)
    numbered = [tuple(cell.text for cell in row.cells) for row in shown.rows]
    assert ("15", "", "-    def refresh(self) -> Token:") in numbered
    assert ("", "17", "+            raise Expired(self.subject)") in numbered
    assert ("17", "19", " ") in numbered
    assert ("", "", "? new.txt") in numbered
    assert shown.summary == "2 files · +8 −2 · 1 untracked"
    assert len({row.key for row in shown.rows}) == len(shown.rows)


def test_lines_of_files_are_not_taken_for_those_of_the_diff() -> None:
    raw = (
        "diff --git a/x b/x",
        "--- a/x",
        "+++ b/x",
        "@@ -1,3 +1,3 @@",
        "--- old rule",
        "+++ new rule",
        " same",
    )
    shown = diff_text(RepoDiff("/p/web", raw), replace(REPO, changes=(), untracked=0))
    assert [(row.cells[2].text, row.cells[2].style) for row in shown.rows[2:]] == [
        ("--- old rule", "bad"),
        ("+++ new rule", "good"),
        (" same", ""),
    ]
    assert shown.summary == "1 file · +1 −1"


def test_a_diff_that_is_cut_says_so() -> None:
    shown = diff_text(RepoDiff("/p/web", tuple(run_scene.DIFF), cut=True), REPO)
    assert "cut here" in shown.rows[-1].cells[2].text
    assert shown.summary.startswith("≥ 2 files")


@given(st.lists(st.text(max_size=30) | st.sampled_from(run_scene.DIFF), max_size=20))
def test_whatever_git_says_is_shown(lines: list[str]) -> None:
    shown = diff_text(RepoDiff("/p/web", tuple(lines)), REPO)
    assert len({row.key for row in shown.rows}) == len(shown.rows)


@pytest.mark.parametrize("action", list(ControlAction))
def test_a_plan_names_all_it_does_and_all_it_leaves_out(action: ControlAction) -> None:
    runs = run_scene.runs().runs
    plan = action_plan.control_plan(runs, action)
    assert {run.id for run in plan.able} | {run.id for run, _ in plan.left_out} == {run.id for run in runs}
    title, paras, _ = action_plan.control_dialog(plan, action, scene.NOW)
    text = "\n".join("".join(part for part, _ in para.parts) for para in paras)
    for run in plan.able:
        assert run.title in text + title
    for _, why in plan.left_out:
        assert why in text


def test_a_plan_for_hundreds_is_short() -> None:
    runs = [Run(f"{n}", f"run{n}", RunStatus.RUNNING) for n in range(300)]
    _, paras, button = action_plan.control_dialog(
        action_plan.control_plan(runs, ControlAction.CANCEL), ControlAction.CANCEL, 0
    )
    assert len(paras) < 20
    assert "… 290 more (d: all)" in ["".join(part for part, _ in para.parts) for para in paras]
    assert button == "Yes, cancel them"


def test_what_came_of_it_in_few_words() -> None:
    one = Outcome(True, "pause of a requested")
    assert action_plan.summarize([one]) == [one]
    lost = Outcome(False, "pause of b was sent, but no answer came", effect=Effect.UNSURE)
    several = [one, one, lost, Outcome(False, "it is paused"), Outcome(False, "it ended")]
    assert action_plan.summarize(several) == [
        Outcome(True, "requested for 2 runs"),
        Outcome(False, "1 run: pause of b was sent, but no answer came", effect=Effect.UNSURE),
        Outcome(False, "2 runs refused: it is paused (and 1 more)"),
    ]


def test_a_run_that_is_as_it_was_keeps_its_line() -> None:
    store, lines = Store(), RunListing()
    still = replace(scene.runs().runs[-1])
    runs = [replace(still, id=f"{n}", title=f"run{n}") for n in range(200)]
    store.runs = snapshot(*runs)
    first = lines(store, scene.NOW, ListingView())
    changed = replace(runs[7], tokens=Tokens(99))
    store.runs = snapshot(*runs[:7], changed, *runs[8:])
    second = lines(store, scene.NOW + 500, ListingView())
    assert first is not None
    assert second is not None
    before = {item.row.key: item for item in first.items}
    assert [item.row.key for item in second.items if item is not before[item.row.key]] == ["7"]


def test_progress_is_that_of_turns_or_of_the_plan() -> None:
    run = Run("a", "a", RunStatus.RUNNING, current_turn=3, max_turns=6)
    assert done_part(run) == 0.5
    assert done_part(replace(run, max_turns=None)) is None
    assert done_part(replace(run, max_turns=1, current_turn=1, plan_done=1, plan_total=4)) == 0.25
