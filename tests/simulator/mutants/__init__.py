"""Every mechanism that a promise stands on, missing: each of these worlds has to come to grief.

`REDUNDANT` names those without which the system holds all the same, each with the reason.
"""

from __future__ import annotations

from dataclasses import replace

from tests.simulator.mutants import bus, cancels, leases, rules, runs, sweeps, timers, tokens, transactions
from tests.simulator.mutants.hints import HINTS
from tests.simulator.mutations import NOTHING, Mutation

_ALL = (
    *sweeps.MUTANTS,
    *tokens.MUTANTS,
    *leases.MUTANTS,
    *cancels.MUTANTS,
    *timers.MUTANTS,
    *runs.MUTANTS,
    *rules.MUTANTS,
    *transactions.MUTANTS,
    *bus.MUTANTS,
)
MUTANTS = tuple(replace(mutant, seed=HINTS.get(mutant.name)) for mutant in _ALL if not mutant.because)
REDUNDANT = tuple(mutant for mutant in _ALL if mutant.because)
_BY_NAME = {mutant.name: mutant for mutant in (NOTHING, *MUTANTS, *REDUNDANT)}
assert len(_BY_NAME) == len(_ALL) + 1, "two mutants of one name"


def named(name: str) -> Mutation:
    """Errors: SystemExit for a name that there is not."""
    if name not in _BY_NAME:
        raise SystemExit(f"there is no mutation {name!r}; there are: " + "; ".join(_BY_NAME))
    return _BY_NAME[name]
