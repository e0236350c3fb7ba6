"""`python -m tests.chaos`: one run; the seed comes first, one line of JSON last. Exit 1 when a zero is not zero."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos.plan import Plan
from tests.chaos.run import run


def main() -> int:
    plan = _plan(_arguments())
    print(f"seed {plan.seed}", flush=True)
    try:
        verdict = run(plan)
    except pytest.skip.Exception as absent:
        print(absent, file=sys.stderr)
        return 2
    for finding in verdict.findings:
        print(finding)
    print(json.dumps(verdict.figures), flush=True)
    if not verdict.good:
        print(f"logs and effects are in {plan.folder}", file=sys.stderr)
    return 0 if verdict.good else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31), help="[any]")
    parser.add_argument("--seconds", type=float, default=360.0, help="how long faults are injected [360]")
    parser.add_argument("--rate", type=float, default=4.0, help="workflows started per second [4]")
    parser.add_argument("--every", default="2:5", help="seconds between faults, LEAST:MOST [2:5]")
    parser.add_argument("--faults", default="", help="only these kinds or groups, comma separated [all]")
    parser.add_argument("--target", choices=("services", "dev"), default="services")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds to end everything after healing [120]")
    parser.add_argument("--keep", action="store_true", help="keep logs and effects of a good run too")
    return parser.parse_args()


def _plan(given: argparse.Namespace) -> Plan:
    folder = Path(tempfile.mkdtemp(prefix="attune-chaos-"))
    folder.chmod(0o711)
    least, most = (float(part) for part in given.every.split(":"))
    kinds = tuple(kind for kind in given.faults.split(",") if kind)
    return Plan(
        given.seed, folder, given.seconds, given.rate, (least, most), kinds, given.target, given.settle, given.keep
    )


if __name__ == "__main__":
    sys.exit(main())
