"""python -m tests.fuzz [templates|definitions] [--seconds N] [--seed N]: stops at the first text mishandled."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from random import Random

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, Target


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []], default=[])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    return max(_fuzz(name, TARGETS[name], given.seconds, given.seed) for name in given.target or TARGETS)


def _fuzz(name: str, target: Target, seconds: float, seed: int) -> int:
    dice, end, count = Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        text = mutated(dice, target.corpus, target.tokens)
        count += 1
        try:
            target.judge(text)
        except Exception:
            traceback.print_exc()
            print(f"{name}: text {count} of seed {seed}:\n{text!r}")
            return 1
    print(f"{name}: {count:,} texts of seed {seed}, all handled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
