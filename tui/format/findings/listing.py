"""Findings as lines: causes first, their symptoms below."""

from __future__ import annotations

from functools import partial

from agentdash.core import units
from agentdash.core.findings.model import Finding, FindingsSnapshot, FindingStatus, Severity
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.text import printable
from tui.format.item import Cell, Column, Item, Listing, ListingView, Row
from tui.widgets.table.rows import LateRow

COLUMNS = (
    Column("mark", "", 1, sortable=False),
    Column("severity", "", 8, priority=1),
    Column("summary", "", 22, flex=1, min_width=17),  # at 60×15 there are 19 cells, with the scrollbar
    Column("since", "", 5, align="right", priority=2),
)
WIDE = (
    Column("mark", "", 1, sortable=False),
    Column("severity", "SEVERITY", 8),
    Column("summary", "FINDING", 44, flex=1, min_width=40),
    Column("since", "SINCE", 6, align="right", priority=1),
    Column("status", "STATUS", 12, priority=3),
    Column("category", "CATEGORY", 18, priority=4),
    Column("id", "ID", 8, priority=5),
    Column("by", "BY", 20, priority=6),
)

STYLES = {
    Severity.CRITICAL: ("✗", "bad bold"),
    Severity.HIGH: ("▲", "warn bold"),
    Severity.MEDIUM: ("◐", "warn"),
    Severity.LOW: ("○", "dim"),
    Severity.INFO: ("○", "dim"),
}


def listing(snapshot: FindingsSnapshot, now: int, _view: ListingView | None = None) -> Listing:
    """All findings that are not resolved, worst first; each cause with its symptoms."""
    shown = [f for f in snapshot.findings if f.status is not FindingStatus.RESOLVED]
    fingerprints = {f.symptom.fingerprint for f in shown}
    below: dict[str, list[Finding]] = {}
    for finding in shown:
        if finding.cause in fingerprints and finding.cause is not None:
            below.setdefault(finding.cause, []).append(finding)
    causes = [f for f in shown if f.cause not in fingerprints]
    items = tuple(item(cause, now, tuple(below.get(cause.symptom.fingerprint, ()))) for cause in causes)
    return Listing(items + bad_lines(snapshot), _summary(shown, len(causes), snapshot), NOTHING)


BRANCH = "└"
"""The same for each symptom: which one comes last is not known before they are sorted and filtered."""

NOTHING = ("No findings", "outside agents add to monitor-session/findings/*.jsonl")


def _summary(shown: list[Finding], causes: int, snapshot: FindingsSnapshot) -> str:
    open_now = [f for f in shown if f.status is FindingStatus.OPEN]
    parts = [f"{len(open_now)} open"]
    if len(shown) > causes:
        parts.append(units.plural(len(shown) - causes, "symptom"))
    watching = sum(f.status is FindingStatus.WATCHING for f in shown)
    if watching:
        parts.append(f"{watching} watched")
    quiet = sum(f.status is FindingStatus.MUTED for f in shown)
    if quiet:
        parts.append(f"{quiet} muted")
    if snapshot.bad_total:
        parts.append(units.plural(snapshot.bad_total, "bad line"))
    return " · ".join(parts)


def bad_lines(snapshot: FindingsSnapshot) -> tuple[Item, ...]:
    """Lines of the inbox that were not understood, each as what it is."""
    items = []
    for path, number, why in snapshot.bad_lines[-5:]:
        cells = (
            Cell("? bad line", "unknown"),
            Cell(printable(f"{path}:{number}: {why}"), "unknown"),
            Cell(""),
        )
        items.append(Item(Row(key=("bad", path, number), cells=cells), None))
    return tuple(items)


def subject_of(finding: Finding) -> str:
    """What it is about, in front of its summary; empty where the summary itself begins with the name.

    Summaries about runs and repositories do, for their ids and paths say little; those of outside agents may
    not.
    """
    symptom = finding.symptom
    text = printable(symptom.summary)
    if symptom.stream:
        names = [symptom.stream, symptom.consumer_group]
        parts = [as_text(name) for name in names if name]
        return parts[0] if parts[-1] in text.split() else " ".join(parts)
    of = [symptom.service, *((symptom.run, symptom.repo) if finding.outside else ())]
    about = " ".join([printable(part) for part in of if part][:2])
    return "" if text.startswith(about) else about


def item(finding: Finding, now: int, symptoms: tuple[Finding, ...] = ()) -> Item:
    """One finding, with its symptoms below."""
    children = tuple(_line(symptom, now, BRANCH) for symptom in symptoms)
    whole = _line(finding, now, "")
    return Item(whole.row, finding, problem=whole.problem, children=children)


def _line(finding: Finding, now: int, branch: str) -> Item:
    symptom = finding.symptom
    key = symptom.fingerprint if not finding.outside else ("inbox", finding.finding_id)
    row = LateRow(
        key,
        partial(_cells, finding, now, branch),
        depth=1 if branch else 0,
        make_sort=partial(_sort, finding, now, branch),
    )
    return Item(row, finding, problem=finding.status is FindingStatus.OPEN)


def _sort(finding: Finding, now: int, branch: str) -> tuple[object, ...]:
    symptom = finding.symptom
    return (
        None, symptom.severity.rank, _lead(finding, branch) + printable(symptom.summary),
        now - finding.first_seen, finding.status.value, symptom.category, finding.finding_id,
        symptom.agent_id,
    )  # fmt: skip


def _lead(finding: Finding, branch: str) -> str:
    """The prefix of the summary: subject and count; empty, or ends in a colon."""
    about = "" if branch else subject_of(finding)
    times = f"×{units.count(finding.count)}" if finding.count > 1 else ""
    lead = " ".join(part for part in (about, times) if part)
    return lead and f"{lead}: "


def _cells(finding: Finding, now: int, branch: str) -> tuple[Cell, ...]:
    symptom = finding.symptom
    glyph, style = STYLES[symptom.severity]
    quiet = finding.status is not FindingStatus.OPEN
    word = (
        symptom.severity.value
        if symptom.severity.rank <= Severity.MEDIUM.rank
        else symptom.severity.value.lower()
    )
    if finding.status is FindingStatus.WATCHING:
        glyph, word = "◌", "watching"
    elif finding.status in {FindingStatus.ACKNOWLEDGED, FindingStatus.MUTED}:
        glyph = "✓" if finding.status is FindingStatus.ACKNOWLEDGED else "–"
    text = printable(symptom.summary)
    lead = _lead(finding, branch)
    shown = "dim" if quiet else "bold" if symptom.severity is Severity.CRITICAL else ""
    colour = "dim" if quiet else style
    mark = BRANCH if branch else glyph
    if branch:
        word = word.lower()
        if finding.status in {FindingStatus.ACKNOWLEDGED, FindingStatus.MUTED}:
            word = f"{glyph} crit" if symptom.severity is Severity.CRITICAL else f"{glyph} {word}"
    return (
        Cell(mark, "faint" if branch else colour),
        Cell(word, colour),
        Cell(spans=((lead, shown), (text, shown))) if lead else Cell(text, shown),
        Cell(units.age(now - finding.first_seen), "dim"),
        Cell(finding.status.value, "dim"),
        Cell(symptom.category, "dim"),
        Cell(printable(finding.finding_id), "id"),
        Cell(printable(symptom.agent_id), "dim"),
    )
