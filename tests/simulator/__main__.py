"""`make simulate`: many seeds with a progress, or one seed as a story. Exit code 1 when something was found."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from tests.simulator.many import cores, verdicts
from tests.simulator.mutants import named
from tests.simulator.mutations import NOTHING
from tests.simulator.plans import plan_of
from tests.simulator.simulate import Verdict, prepare, simulate
from tests.simulator.story import introduction

_EVERY = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    if given.seed is not None:
        return tell(given.seed, given.mutation)
    return search(range(given.first, given.first + given.seeds), given.mutation, given.processes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--seed", type=int, help="only this one, told as a story")
    parser.add_argument("--mutation", default=NOTHING.name, help="a mechanism to do without")
    parser.add_argument("--processes", type=int, default=cores(), help="default: one per core")
    return parser


def tell(seed: int, mutation: str) -> int:
    """One seed, line by line."""
    prepare()
    print(introduction(plan_of(seed)))
    verdict = simulate(seed, named(mutation), print)
    print(f"\nseed {seed}: {verdict.problem or 'nothing went wrong'}  (trace {verdict.trace})")
    return 1 if verdict.problem else 0


def search(seeds: range, mutation: str, processes: int) -> int:
    """All seeds; what is found is told at once, the figures at the end as one line of JSON."""
    began = told = time.monotonic()
    done, failed = 0, []
    for verdict in verdicts(seeds, mutation, processes):
        done += 1
        if verdict.problem is not None:
            failed.append(verdict.seed)
            _say(_found(verdict, mutation))
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            _say(f"{done} of {len(seeds)} seeds, {done / (told - began):.0f} per second, {len(failed)} failed")
    figures = {"seeds": done, "seconds": round(time.monotonic() - began, 1), "failed": sorted(failed)}
    print(json.dumps(figures))
    return 1 if failed else 0


def _found(verdict: Verdict, mutation: str) -> str:
    rest = "" if mutation == NOTHING.name else f" ARGS=\"--mutation '{mutation}'\""
    return f"seed {verdict.seed}: {verdict.problem}\n    its story: make simulate SEED={verdict.seed}{rest}"


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
