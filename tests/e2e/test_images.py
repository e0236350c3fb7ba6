"""The images are built for real and do their work as `deploy/compose.yaml` runs them: not as root, on a read-only root.

`make images-check` runs this; elsewhere it is skipped, for a build takes minutes and an engine.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.containers import Engine, compose
from tests.e2e.running import Attune, environment, write
from tests.support import postgres
from tests.support.servers import free_ports
from tests.support.waiting import until_sync

SERVICES = ("api", "executor", "worker", "sensor", "notifier")
PACK = {
    "pack.yaml": "ref: boxed\nlabel: Boxed\nversion: 1.0.0\n",
    "actions/look.yaml": "ref: boxed.look\nlabel: Look\nruntime: python\nentry_point: look.py\n",
    "actions/look.py": """
import json, os, sys

def writable(path):
    try:
        open(os.path.join(path, "mine"), "w").close()
    except OSError:
        return False
    return True

print(json.dumps({"uid": os.getuid(), "root": writable("/"), "program": writable("/opt/attune"), "own": writable(".")}))
""",
    "workflows/flow.yaml": """
ref: boxed.flow
tasks:
  - name: look
    action: boxed.look
    on_success: say
  - name: say
    action: core.echo
    input: {message: "{{ task.look.result }}"}
output_map: {seen: "{{ task.say.result.message }}"}
""",
}
ENGINE = Engine.given()
pytestmark = pytest.mark.skipif(ENGINE is None, reason="ATTUNE_TEST_ENGINE names no engine for images")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    assert ENGINE is not None
    yield ENGINE
    ENGINE.remove_all()


@pytest.fixture(scope="module")
def images(engine: Engine) -> dict[str, str]:
    return {name: engine.build(name) for name in SERVICES}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield write(folder, PACK)


@pytest.fixture(scope="module")
def cli(
    engine: Engine, images: dict[str, str], folder: Path, postgres_server: postgres.Server, amqp_url: str
) -> Iterator[Attune]:
    """The command line of a platform whose services are containers."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    url = f"http://127.0.0.1:{ports['api']}"
    admin, worker = (f"att_{name}_{secrets.token_hex(32)}" for name in ("admin", "worker"))
    with postgres_server.database() as database:
        if "host=/" in database:
            pytest.skip("a PostgreSQL that containers reach is needed: ATTUNE_TEST_DATABASE_URL")
        common = {"ATTUNE_AMQP_URL": amqp_url, "ATTUNE_API_URL": url}
        truth = common | {"ATTUNE_DATABASE_URL": database}
        own = {
            "api": truth | {"ATTUNE_BOOTSTRAP_ADMIN_TOKEN": admin, "ATTUNE_BOOTSTRAP_WORKER_TOKEN": worker,
                            "ATTUNE_API_PORT": str(ports["api"])},
            "executor": truth,
            "worker": common | {"ATTUNE_API_TOKEN": worker},
            "sensor": common | {"ATTUNE_API_TOKEN": worker},
            "notifier": common | {"ATTUNE_NOTIFIER_PORT": str(ports["notifier"])},
        }  # fmt: skip
        migrated = engine.once(images["api"], "attune", "db", "migrate", ATTUNE_DATABASE_URL=database)
        assert migrated.returncode == 0, migrated.stderr
        for name in SERVICES:
            engine.start(name, images[name], own[name] | {"ATTUNE_HEALTH_PORT": str(ports[name])})
        asked = Attune(environment(ATTUNE_API_URL=url, ATTUNE_API_TOKEN=admin, ATTUNE_DATA_DIR=str(folder)), folder)
        try:
            until_sync(lambda: asked.run("workers", expect=None).stdout.count("alive") == 1, 90, "the worker is there")
        except TimeoutError:
            pytest.fail("\n".join(f"{name}: {engine.logs(name)[-1500:]}" for name in engine.started))
        yield asked
        engine.remove_all()


def test_nobody_is_root_and_no_root_is_writable(engine: Engine, images: dict[str, str]) -> None:
    for image in images.values():
        told = engine.once(image, "sh", "-c", "id -u; touch /x /opt/attune/x && echo written; cat /proc/self/status")
        lines = told.stdout.splitlines()
        assert lines[0] == "10001", image
        assert "written" not in lines
        assert {"CapEff:\t0000000000000000", "NoNewPrivs:\t1"} <= set(lines)


def test_a_workflow_runs_through_all_of_them(cli: Attune, engine: Engine, folder: Path) -> None:
    cli.run("pack", "register", str(folder))
    done = cli.json("workflow", "run", "boxed.flow", "--watch")
    assert done["result"]["seen"] == {"uid": 10001, "root": False, "program": False, "own": True}
    for name in engine.started:
        assert "Traceback" not in engine.logs(name)


def test_each_service_says_that_it_is_well(cli: Attune, engine: Engine) -> None:
    for name in engine.started:
        until_sync(partial(engine.says, name, "healthy"), 60, f"{name} is well")


def test_every_service_of_compose_was_tried() -> None:
    assert {name for name in compose() if "build" in compose()[name]} == {*SERVICES, "migrate"}
