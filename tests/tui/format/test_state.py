"""What a pane says where its source fails: in words, and when it is read again."""

import pytest

from agentdash.core.snapshot import SourceHealth, SourceState
from tui.format.state import pane_state

NOW = 1_732_112_345_000


def said(retry_at: int | None, rows: int | None) -> str:
    health = SourceHealth(
        "runs", state=SourceState.ERROR, error="no answer", cure="start it", retry_at=retry_at
    )
    paras = pane_state(health, NOW, rows=rows, empty=("", "")).notice
    return "\n".join("".join(text for text, _ in para.parts) for para in paras)


@pytest.mark.parametrize("rows", [None, 3])
def test_when_it_is_tried_again(rows: int | None) -> None:
    assert "retry in 4s" in said(NOW + 4_000, rows)
    assert "retry now" in said(NOW + 40, rows), "a span of 0.0s says nothing"
    assert "retry now" in said(NOW - 40, rows)
    assert "again" not in said(None, rows)
