"""The service page: two header lines, charts, processes, and all properties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.history import BUCKETS, ServiceSeries
from agentdash.core.services.model import Service, ServiceProcess, ServiceState, exit_text
from tui.format.detail import BLANK, moment
from tui.format.item import Cell, Column, Row
from tui.format.services.listing import GLYPHS, GROWING, IDLE_MS
from tui.format.streams.chart import floor, spread
from tui.widgets.cells import sparkline
from tui.widgets.document import Para, field
from tui.widgets.linebar import Word

GONE = (Word((("? service no longer exists", "unknown"),)),)
PROCESS_COLUMNS = (
    Column("pid", "PID", 7, align="right"),
    Column("state", "STATE", 8, priority=3),
    Column("cpu", "CPU", 7, align="right", priority=1),
    Column("memory", "MEMORY", 7, align="right", priority=1),
    Column("threads", "THR", 4, align="right", priority=5),
    Column("up", "UP", 4, align="right", priority=4),
    Column("command", "COMMAND", 16, flex=1, min_width=12, priority=2),
)
_NAME, _NUMBER, _PEAK, _LEAST = 10, 9, 13, 12
_STATUS = {
    "zombie": "bad",
    "stopped": "warn",
    "tracing-stop": "warn",
    "disk-sleep": "warn",
    "running": "good",
}


def state_line(service: Service, now: int) -> tuple[Word, ...]:
    """State, process, age, last exit, restarts, probe, ports, in order of importance."""
    glyph, style = ("○", "dim") if service.never_seen else GLYPHS[service.state]
    words = [Word(((f"{glyph} {'not started' if service.never_seen else service.state}", f"{style} bold"),))]
    if service.pid is not None:
        up = now - service.create_time if service.create_time is not None else None
        age = (("  for ", "dim"), (units.age(up), "")) if service.state is not ServiceState.ZOMBIE else ()
        words.append(Word((("pid ", "dim"), (str(service.pid), ""), *age)))
    elif service.down_since is not None:
        words.append(Word((("for ", "dim"), (units.age(now - service.down_since), style))))
    if service.exit_code is not None and service.state is not ServiceState.UP:
        words.append(Word((("last exit ", "dim"), (exit_text(service.exit_code), "bad"))))
    if service.restarts:
        words.append(Word(((units.plural(service.restarts, "restart"), "warn"),)))
    if service.probe is not None:
        words.append(Word(_probe(service)))
    if service.ports:
        words.append(Word((("port ", "dim"), (" ".join(map(str, service.ports)), ""))))
    if service.error:
        words.append(Word(((safe_text(service.error), "unknown"),)))
    return tuple(words)


def output_line(service: Service, now: int) -> tuple[Word, ...]:
    """Its last log line, and how long it has been idle."""
    if service.log is None:
        return (Word((("no log: set `log` in its settings", "dim"),)),)
    if service.last_line_at is None:
        return (Word(((f"no log file yet: {safe_text(service.log)}", "dim"),)),)
    if not service.last_line:
        return (Word(((f"log file empty: {safe_text(service.log)}", "dim"),)),)
    idle = now - service.last_line_at
    return (
        Word(((f"idle {units.age(idle)}", "warn" if idle > IDLE_MS else "dim"),)),
        Word(((safe_text(service.last_line), ""),)),
    )


def _probe(service: Service) -> tuple[tuple[str, str], ...]:
    probe = service.probe
    if probe is None or probe.ok is None:
        return (("probe ", "dim"), ("no result yet", "unknown"))
    if not probe.ok:
        return (("probe ", "dim"), (f"failed: {safe_text(probe.error or 'no reply')}", "bad"))
    latency_text = units.UNKNOWN if probe.latency_ms is None else f"{probe.latency_ms:.1f} ms"
    return (("probe ", "dim"), (latency_text, "good"))


def charts(service: Service, found: ServiceSeries | None, width: int) -> list[Para]:
    """CPU, memory and latency over ten minutes in *width* cells; unknown values are gaps."""
    room = max(_LEAST, width - _NAME - _NUMBER - _PEAK)
    cpu = found.cpu if found else ()
    rss = found.rss if found else ()
    trend = service.rss_trend
    growing = trend is not None and trend > GROWING
    sign = "+" if trend is not None and trend >= 0 else "-"
    rate = f"{sign}{units.size(abs(trend))}/min" if trend is not None else ""
    lines = [
        _line("cpu", cpu, units.percent(service.cpu_percent), _peak(cpu, "%"), "spark", room),
        _line(
            "memory",
            rss,
            units.size(service.rss_bytes),
            rate,
            "warn" if growing else "good",
            room,
            level=True,
        ),
    ]
    if service.probe is not None:
        latency_ms = service.probe.latency_ms if service.probe.ok else None
        number = units.UNKNOWN if latency_ms is None else f"{latency_ms:.1f} ms"
        latency = found.latency if found else ()
        lines.append(_line("probe", latency, number, _peak(latency, "ms"), "info", room))
    ago = "10 min ago"
    lines.append(Para(((f"{'':<{_NAME}}{ago}{'now':>{room - len(ago)}}", "faint"),)))
    return lines


def _peak(values: Sequence[float | None], unit: str) -> str:
    known = [value for value in values if value is not None]
    return f"max {max(known):.0f} {unit}" if known else ""


def _line(
    name: str,
    values: Sequence[float | None],
    number: str,
    beside: str,
    style: str,
    room: int,
    *,
    level: bool = False,
) -> Para:
    drawn = sparkline(spread(values, BUCKETS, room), room, low=floor(values) if level else 0.0)
    unknown = number == units.UNKNOWN
    return Para(
        (
            (f"{name:<{_NAME}}", "dim"),
            (drawn, style),
            (f"{number:>{_NUMBER}}", "dim" if unknown else style),
            (f"{beside:>{_PEAK}}", "warn" if style == "warn" else "dim"),
        )
    )


def process_rows(service: Service, now: int) -> list[Row]:
    """Its processes; children are indented below their parents."""
    return [_process_row(process, now) for process in service.processes]


def _process_row(process: ServiceProcess, now: int) -> Row:
    age = now - process.created_at
    busy = process.cpu_percent is not None and process.cpu_percent >= 1
    cells = (
        Cell(str(process.pid), "" if not process.depth else "dim"),
        Cell(process.status or units.UNKNOWN, _STATUS.get(process.status or "", "dim")),
        Cell(units.percent(process.cpu_percent), "" if busy else "dim"),
        Cell(units.size(process.rss_bytes)),
        Cell(units.UNKNOWN if process.threads is None else str(process.threads), "dim"),
        Cell(units.coarse(age), "dim"),
        Cell("  " * min(process.depth, 8) + (process.command or units.UNKNOWN), "dim"),
    )
    sort = (process.pid, process.status, process.cpu_percent, process.rss_bytes, process.threads, age,
            process.command)  # fmt: skip
    return Row(key=(process.pid, process.created_at), cells=cells, sort=sort)


def processes_summary(service: Service) -> str:
    """The number of listed processes, for the border."""
    shown, children = len(service.processes), service.children
    if service.pid is None or children is None or not shown:
        return ""
    cut = f"{shown} of {children + 1}" if shown < children + 1 else ""
    return cut or ("no children" if not children else units.plural(children, "child", "children"))


def page(service: Service, now: int, zone: tzinfo | None) -> list[Para]:
    """All its properties."""
    glyph, style = ("○", "dim") if service.never_seen else GLYPHS[service.state]
    shown = [
        Para(((f"{glyph} ", style), (safe_text(service.name), "bold"), (f"  {service.state}", style))),
        BLANK,
        *([field("pid", str(service.pid))] if service.pid is not None else ()),
        *([field("declared", f"in {safe_text(service.origin)}")] if service.origin else []),
        *([field("started", moment(service.create_time, now, zone))] if service.pid is not None else ()),
        field("restarts", f"{service.restarts} since agentdash started"),
        *_ended(service, now, zone),
        *(_process(service) if service.pid is not None else ()),
        *([field("ports", " ".join(map(str, service.ports)))] if service.ports else ()),
    ]
    if service.start_command is not None:
        shown.append(field("start cmd", safe_text(service.start_command)))
        if service.start_script:
            shown.append(field("runs", safe_text(service.start_script)))
    if service.probe is not None:
        shown.append(field("probe", safe_text(service.probe.target)))
        shown.append(Para((("".ljust(12), ""), *_probe(service)[1:]), hang=12))
    if service.error:
        shown.append(field("error", safe_text(service.error), "unknown"))
    if service.log is not None:
        shown.append(field("log", safe_text(service.log)))
    if service.last_line:
        shown.append(field("last line", safe_text(service.last_line)))
        shown.append(field("", moment(service.last_line_at, now, zone), "dim"))
    return shown


def _process(service: Service) -> list[Para]:
    """Properties of its process."""
    trend = units.UNKNOWN if service.rss_trend is None else f"{units.size(service.rss_trend)} /min"
    return [
        field("cpu", units.percent(service.cpu_percent)),
        field("memory", units.size(service.rss_bytes)),
        field("trend", trend),
        field("threads", _or(service.threads)),
        field("open files", _or(service.open_files)),
        field("children", _or(service.children)),
        field("folder", safe_text(service.cwd or units.UNKNOWN)),
        field("command", service.command or units.UNKNOWN),
    ]


def _ended(service: Service, now: int, zone: tzinfo | None) -> list[Para]:
    found: list[Para] = []
    if service.down_since is not None:
        found.append(field("down since", moment(service.down_since, now, zone), "bad"))
    if service.exit_code is not None:
        found.append(field("last exit", exit_text(service.exit_code), "bad" if service.exit_code else ""))
    elif service.exit_unknown is not None:
        found.append(field("last exit", f"unknown: {service.exit_unknown}", "unknown"))
    return found


def _or(value: int | None) -> str:
    return units.UNKNOWN if value is None else str(value)
