"""Rules on one stream as a whole: its readers, growth and content. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import redis_cli
from agentdash.core.patterns import matches
from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.settings.model import StreamsSettings
from agentdash.core.streams.model import Cap, Group, Stream
from agentdash.core.streams.rules.case import StreamCase
from agentdash.core.streams.rules.wording import lag_text
from agentdash.core.units import age, count, plural


def no_consumer_group(case: StreamCase) -> Iterator[Symptom]:
    """Entries are added, and no group reads them."""
    if case.stream.groups or not case.stream.groups_known or not case.judged.rate_in:
        return
    rate = f"{count(case.judged.rate_in)}/min"
    yield case.symptom(
        "NO_CONSUMER_GROUP",
        Severity.MEDIUM,
        f"{rate} incoming, no group reads them",
        f"groups: none, incoming: {rate}",
        hypothesis="Its consumers were not set up, read it without a group, or use another name.",
        recommendation="Create the group that is meant to read it, or stop producing into it.",
        see=redis_cli("XINFO", "GROUPS", case.stream.name),
        clears="It clears when a group exists, or no entries are added any more.",
    )


def stream_growing(case: StreamCase) -> Iterator[Symptom]:
    """The length rises while the slowest group falls behind, or while nothing trims it.

    One step less severe where it only lacks a cap and its groups do not fall behind.
    """
    if not _grows(case):
        return
    slowest = _falls_behind(case)
    if slowest is None and case.judged.cap is not Cap.NO:
        return
    lasts = age(case.judged.grows_s * 1000)
    if slowest is not None:
        summary = f"growing for {lasts}, {safe_name(slowest.name)} falls behind ({lag_text(slowest.lag)} now)"
        cure = f"Make {safe_name(slowest.name)} read faster, or add consumers; check what they wait for."
    else:
        summary = f"growing for {lasts}, no trimming seen"
        cure = "Add entries with MAXLEN ~ or MINID ~, or trim the stream (XTRIM) regularly."
    yield case.symptom(
        "STREAM_GROWING",
        Severity.HIGH if slowest is not None else Severity.HIGH.lowered(),
        summary,
        f"length rose for {case.judged.grows_s:.0f} s and never fell; cap seen: {case.judged.cap}",
        consumer_group=None if slowest is None else slowest.name,
        hypothesis="More is added than removed: the server will run out of memory.",
        recommendation=cure,
        see=redis_cli("XINFO", "STREAM", case.stream.name),
        clears="It clears when the stream is trimmed, or stops growing.",
    )


def unbounded_stream(case: StreamCase) -> Iterator[Symptom]:
    """It grows, and no entry was ever removed."""
    if not _grows(case) or case.judged.cap is not Cap.NO:
        return
    yield case.symptom(
        "UNBOUNDED_STREAM",
        Severity.MEDIUM,
        f"{count(case.stream.length)} entries, no cap seen, {count(case.judged.rate_in or 0)}/min incoming",
        f"entries-added {case.stream.entries_added} = length {case.stream.length}: nothing was ever removed",
        hypothesis="It is added to without MAXLEN or MINID, and not trimmed; or its cap is not reached.",
        recommendation="Add entries with MAXLEN ~ N, with N well above the lag of the slowest group.",
        see=redis_cli("XINFO", "STREAM", case.stream.name),
        clears="It clears when the stream is trimmed, or stops growing.",
    )


def schema_inconsistency(case: StreamCase) -> Iterator[Symptom]:
    """The newest entries differ in their fields."""
    sets = case.stream.field_sets
    if len(sets) < 2:
        return
    shared = set(sets[0]).intersection(*sets)
    differing = sorted({name for names in sets for name in names} - shared)
    yield case.symptom(
        "SCHEMA_INCONSISTENCY",
        Severity.LOW,
        f"{len(sets)} sets of fields among its newest entries: {', '.join(differing[:4])} differ",
        *(f"fields: {', '.join(names) or '(none)'}" for names in sets[:4]),
        hypothesis="Several producers or versions write it, or it has events of several kinds.",
        recommendation="If consumers expect one form, find the producer that differs.",
        see=redis_cli("XREVRANGE", case.stream.name, "+", "-", "COUNT", "5"),
        clears="It clears when its newest entries have the same fields.",
        expected=", ".join(sets[0]),
        actual=", ".join(sets[1]),
    )


def orphan_suspect(stream: Stream, settings: StreamsSettings) -> bool:
    """Whether neither a group nor the settings know *stream*; a file may still name it."""
    if stream.groups or not stream.groups_known or stream.error:
        return False
    return not any(matches(pattern, stream.name) for pattern in (*settings.include, *settings.known))


def orphaned_stream(case: StreamCase) -> Iterator[Symptom]:
    """No group, setting or file of a repository knows it, over a full window.

    Nothing is reported before the files were searched.
    """
    stream = case.stream
    if case.judged.window_s < case.settings.window or not orphan_suspect(stream, case.settings):
        return
    if case.mentions is None:
        where = "not in the settings"
        searched = "no repository was searched for its name"
    else:
        mention = case.mentions.get(stream.name)
        if mention is None or mention.place is not None:
            return
        where = "not in the settings, and in no file"
        unread = f"; {plural(mention.failed, 'other')} could not be searched" if mention.failed else ""
        searched = (
            f"its full name is in no file of {plural(mention.repos, 'repository')}{unread}; "
            "a name that a program builds from parts is not found"
        )
    yield case.symptom(
        "ORPHANED_STREAM",
        Severity.LOW,
        f"{count(stream.length)} entries, no group, {where}",
        "groups: none; matched by no pattern of streams.include and streams.known",
        searched,
        hypothesis="It is a leftover of a removed program, or its name is mistyped somewhere.",
        recommendation="If intended, add it to streams.known; find what writes it; else delete it.",
        see=redis_cli("XINFO", "STREAM", stream.name),
        clears="It clears when a group exists, the settings or a file name it, or it is deleted.",
    )


def _grows(case: StreamCase) -> bool:
    settings = case.settings
    return case.judged.grows_s >= settings.grow_after and case.stream.length > settings.growing_above


def _falls_behind(case: StreamCase) -> Group | None:
    """The slowest group, if its lag grows."""
    known = [group for group in case.stream.groups if group.lag.value is not None]
    slowest = max(known, key=lambda group: group.lag.value or 0, default=None)
    if slowest is None:
        return None
    of = case.judged.group(slowest.name)
    return slowest if of is not None and of.lag_grows else None
