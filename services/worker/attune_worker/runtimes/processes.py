"""An action as a child process: what python and shell have in common."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.hosting.children import child
from attune_common.hosting.children.child import Command
from attune_common.hosting.children.confine import DESCRIPTORS, FILE_BYTES, MORE_PROCESSES, Confinement
from attune_common.hosting.children.outlets import Stream
from attune_common.hosting.children.workplace import workplace
from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.masking import StreamMasker
from attune_common.runtime import tracing
from attune_common.runtime.settings import Settings
from attune_worker.runtimes.base import Attempt
from attune_worker.runtimes.exchange import Exchange, open_exchange

_CPU_EXTRA = 60


@dataclass(frozen=True, slots=True)
class Program:
    """What to start for an action, and which variables it gets beyond those of the platform."""

    arguments: Sequence[str]
    pack: Path
    variables: Mapping[str, str] = field(default_factory=dict)


async def perform(attempt: Attempt, program: Program, interpret: Callable[[Exchange], Any]) -> Any:
    """Run the program to its end; what `interpret` makes of what it said. Errors: ActionFailure."""
    spec, settings = attempt.spec, attempt.bench.settings
    async with workplace(settings.data_dir, settings.worker_uid) as home:
        with open_exchange(spec.parameters, spec.limits.output, attempt.job.masker) as exchange:
            command = Command(
                arguments=program.arguments,
                home=home,
                variables=_variables(attempt, program, home, exchange),
                stdin=exchange.parameters,
                descriptors=(exchange.result.fileno(),),
                confinement=_confinement(spec, settings),
            )
            status = await _run(attempt, command, exchange)
            if status != 0:
                raise exchange.failure(status)
            return interpret(exchange)


async def _run(attempt: Attempt, command: Command, exchange: Exchange) -> int:
    hidden = StreamMasker(attempt.job.masker)

    def on_output(stream: Stream, chunk: bytes) -> None:
        if stream == "stdout":
            exchange.stdout.feed(chunk)
        else:
            exchange.stderr.feed(hidden.feed(chunk))
        attempt.log.output(stream, chunk)

    try:
        process = await child.start(command, on_output)
    except OSError as problem:
        raise ActionFailure("cannot_start", f"{command.arguments[0]}: {problem.strerror}") from problem
    status = await process.run(attempt.job.grace)
    exchange.stderr.feed(hidden.end())
    return status


def _confinement(spec: ExecutionScheduled, settings: Settings) -> Confinement:
    """The worker's limits, or narrower ones of the action. The CPU limit stands behind the timeout, too: it ends what
    a frozen worker cannot."""
    own, timeout = spec.spec.get("limits") or {}, spec.limits.timeout
    behind = None if timeout is None else math.ceil(timeout * (os.cpu_count() or 1)) + _CPU_EXTRA
    return Confinement(
        memory=_least(own.get("memory"), spec.limits.memory, settings.worker_memory or None),
        cpu_seconds=_least(math.ceil(own["cpu"]) if "cpu" in own else None, behind),
        uid=settings.worker_uid,
        processes=_least(own.get("processes"), MORE_PROCESSES) or MORE_PROCESSES,
        files=_least(own.get("files"), DESCRIPTORS) or DESCRIPTORS,
        file_bytes=_least(own.get("file_size"), FILE_BYTES) or FILE_BYTES,
    )


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _variables(attempt: Attempt, program: Program, home: Path, exchange: Exchange) -> dict[str, str]:
    spec, settings = attempt.spec, attempt.bench.settings
    own = spec.spec.get("env")
    declared = {str(k): str(v) for k, v in own.items()} if isinstance(own, dict) else {}
    return {
        **declared,
        **program.variables,
        "PYTHONPATH": os.fspath(attempt.bench.environments.sdk),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ATTUNE_ACTION": spec.action_ref,
        "ATTUNE_PACK_REF": spec.pack_ref,
        "ATTUNE_PACK_DIR": os.fspath(program.pack),
        "ATTUNE_EXEC_ID": str(spec.execution_id),
        "ATTUNE_ATTEMPT": str(spec.attempt),
        "ATTUNE_API_URL": settings.api_url,
        "ATTUNE_API_TOKEN": spec.api_token,
        "ATTUNE_ARTIFACTS_DIR": os.fspath(home / "artifacts"),
        "ATTUNE_RULE": spec.rule_ref or "",
        "ATTUNE_TRIGGER": spec.trigger_ref or "",
        "ATTUNE_IDEMPOTENCY_KEY": spec.idempotency_key,
        "ATTUNE_TRACE_ID": spec.trace_id,
        "TRACEPARENT": tracing.traceparent(spec.trace_id, spec.execution_id, spec.attempt),
        "ATTUNE_RESULT_FD": str(exchange.result.fileno()),
    }
