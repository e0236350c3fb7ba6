"""A small web application: greets, shows numbered pages, and tells how it is under /health."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
VERSION = (HERE / "VERSION").read_text().strip()
GREETING = "greetings/en.txt"


def greeting():
    return (HERE / GREETING).read_text().strip()


def answer(path):
    """(status, what to say) for a path."""
    if path == "/health":
        return health()
    if path == "/":
        return 200, {"greeting": greeting(), "version": VERSION}
    if path.startswith("/pages/"):
        return 200, {"page": path.removeprefix("/pages/"), "version": VERSION}
    return 404, {"error": f"there is no {path}"}


def health():
    try:
        greeting()
    except OSError as problem:
        return 500, {"status": "broken", "reason": str(problem), "version": VERSION}
    return 200, {"status": "ok", "version": VERSION}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = answer(self.path)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    time.sleep(float(os.environ.get("WARM_UP", "0.6")))  # stands for loading what a real application loads
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
