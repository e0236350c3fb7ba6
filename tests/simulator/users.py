"""People and their clients: they start, repeat what was not answered, pause, resume, cancel, retry, and answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from attune_api.auth import Principal
from attune_api.errors import Conflict, NotFound
from attune_api.usecases.cancel_execution import cancel_execution
from attune_api.usecases.control_run import control_run
from attune_api.usecases.execute import Asked, execute
from attune_common.contracts.execution import ExecutionCompleted
from attune_common.runtime.settings import Settings
from attune_core.model.status import FINAL
from tests.simulator.database import Row
from tests.simulator.outbox import Relay
from tests.simulator.plans import Start
from tests.simulator.processes import Process
from tests.simulator.store import ModelStore
from tests.simulator.violation import Violation

if TYPE_CHECKING:
    from tests.simulator.world import World

_CALLER = Principal(1, "user", "admin", frozenset())
_FINALS = frozenset(status.value for status in FINAL)


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
            elif not isinstance(error, NotFound | Conflict | OSError):
                raise Violation("api_error", f"{type(error).__name__}: {error}")

        api.spawn(work(api.store), ended)
        return True

    def _start(self, start: Start) -> None:
        """Again and again with the same key, until there is an answer."""
        if start.key not in self._waiting:
            return
        key = None if "idempotency_keys" in self._world.off else start.key
        asked = Asked(start.action, {"key": start.key}, key)
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
        if runs:
            self._ask_something(self._world.dice.choice(runs))
        self._world.clock.after(self._world.dice.uniform(0.1, 2 * (self._world.plan.asking or 1.0)), self._ask)

    def _ask_something(self, run: Row) -> None:
        dice = self._world.dice
        kinds = ["pause", "resume", "resume"]
        if self._world.plan.cancelling:
            kinds += ["cancel", "retry", "retry", "cancel execution"]
        kind = dice.choice(kinds)
        if kind == "cancel execution":
            row = dice.choice(list(self._world.database.tables["execution"].values()))
            self._world.tell("user", f"cancels execution {row['id']}")
            self._call(lambda store: cancel_execution(store, row["id"]), lambda _: None)
        else:
            self._control(run["id"], kind)

    def _control(self, run: int, kind: Any) -> None:
        self._world.tell("user", f"asks run {run} to {kind}")
        self._call(lambda store: control_run(store, run, kind, {}), lambda _: None)

    def _look_after(self) -> None:
        """Answer questions; once the world is healed, let go on what somebody has paused."""
        for row in list(self._world.database.executions()):
            if row["action_ref"] == "test.ask" and self._world.dice.random() < 0.2:
                self._answer(row)
        if self._world.healed:
            for run in list(self._world.database.tables["workflow_run"].values()):
                if run["status"] in ("paused", "pausing"):
                    self._control(run["id"], "resume")
        self._world.clock.after(5.0, self._look_after)

    def _answer(self, row: Row) -> None:
        """By the report that a worker would give. Asked and not answered in time is answered again."""
        if row["status"] != "waiting" or row["token"] is None or (self._world.plan.independent):
            return
        report = ExecutionCompleted(
            execution_id=row["id"],
            attempt=row["attempt"],
            token=row["token"],
            status="succeeded",
            result={"n": 7},
            workflow_execution_id=row["workflow_run"],
        )
        self._call(lambda store: _send(store, report), lambda _: None)


async def _send(store: ModelStore, report: ExecutionCompleted) -> None:
    async with store.unit() as unit:
        unit.emit(report)
