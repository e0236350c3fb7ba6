"""A worker, as the executors see one: it accepts, beats, ends, stops, hands back, fences itself, freezes and dies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attune_api.usecases.claim_attempts import claim_attempts
from attune_common.bus.bus import BusUnavailable
from attune_common.contracts.base import Message
from attune_common.contracts.execution import ExecutionAccepted, ExecutionCancel, ExecutionCompleted, ExecutionScheduled
from attune_common.contracts.worker import WorkerHeartbeat
from attune_common.runtime.settings import Settings
from attune_common.store.leases import Claim
from attune_executor import leases
from tests.simulator.bag import JOBS, Letter
from tests.simulator.fate import Fate
from tests.simulator.processes import Process

if TYPE_CHECKING:
    from tests.simulator.world import World

_CONNECTION_LOST = 12.0
_GIVEN_UP = ("the attempt is over", leases._STALE_REASON)


@dataclass(eq=False, slots=True)
class Job:
    """An attempt in hand. `letters` are acknowledged when the attempt is accepted or ended, confirmed. `deaf`: it was
    told to stop and did not hear it. `claim`: as the real one."""

    spec: ExecutionScheduled
    fate: Fate
    letters: list[Letter] = field(default_factory=list)
    begun: float = 0.0
    over: bool = False
    told: bool = False
    deaf: bool = False
    claim: str | None = None
    answered: bool = False


class WorkerProcess(Process):
    """`linked`: its connection works. `skew`: how far its clock is off, in seconds."""

    def __init__(self, world: World, name: str, settings: Settings, skew: float) -> None:
        super().__init__(world, name)
        self._settings, self._skew = settings, skew
        self.linked = True
        self.jobs: dict[str, Job] = {}

    def begin(self) -> None:
        self.linked, self.draining, self._cut_until = True, False, 0.0
        self.jobs = {}
        self._over: set[str] = set()
        self._refused: set[str] = set()
        self._outgoing: list[tuple[Message, Callable[[], None]]] = []
        self._publishing = False
        self._confirmed = self.world.clock.seconds
        self.after(0.0, self._beat)
        self.after(0.0, self._watch)
        self.after(0.001, self.resume)

    def resume(self) -> None:
        self.world.offer(JOBS)

    def end(self) -> None:
        """The broker gives to others what was not acknowledged."""
        for job in self.jobs.values():
            if job.begun:
                self.world.ground.stopped(self, job.spec)
        self._let_go()
        self.jobs = {}

    def _let_go(self) -> None:
        for job in self.jobs.values():
            letters, job.letters = job.letters, []
            self.world.bag.give_back(letters)

    def freeze(self, seconds: float) -> None:
        super().freeze(seconds)
        if self.up and seconds > _CONNECTION_LOST:
            self._missed()

    def cut(self, seconds: float) -> None:
        """Its connection is gone for a while; its actions go on."""
        if self.up:
            self.linked, self._cut_until = False, max(self._cut_until, self.world.clock.seconds + seconds)
            self.world.tell(self.name, f"is cut off for {seconds:.0f} s")
            if seconds > _CONNECTION_LOST:
                self._missed()
            self.world.clock.after(seconds, self._link)

    def _missed(self) -> None:
        """The broker takes the connection for dead and gives what was not acknowledged to others."""
        life = self.life
        self.world.clock.after(_CONNECTION_LOST, lambda: self._let_go() if self.up and self.life == life else None)

    def _link(self) -> None:
        if self.up and not self.linked and self._cut_until <= self.world.clock.seconds:
            self.linked = True
            self.world.offer(JOBS)

    @property
    def well_since(self) -> float:
        """When it was last frozen or cut off."""
        return max(self.frozen_until, self._cut_until)

    @property
    def listens(self) -> bool:
        return self.up and self.linked and not self.draining

    def free(self) -> bool:
        return self.awake and self.listens and len(self.jobs) < self.world.plan.slots

    def take(self) -> None:
        for letter in self.world.bag.take(JOBS, 1):
            self._deliver(letter)

    def _deliver(self, letter: Letter) -> None:
        spec = letter.message
        assert isinstance(spec, ExecutionScheduled)
        held = self.jobs.get(spec.token)
        if held is not None and not held.told:
            held.letters.append(letter)
        if held is not None or spec.token in self._over:
            return
        job = Job(spec, self.world.fate_of(spec), [letter], claim="" if spec.claim else None)
        self.jobs[spec.token] = job
        self.world.ground.held(self, spec)
        if spec.token in self._refused:
            self._finish(job, "cancelled")
            return
        self.after(self._settings.accept_window, lambda: self._accept(job))
        if spec.claim:
            job.claim = self.world.token()
            self._ask(job)
        else:
            self._begin(job)

    def _ask(self, job: Job) -> None:
        """Claim the attempt, again until there is an answer."""
        api, spec = self.world.api, job.spec
        if job.over or job.answered or self.jobs.get(spec.token) is not job:
            return
        self.after(self.world.dice.uniform(2.0, 4.0), lambda: self._ask(job))
        if api.awake:
            store: Any = api.store
            claim = Claim(spec.execution_id, spec.token, job.claim or "")
            work = claim_attempts(store, self.name, [claim], self._settings.lease_seconds)
            api.spawn(work, lambda error, tokens: None if error else self.after(0.0, lambda: self._answer(job, tokens)))

    def _answer(self, job: Job, tokens: list[str]) -> None:
        if job.over or job.answered or self.jobs.get(job.spec.token) is not job:
            return
        job.answered = True
        if job.spec.token in tokens:
            self._told(job)
            self._begin(job)
        else:
            job.over = True
            self._gone(job)

    def _begin(self, job: Job) -> None:
        spec = job.spec
        job.begun = self.world.clock.seconds
        self.world.ground.started(self, spec)
        limit = spec.limits.timeout
        late = limit is not None and job.fate.seconds > limit
        if late and limit is not None:
            self.after(limit, lambda: None if job.fate.hangs else self._finish(job, "timed_out"))
        else:
            self.after(job.fate.seconds, lambda: None if job.deaf else self._finish(job, job.fate.status))

    def _accept(self, job: Job) -> None:
        if not job.over and not job.answered:
            started = self.world.clock.now + timedelta(seconds=self._skew)
            accepted = ExecutionAccepted(
                execution_id=job.spec.execution_id,
                attempt=job.spec.attempt,
                token=job.spec.token,
                worker=self.name,
                started_at=started,
            )
            self._say(accepted, lambda: self._told(job))

    def _told(self, job: Job) -> None:
        job.told, job.letters = True, []

    def _finish(self, job: Job, status: str, *, handed_back: bool = False) -> None:
        if job.over:
            return
        job.over = True
        if job.begun:
            self.world.ground.stopped(self, job.spec)
        self._say(self._completed(job, status, handed_back), lambda: self._gone(job))

    def _completed(self, job: Job, status: str, handed_back: bool) -> ExecutionCompleted:
        spec, now = job.spec, self.world.clock.now + timedelta(seconds=self._skew)
        details: dict[str, Any] = {"result": job.fate.result} if status == "succeeded" else {}
        if status not in ("succeeded", "cancelled"):
            details["error"] = {"type": job.fate.error if status == "failed" else status, "message": status}
        return ExecutionCompleted(
            execution_id=spec.execution_id,
            attempt=spec.attempt,
            token=spec.token,
            status=status,  # type: ignore[arg-type]
            started_at=now,
            completed_at=now + timedelta(seconds=job.fate.seconds),
            worker=self.name,
            workflow_execution_id=spec.workflow_execution_id if self.world.dice.random() < 0.9 else None,
            handed_back=handed_back,
            claim=job.claim,
            **details,
        )

    def _gone(self, job: Job) -> None:
        self._told(job)
        self.jobs.pop(job.spec.token, None)
        self._over.add(job.spec.token)
        self.world.offer(JOBS)

    def on_control(self, message: ExecutionCancel) -> None:
        if not self.awake or not self.linked:
            return
        if message.reason == leases._STALE_REASON and "drop_stale" in self.world.off:
            return
        job = self.jobs.get(message.token)
        if job is None:
            self._refused.add(message.token)
        elif job.fate.hangs and message.reason not in _GIVEN_UP:
            job.deaf = True
        else:
            self.after(self.world.dice.uniform(0.0, 1.0), lambda: self._finish(job, "cancelled"))

    def drain(self) -> None:
        """SIGTERM: take nothing more, hand back what runs, go."""
        if not self.awake:
            return
        self.draining = True
        self.world.tell(self.name, "drains")
        for job in list(self.jobs.values()):
            self._finish(job, "lost", handed_back=True)
        self.after(self.world.dice.uniform(1.0, 4.0), self._go)

    def _go(self) -> None:
        """Who goes when all is healed is started again at once: nobody else would do it."""
        self.crash()
        if self.world.healed:
            self.world.restart(self, 1.0)

    def _say(self, message: Message, confirmed: Callable[[], None]) -> None:
        self._outgoing.append((message, confirmed))
        if not self._publishing:
            self._publishing = True
            self.after(0.0, self._publish)

    def _publish(self) -> None:
        """Until it is confirmed, as long as the worker lives."""
        waiting, self._outgoing = self._outgoing, []
        if self._send([message for message, _ in waiting]):
            for _, confirmed in waiting:
                confirmed()
        else:
            self._outgoing = waiting + self._outgoing
        self._publishing = bool(self._outgoing)
        if self._publishing:
            self.after(self.world.dice.uniform(0.05, 2.0), self._publish)

    def _send(self, messages: list[Message]) -> bool:
        if not self.linked:
            return False
        try:
            self.world.bag.publish(messages)
        except BusUnavailable:
            return False
        return True

    def _beat(self) -> None:
        tokens = list(self.jobs)
        beat = WorkerHeartbeat(worker=self.name, pools=["default"], tokens=tokens, started_at=self.world.clock.now)
        if self._send([beat]):
            self._confirmed = self.world.clock.seconds
            self.after(self._settings.heartbeat_seconds, self._beat)
        else:
            self.after(self._settings.heartbeat_seconds / 10, self._beat)

    def _watch(self) -> None:
        """Looks every tenth of that time; to look before it can be over has no effect."""
        fence, silent = self._settings.self_fence_seconds, self.world.clock.seconds - self._confirmed
        if "self_fence" not in self.world.off and silent > fence:
            for job in list(self.jobs.values()):
                self._finish(job, "lost")
        self.after(max(fence - silent, 0.0) + fence / 10, self._watch)
