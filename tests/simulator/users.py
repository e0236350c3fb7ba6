"""People and their clients: they start, repeat what was not answered, pause, resume, cancel, retry, and answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from attune_api.auth import Principal
from attune_api.errors import Conflict, Gone, NotFound
from attune_api.usecases.answer_inquiry import answer_inquiry
from attune_api.usecases.cancel_execution import cancel_execution
from attune_api.usecases.control_run import control_run
from attune_api.usecases.execute import Asked, execute
from attune_common.runtime.settings import Settings
from attune_core.access.rights import SYSTEM
from tests.simulator.database import Row
from tests.simulator.outbox import Relay
from tests.simulator.plans import Start
from tests.simulator.processes import Process
from tests.simulator.store import ModelStore
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.world import World

_CALLER = Principal(1, "user", "admin", SYSTEM)


class ApiProcess(Process):
    """The real use cases over the model store."""

    def __init__(self, world: World, settings: Settings) -> None:
        super().__init__(world, "api")
        self._settings = settings
        self._relay = Relay(self, world)

    def begin(self) -> None:
        self.store = ModelStore(self, self._settings)
        self.store.on_commit = self._relay.publish_soon
        self._relay.start()


class Users:
    """`accepted`: what clients were told, by idempotency key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: dict[str, Start] = {}
        self._paused: set[int] = set()
        self.accepted: dict[str, int] = {}

    def begin(self) -> None:
        plan, clock = self._world.plan, self._world.clock
        for start in plan.starts:
            self._waiting[start.key] = start
            clock.after(start.at, lambda start=start: self._start(start))  # type: ignore[misc]
        for number in range(plan.events):
            clock.after(5.0 * number, lambda number=number: self._happen(number))  # type: ignore[misc]
        if plan.asking is not None:
            clock.after(self._world.dice.uniform(0.5, plan.asking), self._ask)
        clock.after(5.0, self._look_after)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def _call(self, work: Callable[[Any], Coroutine[Any, Any, Any]], done: Callable[[Any], None]) -> bool:
        """Ask the API. `done` gets the answer if there is one; what it refuses is not asked again."""
        api = self._world.api
        if not api.awake:
            return False

        def ended(error: Exception | None, answer: Any) -> None:
            if error is None:
                done(answer)
            elif not isinstance(error, NotFound | Conflict | Gone | OSError):
                raise Violation("api_error", f"{type(error).__name__}: {error}")

        api.spawn(work(api.store), ended)
        return True

    def _start(self, start: Start) -> None:
        """Again and again with the same key, until there is an answer."""
        if start.key not in self._waiting:
            return
        key = None if "idempotency_keys" in self._world.off else start.key
        asked = Asked(start.action, {"key": start.key}, key, trace_id=self._world.token())
        self._call(lambda store: execute(store, _CALLER, asked), lambda answer: self._started(start, answer[0]))
        self._world.clock.after(self._world.dice.uniform(1.0, 4.0), lambda: self._start(start))

    def _started(self, start: Start, execution: int) -> None:
        if self.accepted.setdefault(start.key, execution) != execution:
            raise Violation("started_twice", f"{start.key} is {self.accepted[start.key]} and {execution}")
        self._waiting.pop(start.key, None)
        self._world.tell("client", f"knows {start.key} as execution {execution}")

    def _happen(self, number: int) -> None:
        """An event: stored with its message, as the API does it."""
        self._world.happen(f"event-{number}")

    def _ask(self) -> None:
        if self._world.healed:
            return
        runs = list(self._world.database.tables["workflow_run"].values())
        live = [run for run in runs if run["completed_at"] is None]
        if live and self._world.dice.random() < 0.7:
            runs = live
        if runs:
            self._ask_something(self._world.dice.choice(runs))
        self._world.clock.after(self._world.dice.uniform(0.1, 2 * (self._world.plan.asking or 1.0)), self._ask)

    def _ask_something(self, run: Row) -> None:
        dice = self._world.dice
        kinds = ["pause", "pause", "pause", "resume", "resume"]
        if self._world.plan.cancelling:
            kinds += ["cancel", "retry", "retry", *["cancel execution"] * 4]
        kind = dice.choice(kinds)
        if kind == "cancel execution":
            row = dice.choice(self._cancellable())
            self._world.tell("user", f"cancels execution {row['id']}")
            self._call(lambda store: cancel_execution(store, row["id"]), lambda _: None)
        else:
            self._control(run["id"], kind)

    def _cancellable(self) -> list[Row]:
        """Those that wait, those that live, or all."""
        live = list(self._world.database.executions())
        waiting = [row for row in live if row["status"] in ("waiting", "requested")]
        if waiting and self._world.dice.random() < 0.5:
            return [row for row in waiting if row["status"] == "requested"] or waiting
        return live or list(self._world.database.tables["execution"].values())

    def _control(self, run: int, kind: Any) -> None:
        self._world.tell("user", f"asks run {run} to {kind}")
        if kind == "pause":
            self._paused.add(run)
        detail = {"reset_items": self._world.dice.random() < 0.5} if kind == "retry" else {}
        self._call(lambda store: control_run(store, run, kind, detail), lambda _: None)

    def _look_after(self) -> None:
        """Answer questions; once the world is healed, let go on what they have paused."""
        for id, inquiry in list(self._world.database.tables["inquiry"].items()):
            if inquiry["status"] == "pending" and not self._ignored(id) and self._world.dice.random() < 0.7:
                self._answer(id)
        if self._world.healed:
            for run in list(self._world.database.tables["workflow_run"].values()):
                if run["status"] in ("paused", "pausing") and run["id"] in self._paused:
                    self._control(run["id"], "resume")
        self._world.clock.after(self._world.dice.uniform(1.0, 5.0), self._look_after)

    def _ignored(self, inquiry: int) -> bool:
        """Nobody answers some of those that have an end by themselves."""
        asked = self._world.database.tables["inquiry"][inquiry]
        execution = self._world.database.tables["execution"][asked["execution"]]
        return inquiry % 2 == 0 and "timeout" in execution["parameters"]

    def _answer(self, inquiry: int) -> None:
        self._world.tell("user", f"answers inquiry {inquiry}")
        self._call(lambda store: answer_inquiry(store, _CALLER, inquiry, {"n": 7}), lambda _: None)
