"""Counts everything when the run is over. What must be zero is named in `ZEROS`.

A run may fail where one of its attempts lost four workers: the platform promises three more tries and no fourth. Each
of those losses needs a fault that excuses it (`losses_without_excuse`), so that this excuses nothing else.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.chaos.arena import Arena
from tests.chaos.effects import Effect, Judgement
from tests.chaos.flows import EFFECT_ACTIONS, ONCE_ACTION
from tests.chaos.load import Load, Start
from tests.chaos.processes import Life
from tests.chaos.rows import Rows
from tests.chaos.servers import refused_changes
from tests.support.waiting import patient

ZEROS = (
    "refused", "lost", "split", "strangers", "stuck", "begun_twice", "doubled", "wrong", "phantom",
    "repeats_without_excuse", "losses_without_excuse", "replay_mismatches", "violations", "incidents", "left_over",
    "crashes", "unclean_stops",
)  # fmt: skip
_SHOWN = 12
_LOADING = 20.0


class Judge:
    """`findings` are sentences on what is not as it must be; `figures` go into the last line."""

    def __init__(self, arena: Arena, load: Load, judgement: Judgement) -> None:
        self._arena, self._load, self._judgement = arena, load, judgement
        self.figures: dict[str, Any] = {}
        self.findings: list[str] = []

    async def count(self, rows: Rows, effects: dict[int, list[Effect]]) -> None:
        await self._starts(rows)
        self._note("stuck", [str(each) for each in await rows.unfinished()])
        await self._effects(rows, effects)
        await self._losses(rows)
        begin = time.monotonic()
        self._note("replay_mismatches", await rows.mismatches())
        self.figures["replay_seconds"] = round(time.monotonic() - begin, 1)
        self._note("violations", refused_changes(self._arena.database_log))
        self._note("incidents", await rows.incidents())
        self._note("left_over", [f"{name}: {count}" for name, count in (await rows.left()).items() if count])

    def count_ends(self) -> None:
        """Processes that ended when nobody had asked them to, and those that did not end well when asked."""
        lives = [(name, life) for name, each in self._arena.processes.items() for life in each.lives]
        ended = [(name, life) for name, life in lives if life.ended is not None]
        self._note("crashes", [f"{name} ended with {life.status}" for name, life in ended if not life.signal])
        bad = [f"{name} ended with {life.status}" for name, life in ended if _is_unclean(life)]
        hung = [f"{name} did not stop" for name, each in self._arena.processes.items() for _ in range(each.hung_stops)]
        self._note("unclean_stops", bad + hung)

    def _note(self, name: str, found: Sequence[Any]) -> None:
        self.figures[name] = len(found)
        self.findings += [f"{name}: {each}" for each in found[:_SHOWN]]

    async def _starts(self, rows: Rows) -> None:
        accepted = [start for start in self._load.starts if start.ids]
        found = await rows.roots([id for start in accepted for id in start.ids])
        self.figures["accepted"] = len(accepted)
        self._note("refused", [start.key for start in self._load.starts if not start.ids])
        self._note("split", [f"{start.key}: {start.ids}" for start in accepted if len(start.ids) > 1])
        self._note("lost", [str(start) for start in accepted if not start.ids & found.keys()])
        self._note("strangers", [f"{count} executions"] if (count := await rows.strangers(list(found))) else [])
        ended = [(start, found[min(start.ids)]) for start in accepted if min(start.ids) in found]
        self.figures["completed"] = sum(row["status"] == "completed" for _, row in ended)
        given_up = await rows.given_up()
        wrong = [(start, row) for start, row in ended if _is_wrong(start, row)]
        self.figures["given_up"] = sum(row["id"] in given_up for _, row in wrong)
        self._note("wrong", [_told(start, row) for start, row in wrong if row["id"] not in given_up])

    async def _effects(self, rows: Rows, effects: dict[int, list[Effect]]) -> None:
        statuses = await rows.statuses(EFFECT_ACTIONS)
        repeats = [each for runs in effects.values() for each in self._judgement.repeats(runs)]
        self.figures["actions"] = len(statuses)
        self.figures["runs_of_actions"] = sum(len(runs) for runs in effects.values())
        self.figures["repeats"] = len(repeats)
        self.figures["excuses"] = dict(Counter(each.excuse or "none" for each in repeats))
        self.figures["repeats_to_the_end"] = sum(each.doubled for each in repeats)
        careful = await rows.statuses((ONCE_ACTION,))
        self._note("begun_twice", [each for each in repeats if each.first.execution in careful])
        without = [each for each in repeats if not each.excuse]
        self._note("repeats_without_excuse", without)
        self._note("doubled", [each for each in without if each.doubled])
        done = {id for id, runs in effects.items() if any(run.ended for run in runs)}
        succeeded = {id for id, status in statuses.items() if status == "completed"}
        self._note("phantom", [f"execution {id} succeeded and did nothing" for id in sorted(succeeded - done)])

    async def _losses(self, rows: Rows) -> None:
        losses = await rows.losses()
        self.figures["losses"] = len(losses)
        without = []
        for row in losses:
            began, ended = (row[name].timestamp() if row[name] else 0.0 for name in ("started_at", "completed_at"))
            if not self._judgement.excuse(row["worker"] or "", began or ended, ended):
                without.append(dict(row))
        self._note("losses_without_excuse", without)


def _is_unclean(life: Life) -> bool:
    """A process that is asked to end while it still loads knows no signals yet: -15 is its honest end."""
    young = life.status == -15 and (life.ended or 0.0) - life.began < patient(_LOADING)
    return life.signal == 15 and life.status != 0 and not young


def _is_wrong(start: Start, row: Any) -> bool:
    return row["status"] != "completed" or row["result"] not in start.flow.expected(start.n)


def _told(start: Start, row: Any) -> str:
    return f"{start.flow.ref} {row['id']}: {row['status']} {row['result']} {row['error']} (n = {start.n})"
