"""Names of the fields that hold a correlation id, in log lines and in messages alike. Lower case."""

from __future__ import annotations

CORRELATION_NAMES = (
    "correlationid", "correlation_id", "correlation-id", "corr", "corrid", "corr_id", "trace_id", "traceid",
    "trace.id", "trace", "request_id", "requestid", "request.id", "req_id", "reqid", "x-request-id",
    "x-correlation-id", "dd.trace_id", "http.request.id",
)  # fmt: skip
