"""A release runs beside the one before it: a run that the old services began ends under the new ones.

The release before is the last tag, with its own code and migrations, taken out of git. Before there is one, what is
committed stands for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.running import SHORT_LEASES, Attune, Services, environment, write
from tests.e2e.test_services import PACK
from tests.support import postgres
from tests.support.waiting import until_sync

_ROOT = Path(__file__).parents[2]
_OLD, _NEW = ("api-old", "executor-old", "worker-old"), ("executor-new", "worker-new")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(_ROOT), *arguments], check=True, capture_output=True).stdout


def _release_before() -> str:
    try:
        return _git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()
    except subprocess.CalledProcessError:
        return "HEAD"


@pytest.fixture(name="tree")
def _tree() -> Iterator[Path]:
    """The files of the release before, readable by the user that actions run as."""
    if not (_ROOT / ".git").exists():
        pytest.skip("this is no checkout of git: there is no release before to take out of it")
    with open_folder() as folder:
        archive = folder / "release.zip"
        archive.write_bytes(_git("archive", "--format=zip", _release_before()))
        shutil.unpack_archive(archive, folder / "tree")
        yield folder / "tree"


def _from(tree: Path) -> dict[str, str]:
    """What makes Python take the code from there."""
    parts = [str(part) for kind in ("libs", "services") for part in sorted((tree / kind).iterdir())]
    return {"PYTHONPATH": os.pathsep.join(parts)}


@pytest.fixture(name="services")
def _services(tree: Path, postgres_server: postgres.Server, fresh_amqp_url: str) -> Iterator[Services]:
    """The old ones, over the schema that they made."""
    with open_folder() as folder, postgres_server.database(template="template1") as database:
        write(folder / "long", PACK)
        servers = {"ATTUNE_DATABASE_URL": database, "ATTUNE_AMQP_URL": fresh_amqp_url, **SHORT_LEASES}
        services = Services(folder, servers, own=dict.fromkeys(_OLD, _from(tree)))
        Attune(environment(**servers, **_from(tree)), folder).run("db", "migrate")
        try:
            services.start(*_OLD)
            services.until_ready()
            services.cli.run("pack", "register", str(folder / "long"))
            yield services
        finally:
            services.stop()


def test_the_code_of_the_release_before_is_its_own(tree: Path) -> None:
    command = [sys.executable, "-c", "import attune_cli, attune_executor; print(attune_cli.__file__)"]
    told = subprocess.run(command, env=environment(**_from(tree)), check=True, capture_output=True, text=True).stdout
    assert Path(told.strip()).is_relative_to(tree)


def test_a_run_of_the_release_before_ends_under_this_one(services: Services) -> None:
    before = _start(services)
    Attune(environment(**services.servers), services.folder).run("db", "migrate")
    services.start(*_NEW)
    beside = _start(services)
    for name in ("executor-old", "worker-old", "api-old"):
        services.processes.pop(name).stop()
    services.start("api-new")
    services.until_ready()
    after = _start(services)
    for execution in (before, beside, after):
        until_sync(lambda execution=execution: _status(services, execution) == "completed", 120, f"{execution} ends")
        assert services.cli.json("execution", "show", str(execution))["result"]["numbers"] == list(range(1, 13))
    assert services.cli.json("incident", "list") == []


def _start(services: Services) -> int:
    started: dict[str, Any] = services.cli.json("workflow", "run", "long.flow")
    return int(started["id"])


def _status(services: Services, execution: int) -> str:
    return str(services.cli.json("execution", "show", str(execution))["status"])
