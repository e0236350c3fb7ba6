"""Git repositories over https as hosts of them serve them, to those who prove who they are."""

from __future__ import annotations

import os
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.certificates import server_context


@contextmanager
def git_server(root: Path, folder: Path, user: str, password: str) -> Iterator[int]:
    """The port. `root` holds the repositories; `folder` gets the certificate `server.pem`."""
    expected = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._backend(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        do_POST = do_GET  # noqa: N815 (the name that the base class asks for)

        def _backend(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            given = {"GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path}
            given |= {"REQUEST_METHOD": self.command, "QUERY_STRING": query, "CONTENT_LENGTH": str(len(body))}
            given |= {"CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_USER": user}
            given |= {"HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "PATH": os.environ["PATH"]}
            said = subprocess.run(["git", "http-backend"], input=body, env=given, capture_output=True, check=True)
            head, _, content = said.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = server_context(folder).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
