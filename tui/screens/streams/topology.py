"""The panes above the entries of a stream: groups, consumers, charts."""

from __future__ import annotations

from collections.abc import Mapping

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.snapshot import SourceHealth
from agentdash.core.streams.history import GroupSeries, StreamSeries
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, Stream, StreamJudgement
from tui.format.state import LIVE, PaneKind, PaneState, pane_state
from tui.format.streams import chart as stream_chart
from tui.format.streams import entries
from tui.format.streams import shape as stream_shape
from tui.widgets.document import Document, Para
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable

CAPS = {"yes": "capped", "no": "not capped", "unknown": "cap unknown"}


class GroupsPane(Pane):
    """The groups of a stream; facts about the stream in its border."""

    def __init__(self) -> None:
        self.table = LineTable(entries.GROUP_COLUMNS, id="groups-table")
        super().__init__("Groups", self.table, id="stream-groups")

    @property
    def current(self) -> bytes | None:
        """Name of the group under the cursor."""
        key = self.table.cursor_key
        return key if isinstance(key, bytes) else None

    def present(
        self, stream: Stream, judgement: StreamJudgement, health: SourceHealth | None, now: int
    ) -> None:
        """Update it."""
        self.table.set_rows([entries.group_row(group, judgement, now) for group in stream.groups])
        nothing = ("no group reads this stream", "its entries are below; .: create a group")
        if not stream.groups_known:
            nothing = ("the groups of this stream are unknown", "the ACL denies XINFO GROUPS")
        self.state = pane_state(health, now, rows=len(stream.groups), empty=nothing)
        self.set_title(f"{as_text(stream.name)} · {units.plural(len(stream.groups), 'group')}")
        rate = f"{units.count(judgement.rate_in)}/min"
        noun = "entry" if stream.length == 1 else "entries"
        parts = [f"{units.count(stream.length)} {noun}", rate, CAPS[judgement.cap.value]]
        self.summary = " · ".join((*parts, *stream_shape.counts(stream)))

    def gone(self) -> None:
        """Show that the stream no longer exists."""
        lines = (Para.of("○ this stream no longer exists", "unknown"),)
        self.state = PaneState(PaneKind.EMPTY, lines)


class ConsumersPane(Pane):
    """The consumers of a group, each with its liveness."""

    def __init__(self) -> None:
        self.table = LineTable(entries.CONSUMER_COLUMNS, id="consumers-table")
        super().__init__("Consumers", self.table, id="stream-consumers")

    @property
    def current(self) -> bytes | None:
        """Name of the consumer under the cursor; None for all."""
        key = self.table.cursor_key
        return key if isinstance(key, bytes) else None

    def present(self, group: Group | None, liveness: Mapping[bytes, Liveness]) -> None:
        """Show those of *group*."""
        if group is None:
            self.table.set_rows(())
            return
        self.table.set_rows(entries.consumer_rows(group, liveness))
        self.set_title(f"Consumers of {as_text(group.name)}")
        self.summary = f"{len(group.consumers)}"
        no_consumer = (Para.of("■ no consumer: none has read yet, or all were deleted", "bad"),)
        known = group.consumers or not group.consumers_known
        self.state = LIVE if known else PaneState(PaneKind.LIVE, no_consumer, dim=True)


class ChartPane(Pane):
    """Ten minutes of a stream and of one of its groups."""

    def __init__(self) -> None:
        self.page = Document(id="stream-lines")
        self.page.can_focus = False
        super().__init__("Last 10 min", self.page, id="stream-chart")

    def present(
        self,
        stream: Stream,
        judgement: StreamJudgement,
        course: StreamSeries | None,
        group: Group | None,
        of_group: GroupSeries | None,
    ) -> None:
        """Draw them at the current width."""
        if not self.display or self.page.size.width <= 0:
            return
        self.page.show(stream_chart.paras(stream, judgement, course, group, of_group, self.page.size.width))
        self.set_title(f"{as_text((group or stream).name)}, last 10 min")
        self.state = LIVE
