"""Many seeds on all cores: each process simulates one after the other, whatever is found comes back as it is found."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterable, Iterator

from tests.simulator.mutants import named
from tests.simulator.mutations import NOTHING
from tests.simulator.simulate import Verdict, prepare, simulate

_AT_ONCE = 8
_RARELY = 50_000


def verdicts(seeds: Iterable[int], mutation: str = NOTHING.name, processes: int | None = None) -> Iterator[Verdict]:
    """Of all seeds, in any order."""
    work = ((seed, mutation) for seed in seeds)
    with _pool(processes) as pool:
        yield from pool.imap_unordered(_one, work, chunksize=_AT_ONCE)


def until_caught(
    jobs: Iterable[tuple[str, tuple[int, ...]]], processes: int | None = None
) -> Iterator[tuple[str, Verdict | None]]:
    """For each (mutation, seeds): the first verdict with a problem, None when there is none."""
    with _pool(processes) as pool:
        yield from pool.imap_unordered(_first, jobs)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _pool(processes: int | None) -> multiprocessing.pool.Pool:
    """Spawned: whoever simulates may have threads and connections of its own."""
    return multiprocessing.get_context("spawn").Pool(processes or cores(), initializer=_begin)


def _begin() -> None:
    """What is made in a simulation dies with it: to look for rings of garbage all the time costs a tenth."""
    prepare()
    gc.freeze()
    gc.set_threshold(_RARELY, 20, 20)


def _one(work: tuple[int, str]) -> Verdict:
    seed, mutation = work
    return simulate(seed, named(mutation))


def _first(job: tuple[str, tuple[int, ...]]) -> tuple[str, Verdict | None]:
    name, seeds = job
    found = (verdict for seed in seeds if (verdict := simulate(seed, named(name))).problem is not None)
    return name, next(found, None)
