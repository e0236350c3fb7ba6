"""One world per seed: everything that runs in it, and what each part may ask of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

from attune_common.contracts.event import EventCreated
from attune_common.contracts.execution import ExecutionCancel, ExecutionScheduled
from attune_common.runtime.settings import Settings
from attune_common.store.timers import Timer
from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from tests.simulator import registry
from tests.simulator.bag import JOBS, Bag, Letter
from tests.simulator.clock import Clock
from tests.simulator.database import Database
from tests.simulator.executor import ExecutorProcess
from tests.simulator.fate import Fate, fate_at, place_of
from tests.simulator.faults import NONE
from tests.simulator.ground import Ground
from tests.simulator.invariants import Invariants
from tests.simulator.mutations import NOTHING, Mutation
from tests.simulator.nemesis import Nemesis
from tests.simulator.outbox import Outbox
from tests.simulator.plans import Plan
from tests.simulator.processes import CommitUnknown, Process
from tests.simulator.users import ApiProcess, Users
from tests.simulator.violation import Violation
from tests.simulator.worker import WorkerProcess

_SETTINGS = Settings(database_url="model", amqp_url="model")
_PATIENCE = 1200.0
_MOST_STEPS = 400_000
_POISONED = 40
_MOST = 2.5


class World:
    """`healed`: no fault happens any more. `off`: mechanisms that a mutation has switched off; without
    `timers_in_transaction`, `taken` are the timers that were taken away before their run was told.
    """

    def __init__(self, plan: Plan, mutation: Mutation = NOTHING, story: Callable[[str], None] | None = None) -> None:
        self.plan, self.mutation, self.off = plan, mutation, mutation.off
        self.faults = plan.faults
        self.dice = Random(f"{plan.seed}/world")
        self._story = story
        self._count = 0
        self.healed = False
        self._away = {"database": 0.0, "broker": 0.0}
        self.taken: dict[int, Timer] = {}
        self._graphs: dict[str, Graph] = {}
        self.clock = Clock()
        self.database = Database(self.clock)
        self.database.off = self.off
        registry.fill(self.database, plan)
        self.outbox = Outbox(self.database)
        self.bag = Bag(self)
        self.bag.on_arrival, self.bag.on_control = self.offer, self._control
        self.executors = [ExecutorProcess(self, f"executor-{n}", _SETTINGS) for n in (1, 2)]
        self.workers = [WorkerProcess(self, f"worker-{n}", _SETTINGS, skew) for n, skew in ((1, 0.0), (2, 3600.0))]
        self.api = ApiProcess(self, _SETTINGS)
        self.users = Users(self)
        self.ground, self.invariants = Ground(self), Invariants(self)
        self.database.on_commit += [self.invariants.watch, self.ground.watch]

    @property
    def processes(self) -> list[Process]:
        return [*self.executors, *self.workers, self.api]

    def run(self) -> None:
        """From the first start to the rest at the end. Errors: Violation."""
        for process in self.processes:
            process.start()
        self.users.begin()
        Nemesis(self).start()
        self.clock.after(self.faults.seconds, self._heal)
        steps = 0
        while not self._at_rest():
            steps += 1
            if not self.clock.step() or steps > _MOST_STEPS:
                raise Violation("endless", f"{steps} steps and no rest")
            if self.healed and self.clock.seconds - max(self.invariants.progress, self._healed_at) > _PATIENCE:
                break
        self.invariants.check_at_the_end()
        self.ground.check_at_the_end()
        self._check_accepted()

    def close(self) -> None:
        """Let go of everything that is under way."""
        for process in self.processes:
            process.abandon()

    def _at_rest(self) -> bool:
        if not self.healed or self.database.live or self.users.busy or self.bag.under_way:
            return False
        tables = self.database.tables
        if tables["outbox"] or tables["timer"] or self.database.open_requests:
            return False
        jobs = any(worker.jobs for worker in self.workers)
        return not jobs and not any(self.bag.ready.values()) and all(e["matched"] for e in tables["event"].values())

    def _check_accepted(self) -> None:
        for key, execution in self.users.accepted.items():
            if self.database.execution(execution) is None:
                raise Violation("lost", f"{key} was accepted as execution {execution}")

    def _heal(self) -> None:
        self.healed, self.faults = True, NONE
        self._healed_at = self.clock.seconds
        self.tell("world", "is healed")
        self._away = {"database": 0.0, "broker": 0.0}
        for process in self.processes:
            if not process.up:
                process.start()
        for worker in self.workers:
            worker.linked = True
        self._offer_all()

    def healed_for(self, seconds: float) -> bool:
        return self.healed and self.clock.seconds - self._healed_at > seconds

    def tell(self, who: str, what: str) -> None:
        if self._story is not None:
            self._story(f"{self.clock.seconds:9.3f}  {who:<10}  {what}")

    @property
    def telling(self) -> bool:
        return self._story is not None

    def number(self) -> int:
        self._count += 1
        return self._count

    def token(self) -> str:
        """Looks like a real one, and is the same in every simulation of the seed."""
        return hashlib.md5(f"{self.plan.seed}/{self.number()}".encode(), usedforsecurity=False).hexdigest()

    def restart(self, process: Process, after: float) -> None:
        self.clock.after(after, lambda: None if process.up else process.start())

    def dies_at(self, process: Process, point: str) -> bool:
        if not self.faults.dying or self.dice.random() >= self.faults.dying:
            return False
        self.tell(process.name, f"dies {point}")
        self.restart(process, self.dice.uniform(0.5, 20.0))
        return True

    def may_fail(self, process: Process, what: str, part: float) -> None:
        """Errors: CommitUnknown."""
        if part and self.dice.random() < part:
            self.tell(process.name, what)
            raise CommitUnknown(what)

    def need_database(self) -> None:
        """Errors: ConnectionError."""
        if not self.database_up:
            raise ConnectionError("the database is away")

    def database_away(self, seconds: float) -> None:
        self.tell("database", f"is away for {seconds:.0f} s")
        self._away["database"] = max(self._away["database"], self.clock.seconds + seconds)

    @property
    def database_up(self) -> bool:
        return self._away["database"] <= self.clock.seconds

    def broker_away(self, seconds: float) -> None:
        self.tell("broker", f"is away for {seconds:.0f} s")
        self._away["broker"] = max(self._away["broker"], self.clock.seconds + seconds)
        self.clock.after(seconds, self._offer_all)

    @property
    def broker_up(self) -> bool:
        return self._away["broker"] <= self.clock.seconds

    def _offer_all(self) -> None:
        for queue in self.bag.ready:
            self.offer(queue)

    def offer(self, queue: str) -> None:
        """Let somebody take what is ready in the queue."""
        if not self.bag.ready[queue] or not self.broker_up:
            return
        if queue == JOBS:
            free = [worker for worker in self.workers if worker.free()]
            if free:
                self.dice.choice(free).take()
                self.offer(queue)
            return
        takers = [executor for executor in self.executors if executor.free_for(queue)]
        if takers:
            self.dice.choice(takers).take(queue)

    def _control(self, message: ExecutionCancel) -> None:
        for worker in self.workers:
            worker.on_control(message)

    def fate_of(self, spec: ExecutionScheduled) -> Fate:
        row = self.database.tables["execution"][spec.execution_id]
        return fate_at(self.plan, place_of(self.database, row))

    def until_next_timer(self) -> float:
        """How long a process sleeps, at most some seconds; 0 when something is due."""
        times = [row["due_at"] for row in self.database.tables["timer"].values() if not row["held"]]
        left = (min(times) - self.database.now).total_seconds() if times else _MOST
        return 0.0 if left <= 0 else min(left, _MOST) + self.dice.uniform(0.0, self.dice.choice([0.005, 0.2]))

    def sweep_pause(self) -> float:
        return self.dice.uniform(1.5, 5.0) if not self.healed else self.dice.uniform(2.0, 8.0)

    def graph(self, version: str) -> Graph:
        if version not in self._graphs:
            self._graphs[version] = compile_graph(self.database.tables["workflow_version"][version])
        return self._graphs[version]

    def happen(self, key: str) -> None:
        """An event is stored with its message, once per key."""
        with self.database.transaction():
            id = self.database.number("event")
            row = {"id": id, "trigger_ref": "test.trigger", "payload": {}, "source": {}, "dedup_key": key, "depth": 0}
            row["secrets"] = None
            self.database.put("event", id, {**row, "trace_id": key, "matched": False, "created": self.database.now})
            message = EventCreated(event_id=id, trigger_ref="test.trigger", trace_id=key)
            self.outbox.store([(message, "")])

    def check_poison(self, letters: list[Letter], error: Exception) -> None:
        """A message that is refused again and again, and not because something is away, is a fault."""
        if not isinstance(error, OSError) and any(letter.taken > _POISONED for letter in letters):
            raise Violation("poison", f"{letters[0].message}: {type(error).__name__}: {error}")
