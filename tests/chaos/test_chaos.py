"""A minute of chaos: `make chaos` is the same for longer, and tells more."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import pytest

from tests.chaos.plan import Plan, Target
from tests.chaos.run import run


@pytest.mark.parametrize(("target", "every"), [("services", (2.0, 5.0)), ("dev", (8.0, 14.0))])
def test_nothing_is_lost_nothing_happens_twice_nothing_hangs(target: Target, every: tuple[float, float]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="attune-chaos-"))
    folder.chmod(0o711)
    plan = Plan(random.randrange(2**31), folder, seconds=60, rate=2.5, every=every, target=target)
    verdict = run(plan)
    told = "\n".join([f"seed {plan.seed}; logs are in {folder}", *verdict.findings, json.dumps(verdict.figures)])
    assert verdict.good, told
    assert verdict.figures["accepted"] >= 100, told
    assert verdict.figures["faults"] >= 3, told
