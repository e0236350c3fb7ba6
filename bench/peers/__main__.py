"""The same work on other systems: many sequences of ten tasks that do nothing, beside our own figure of the same run.

Each system gets an environment of its own (bench/results/peers) and, all of them, one PostgreSQL (fsync on) and one
RabbitMQ of this run. Prefect and DBOS want extensions, so it is the distribution's PostgreSQL where there is one.
Usage: python -m bench.peers [NAME...]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench import report
from bench.pack import STEPS, write_pack
from bench.platform import Servers, own_folder, own_servers, services
from bench.processes import usage
from bench.workloads import sequence

HERE = Path(__file__).parent
_HOMES = report.LATEST.parent / "peers"
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Peer:
    """`needs`: what pip installs; `flows`: sequences of ten, as many as take some seconds; `keeps`: what is durable."""

    needs: tuple[str, ...]
    flows: int
    keeps: str


PEERS = {
    "prefect": Peer(("prefect>=3,<4", "asyncpg", "fastapi==0.139.*"), 5, "runs, in PostgreSQL"),
    "dbos": Peer(("dbos>=2,<3",), 50, "each step, in PostgreSQL; no bus"),
    "celery": Peer(("celery[sqlalchemy]>=5.4,<6", "psycopg[binary]"), 50, "results, in PostgreSQL"),
    "dramatiq": Peer(("dramatiq[rabbitmq]>=1.17,<3",), 200, "nothing but the queue"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)}; default: all")
    names = parser.parse_args().names or list(PEERS)
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        os.environ.setdefault("ATTUNE_PG_BIN", str(folder))
    homes = {name: _home(name) for name in names}
    figures: dict[str, Any] = {"machine": report.machine()}
    with own_folder() as folder:
        figures["attune"] = uvloop.run(_attune(folder))
    with own_folder() as folder:
        figures |= uvloop.run(_all(folder, homes))
    report.write(_HOMES.parent / "peers.json", figures)
    print(_table(figures))


def _home(name: str) -> Path:
    """The Python of an environment with the peer in it."""
    home = _HOMES / name
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"installing {name} ...", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *PEERS[name].needs]
        if subprocess.run(command, check=False).returncode == 0:
            (home / "ready").touch()
    return python


async def _attune(folder: Path) -> dict[str, Any]:
    async with services(folder, 1, 1) as platform:
        await platform.attune.packs.register(write_pack(folder / "bench"))
        figures = await sequence(platform, 2, 1.0)
    return {**figures, "keeps": "state, journal, results, attempts, messages"}


async def _all(folder: Path, homes: dict[str, Path]) -> dict[str, Any]:
    found = {}
    async with own_servers(folder) as servers:
        for name, python in homes.items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            found[name] = await _one(name, python, await _database(servers, name))
    return found


async def _database(servers: Servers, name: str) -> Servers:
    """A database of its own for each."""
    connection = await asyncpg.connect(servers.database)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    head, _, tail = servers.database.partition("?")
    own = f"{head.rpartition('/')[0]}/{name}"
    return Servers(f"{own}?{tail}" if tail else own, servers.amqp)


async def _one(name: str, python: Path, servers: Servers) -> dict[str, Any]:
    """The peer prints a line when it begins and one when all has ended; what is between counts."""
    peer = PEERS[name]
    arguments = [str(HERE / f"{name}_flows.py"), servers.database, servers.amqp, str(peer.flows), str(STEPS)]
    process = await asyncio.create_subprocess_exec(
        str(python), *arguments, stdout=asyncio.subprocess.PIPE, cwd=HERE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE):
            if await process.stdout.readline() != b"begin\n":
                return {"problem": f"{name} did not start"}
            before, began = usage({process.pid: name}), time.perf_counter()
            if await process.stdout.readline() != b"end\n":
                return {"problem": f"{name} did not come to its end"}
            seconds, spent = time.perf_counter() - began, usage({process.pid: name}).since(before)
    except TimeoutError:
        return {"problem": f"{name} took more than {_PATIENCE:g} s"}
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    count = peer.flows * STEPS
    return {
        "tasks_per_s": round(count / seconds, 1),
        "cpu_s_per_1000": round(sum(spent.values()) / count * 1000, 3),
        "cpu_by_process": {part: round(cpu / count * 1000, 3) for part, cpu in spent.items()},
        "keeps": peer.keeps,
    }


def _table(figures: dict[str, Any]) -> str:
    lines = ["| system | tasks/s | CPU s per 1,000 | keeps |", "|---|---|---|---|"]
    for name, each in figures.items():
        if "problem" in each:
            lines.append(f"| {name} | {each['problem']} | | |")
        elif name != "machine":
            lines.append(f"| {name} | {each['tasks_per_s']:,.0f} | {each['cpu_s_per_1000']:.2f} | {each['keeps']} |")
    return "\n".join([*lines, "", json.dumps(figures["machine"])])


if __name__ == "__main__":
    main()
