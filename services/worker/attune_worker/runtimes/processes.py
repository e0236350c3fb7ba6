"""An action as a child process: what python and shell have in common."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_common.contracts.execution import JobLimits
from attune_common.hosting.children import child
from attune_common.hosting.children.child import Command
from attune_common.hosting.children.confine import Confinement
from attune_common.hosting.children.workplace import workplace
from attune_common.hosting.failure import ActionFailure
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
        with open_exchange(spec.parameters, spec.limits.output) as exchange:
            command = Command(
                arguments=program.arguments,
                home=home,
                variables=_variables(attempt, program, home, exchange),
                stdin=exchange.parameters,
                descriptors=(exchange.result.fileno(),),
                confinement=_confinement(spec.limits, settings),
            )
            status = await _run(attempt, command, exchange)
            if status != 0:
                raise exchange.failure(status)
            return interpret(exchange)


async def _run(attempt: Attempt, command: Command, exchange: Exchange) -> int:
    def on_output(stream: child.Stream, chunk: bytes) -> None:
        (exchange.stdout if stream == "stdout" else exchange.stderr).feed(chunk)
        attempt.log.output(stream, chunk)

    try:
        process = await child.start(command, on_output)
    except OSError as problem:
        raise ActionFailure("cannot_start", f"{command.arguments[0]}: {problem.strerror}") from problem
    return await process.run(attempt.job.grace)


def _confinement(limits: JobLimits, settings: Settings) -> Confinement:
    """The CPU limit stands behind the timeout: it ends what a frozen worker cannot."""
    cpu = None if limits.timeout is None else math.ceil(limits.timeout * (os.cpu_count() or 1)) + _CPU_EXTRA
    return Confinement(limits.memory or settings.worker_memory or None, cpu, settings.worker_uid)


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
        "ATTUNE_RESULT_FD": str(exchange.result.fileno()),
    }
