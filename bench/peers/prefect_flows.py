# mypy: ignore-errors
"""Prefect: flows in this process, runs kept by its server in PostgreSQL.

Run by bench.peers: python prefect_flows.py DSN AMQP FLOWS STEPS
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request


def main():
    dsn, flows, steps = sys.argv[1], int(sys.argv[3]), int(sys.argv[4])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tempfile.mkdtemp(prefix="prefect-")
    os.environ |= {
        "PREFECT_API_DATABASE_CONNECTION_URL": dsn.replace("postgresql://", "postgresql+asyncpg://"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": home,
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _until_healthy(f"http://127.0.0.1:{port}/api/health")
        _work(flows, steps)
        sys.stdin.read()
    finally:
        server.terminate()
        server.wait()


def _until_healthy(url):
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("the server of Prefect did not start")


def _work(flows, steps):
    from prefect import flow, task

    @task
    def step(n):
        return n + 1

    @flow
    def sequence(steps):
        n = 0
        for _ in range(steps):
            n = step(n)
        return n

    assert sequence(2) == 2
    print("begin", flush=True)
    for _ in range(flows):
        assert sequence(steps) == steps
    print("end", flush=True)


if __name__ == "__main__":
    main()
