"""An HTTP health check on the loopback interface, kept on one port through restarts."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agentdash.demo.folder import Folder


class _Health(BaseHTTPRequestHandler):
    timeout = 5

    def do_GET(self) -> None:
        """Answer every path: up."""
        body = b'{"status":"ok"}\n'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Health checks are not worth a line."""


def serve_health(root: Path, name: str) -> int:
    """Answer health checks in a thread.

    The port is a free one the first time and noted in the demo's folder; after a restart the same, if free.

    Returns:
        The port.

    Raises:
        OSError: when nothing can be listened on.
    """
    note = Folder(root).port_file(name)
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
