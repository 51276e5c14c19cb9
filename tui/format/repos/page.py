"""A repository as a page, beside the list."""

from __future__ import annotations

from datetime import tzinfo

from agentdash.core import units
from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.repos.model import Repo
from agentdash.core.repos.queries import RepoSize
from agentdash.core.secrets.safe_text import safe_text
from tui.format.detail import BLANK, heading, moment
from tui.format.repos.head import operation_remedy, operation_text
from tui.format.repos.lists import sorted_changes, state_of
from tui.widgets.document import Para, field


def page(subject: Repo, now: int, zone: tzinfo | None, size: RepoSize | None = None) -> list[Para]:
    """Its state, unfinished operations, and every changed file.

    Args:
        subject: The repository.
        now: Unix ms.
        zone: For times of day.
        size: Of the uncommitted change; None where it is unknown.
    """
    shown = [
        Para.of(safe_text(subject.name), "bold"),
        field("path", safe_text(subject.path)),
        field("kind", subject.kind.value),
        field("branch", _where(subject), "warn" if subject.detached else "info"),
        field("upstream", _upstream(subject), "warn" if subject.upstream_gone else ""),
        field("commit", f"{(subject.head or 'none yet')[:10]}  {safe_text(subject.subject or '')}"),
    ]
    if subject.head is not None:
        by = safe_text(subject.author or units.UNKNOWN)
        when = OUT_OF_RANGE if subject.committed_out_of_range else moment(subject.committed_at, now, zone)
        shown.append(field("author", f"{by}, {when}"))
    if subject.stash:
        shown.append(field("stash", str(subject.stash), "warn"))
    if subject.submodules.total:
        shown.append(_submodules(subject))
    shown += _unfinished(subject, now)
    if subject.error:
        return [*shown, BLANK, Para.of(f"✗ {safe_text(subject.error)}", "bad", hang=2)]
    return [*shown, BLANK, *_changes(subject, size)]


def _where(subject: Repo) -> str:
    if not subject.detached:
        return safe_text(subject.branch or units.UNKNOWN)
    loose = f", {units.plural(subject.loose, 'commit')} on no branch" if subject.loose else ""
    return f"detached at {(subject.head or '')[:10]}{loose}"


def _upstream(subject: Repo) -> str:
    if subject.upstream is None:
        return "none"
    if subject.upstream_gone:
        return f"{safe_text(subject.upstream)}, deleted"
    ahead, behind = (units.UNKNOWN if n is None else str(n) for n in (subject.ahead, subject.behind))
    return f"{safe_text(subject.upstream)}  ↑{ahead} ↓{behind}"


def _submodules(subject: Repo) -> Para:
    known = subject.submodules
    odd = [
        f"{number} {word}"
        for number, word in ((known.moved, "moved"), (known.uninitialised, "not checked out"))
        if number
    ]
    return field("submodules", ", ".join([str(known.total), *odd]), "warn" if odd else "")


def _unfinished(subject: Repo, now: int) -> list[Para]:
    shown = []
    if subject.operation:
        shown.append(
            field("unfinished", f"{operation_text(subject, now)}: {operation_remedy(subject)}", "bad")
        )
    if subject.lock_age_ms is not None:
        held = {True: ", held by a process", False: ", not held by any process", None: ""}[subject.lock_held]
        shown.append(field("index.lock", f"{units.age(subject.lock_age_ms)} old{held}", "warn"))
    return shown


def _changes(subject: Repo, size: RepoSize | None) -> list[Para]:
    total = subject.changes_total or len(subject.changes)
    if not total:
        return [heading("clean")]
    lines = ((f"   +{size.added}", "good"), (f" −{size.deleted} lines", "bad")) if size is not None else ()
    shown = [Para(((f"{total} changed", "bold"), *lines))]
    for change in sorted_changes(subject):
        index, tree = change.xy[:1], change.xy[1:2]
        style = "bad" if state_of(change) == "conflict" else "warn" if index in ".?" else "good"
        origin = f" ← {safe_text(change.renamed_from)}" if change.renamed_from else ""
        shown.append(Para(((f"{index}{tree} ", style), (safe_text(change.path) + origin, "")), hang=3))
    if total > len(subject.changes):
        shown.append(Para.of(f"… {total - len(subject.changes)} more", "dim"))
    return shown
