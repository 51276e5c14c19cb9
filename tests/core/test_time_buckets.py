"""Buckets of time: bounded, newest last, with gaps where nothing is known."""

from __future__ import annotations

from agentdash.core.time_buckets import TimeBuckets


def test_values_are_kept_for_so_many_buckets() -> None:
    buckets = TimeBuckets(metrics=2, count=3)
    assert buckets.read(0) == ()
    for value in range(5):
        buckets.advance(1)
        buckets.put(0, value)
    assert buckets.read(0) == (2.0, 3.0, 4.0)
    assert buckets.read(1) == (None, None, None)


def test_skipped_buckets_are_gaps_or_filled() -> None:
    buckets = TimeBuckets(metrics=1, count=4)
    buckets.advance(1)
    buckets.put(0, 7)
    buckets.advance(2)
    assert buckets.read(0) == (7.0, None, None)
    buckets.advance(1, fill=0.0)
    assert buckets.read(0) == (7.0, None, None, 0.0)
    buckets.advance(1_000_000)
    assert buckets.read(0) == (None,) * 4
    buckets.advance(-1)
    assert len(buckets.read(0)) == 4


def test_a_bucket_keeps_the_last_value_its_peak_or_its_sum() -> None:
    buckets = TimeBuckets(metrics=3, count=2)
    buckets.advance(1)
    for value in (3.0, 5.0, None, 4.0):
        buckets.put(0, value)
        buckets.put_peak(1, value)
        buckets.add(2, value or 0)
    assert (*buckets.read(0), *buckets.read(1), *buckets.read(2)) == (4.0, 5.0, 12.0)
