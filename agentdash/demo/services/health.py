"""An HTTP health check on the loopback interface, with the same port after restarts."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agentdash.demo.folder import DemoFolder


class _Health(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        """Reply ``ok`` to every path."""
        body = b'{"status":"ok"}\n'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Log nothing."""


def serve_health(root: Path, name: str) -> int:
    """Serve health checks in a thread.

    The port is chosen the first time and written to the folder; after a restart it is the same, if free.

    Returns:
        The port.

    Raises:
        OSError: when no port is available.
    """
    note = DemoFolder(root).port_file(name)
    server = None
    with suppress(OSError, ValueError):
        server = ThreadingHTTPServer(("127.0.0.1", int(note.read_text())), _Health)
    if server is None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Health)
    server.daemon_threads = True
    port = int(server.server_address[1])
    new = note.with_suffix(".new")
    new.write_text(str(port))
    new.replace(note)
    threading.Thread(target=server.serve_forever, args=(5.0,), daemon=True, name="health").start()
    return port
