"""The proof that the simulator would notice: what is switched off is missed within fifty seeds, or in more if rare."""

from __future__ import annotations

import pytest

from attune_executor.recover import RESCUERS
from tests.simulator.many import until_caught
from tests.simulator.mutants import MUTANTS, REDUNDANT
from tests.simulator.mutations import WITHIN, Mutation
from tests.simulator.simulate import Verdict


@pytest.fixture(scope="module")
def caught() -> dict[str, Verdict | None]:
    return dict(until_caught((mutant.name, mutant.seeds) for mutant in MUTANTS))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_missing_mechanism_is_noticed(mutant: Mutation, caught: dict[str, Verdict | None]) -> None:
    assert len(mutant.seeds) == WITHIN * mutant.rarity
    assert caught[mutant.name] is not None, f"nothing goes wrong without: {mutant.name}"


def test_what_nothing_depends_on_is_listed_with_its_reason() -> None:
    assert REDUNDANT
    assert all(len(mutant.because) > 20 for mutant in REDUNDANT)


def test_every_sweep_has_its_mutant() -> None:
    names = {mutant.name for mutant in (*MUTANTS, *REDUNDANT)}
    rescuers = {sweep for sweeps in RESCUERS.values() for sweep in sweeps}
    assert {f"sweep {name}" for name in rescuers} <= names
