"""How fast the platform is here: through its API, over a PostgreSQL and a RabbitMQ of its own, beside the ceilings.

Writes bench/results/latest.json and compares it with bench/baseline.json. On a machine that others use as well, CPU
seconds per 1,000 are the figure to trust.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from bench import ceiling, engine, expressions, report
from bench.load import Figures, summary
from bench.pack import write_pack
from bench.platform import Platform, Servers, dev, own_folder, services
from bench.workloads import SCENARIOS, registration

_CEILINGS = {"ceiling_batch": 1, "ceiling_envelope": 50}
_REGISTRATION = "registration_500"
_TOGETHER = ("ceiling_batch", "sequence", "ceiling_envelope")
"""Measured one after the other: a machine that others use changes its speed by half within minutes."""


def main() -> None:
    options = _options()
    with own_folder() as folder:
        document = uvloop.run(_measure(folder, options))
    if not options.chosen:
        document |= {"engine": engine.figures(), "expressions": expressions.figures()}
    report.write(options.json, document)
    if options.save_baseline:
        report.write(report.BASELINE, document)
    former = json.loads(report.BASELINE.read_text()) if report.BASELINE.exists() else None
    print(report.table(document, former if former and former["target"] == document["target"] else None))
    print(f"\nwritten to {options.json}")


def _options() -> argparse.Namespace:
    names = list(dict.fromkeys((*_TOGETHER, *SCENARIOS, _REGISTRATION, *_CEILINGS)))
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--target", choices=("services", "dev"), default="services")
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured; the middle counts")
    parser.add_argument("--scale", type=float, default=1.0, help="this times as much work in each scenario")
    parser.add_argument("--executors", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path, default=report.LATEST, help="where the figures go")
    parser.add_argument("--save-baseline", action="store_true", help="keep the figures to compare later ones with")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    options.chosen, options.names = bool(options.names), options.names or names
    return options


async def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    machine, target = report.machine(), dev(folder)
    if options.target == "services":
        target = services(folder, options.executors, options.workers)
    scenarios: dict[str, Figures] = {}
    async with target as platform:
        pack = write_pack(folder / "bench")
        await platform.attune.packs.register(pack)
        for name in options.names:
            if name not in _CEILINGS or platform.servers:
                print(f"{name} ...", file=sys.stderr, flush=True)
                scenarios[name] = await _one(name, platform, pack, options)
    return {"target": options.target, "machine": machine, "scenarios": scenarios}


async def _one(name: str, platform: Platform, pack: Path, options: argparse.Namespace) -> Figures:
    if name == _REGISTRATION:
        return await registration(platform, pack)
    if name in _CEILINGS:
        return await _ceiling(platform.servers, _CEILINGS[name], options)
    return await SCENARIOS[name](platform, options.runs, options.scale)


async def _ceiling(servers: Servers | None, per_message: int, options: argparse.Namespace) -> Figures:
    assert servers is not None
    flows = max(1, round(1_000 * options.scale))
    runs = [await ceiling.measure(servers, per_message, flows) for _ in range(options.runs)]
    return summary(runs, "tasks")


if __name__ == "__main__":
    main()
