"""The simulator in the test run: many seeds, those that ever failed first, and that a seed is the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.many import verdicts
from tests.simulator.plans import INDEPENDENT, MIXTURES
from tests.simulator.simulate import Verdict

SEEDS = 2_000
_HERE = Path(__file__).parent
_LONGEST = 300


def _regressions() -> list[int]:
    lines = (_HERE / "regression_seeds.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def found() -> dict[int, Verdict]:
    """By seed; once for all tests of this file."""
    return {verdict.seed: verdict for verdict in verdicts(dict.fromkeys((*_regressions(), *range(SEEDS))))}


def test_nothing_is_lost_doubled_or_stuck(found: dict[int, Verdict]) -> None:
    failed = [f"make simulate SEED={seed}: {verdict.problem}" for seed, verdict in found.items() if verdict.problem]
    assert not failed, "\n".join(sorted(failed))
    assert len(found) >= SEEDS


def test_workflows_that_do_not_depend_on_the_order_are_compared_with_a_quiet_world(found: dict[int, Verdict]) -> None:
    compared = [seed for seed, verdict in found.items() if verdict.compared]
    assert {seed % len(MIXTURES) for seed in compared} == {INDEPENDENT}
    assert len(compared) > SEEDS / len(MIXTURES) / 2


def _tell(*arguments: str, hash_seed: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.simulator", *arguments]
    known = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.run(
        command, cwd=_HERE.parents[1], env=known, capture_output=True, text=True, timeout=_LONGEST, check=False
    )


def test_a_seed_is_the_same_run_in_every_process() -> None:
    first, second = (_tell("--seed", "4", hash_seed=number) for number in (1, 2))
    assert first.returncode == 0, first.stdout[-2000:] + first.stderr
    assert first.stdout == second.stdout
    assert "journal" in first.stdout


def test_what_fails_is_told_as_a_story_that_ends_with_the_violation() -> None:
    told = _tell("--seed", "0", "--mutation", "the journal is written with the state")
    assert told.returncode == 1
    assert told.stderr == ""
    lines = told.stdout.splitlines()
    assert lines[0].startswith("seed 0: storm")
    assert any("execution 1.1 is requested" in line for line in lines)
    assert lines[-1].startswith("seed 0: journal: run 1: revision 1 has no line")


def test_many_seeds_name_those_that_fail() -> None:
    told = _tell("--seeds", "2", "--processes", "1", "--mutation", "the journal is written with the state")
    assert told.returncode == 1
    assert '"failed": [0, 1]' in told.stdout
    assert "make simulate SEED=0" in told.stderr
