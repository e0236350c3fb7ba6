"""Hosts whose clocks are two hours apart: leases, timeouts, delays and the times that are shown come of one clock."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.running import Services, write
from tests.support import postgres

HOUR = 3600
FLOW = """
ref: clocks.flow
tasks:
  - name: each
    action: clocks.nap
    with_items: "{{ [0.1, 0.1, 8, 8] }}"
    input: {seconds: "{{ item }}"}
    timeout: 20
    retry: {count: 1, delay: 1}
    on_success: later
  - name: later
    delay: 1
    action: clocks.nap
    timeout: 20
    input: {seconds: 0.1}
output_map: {done: "{{ task.each.succeeded_count }}"}
"""
PACK = {
    "pack.yaml": "ref: clocks\nlabel: Clocks\nversion: 1.0.0\n",
    "workflows/flow.yaml": FLOW,
    "actions/nap.yaml": "ref: clocks.nap\nlabel: Nap\nruntime: shell\nentry_point: nap.sh\n"
    "parameters:\n  seconds: {type: number, required: true}\n",
    "actions/nap.sh": "#!/bin/sh\nsleep $ATTUNE_PARAM_SECONDS\n",
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler to make other clocks with")
    made = tmp_path / "other_clock.so"
    source = Path(__file__).with_name("other_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


@pytest.fixture
def services(postgres_server: postgres.Server, amqp_url: str, library: Path) -> Iterator[Services]:
    clocks = {"worker-1": -HOUR, "worker-2": HOUR, "executor-1": HOUR, "executor-2": -HOUR}
    own = {
        name: {"LD_PRELOAD": str(library), "HOST_CLOCK_OFFSET": str(seconds), "ATTUNE_WORKER_SLOTS": "2"}
        for name, seconds in clocks.items()
    }
    with open_folder() as folder, postgres_server.database() as database:
        write(folder / "clocks", PACK)
        servers = {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": amqp_url, "ATTUNE_HEARTBEAT_SECONDS": "2"}
        services = Services(folder, servers, own=own)
        try:
            services.start("api", *clocks)
            services.until_ready()
            services.cli.run("pack", "register", str(folder / "clocks"))
            yield services
        finally:
            services.stop()


def test_no_decision_looks_at_a_hosts_clock(services: Services) -> None:
    begun = datetime.now(UTC)
    number = services.cli.json("workflow", "run", "clocks.flow")["id"]
    done = services.cli.json("execution", "watch", str(number))
    assert (done["status"], done["result"]) == ("completed", {"done": 4}), done
    steps = [row for row in services.cli.json("execution", "list", "--action", "clocks.nap") if row["id"] > number]
    assert len(steps) == 5
    assert {row["worker"] for row in steps} == {"worker-1", "worker-2"}, "both took part"
    assert [row["attempt"] for row in steps] == [1] * 5, "nothing was given up"
    slack = timedelta(seconds=5)
    for row in [*steps, done]:
        for name in ("created", "started_at", "completed_at"):
            assert begun - slack < datetime.fromisoformat(row[name]) < datetime.now(UTC) + slack, (name, row)
