"""OpenTelemetry spans, when the extra `otel` is installed and an exporter is configured; else nothing, at no cost.

Attune's trace id is an id of OpenTelemetry. Span ids are made from what a span is about, so that a child knows its
parent without anything being carried along: a run's tasks, an attempt on a worker and a subworkflow find each other
whatever process tells of them, in whatever order, also after a crash. Spans are told when they end, with the times of
the record.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from attune_common.runtime.random_ids import random_id

_TRACE = re.compile(r"[0-9a-f]{32}\Z")
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")
_tracer: Any = None
_next_span: ContextVar[int] = ContextVar("attune_next_span", default=0)

_asked: ContextVar[str] = ContextVar("attune_asked_trace", default="")

Times = tuple[datetime | None, datetime | None]
Task = tuple[int, str, int]
"""(run, task, iteration)"""


def configure(service: str) -> bool:
    """Send spans to where `OTEL_EXPORTER_OTLP_ENDPOINT` says. False when that is not set or the extra is missing."""
    if not (os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return False
    use(BatchSpanProcessor(OTLPSpanExporter()), service)
    return True


def use(processor: Any, service: str) -> None:
    """Give ended spans to the processor."""
    global _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_span_id(self) -> int:
            return _next_span.get() or super().generate_span_id()

    provider = TracerProvider(resource=Resource.create({"service.name": f"attune-{service}"}), id_generator=Ids())
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("attune")


def stop() -> None:
    """Tell nothing more."""
    global _tracer
    _tracer = None


def span_id(*about: object) -> int:
    """Never 0, which means none."""
    return int.from_bytes(hashlib.sha256(repr(about).encode()).digest()[:8], "big") or 1


def attempt_span(execution: int, attempt: int) -> int:
    return span_id("attempt", execution, attempt)


def task_span(task: Task) -> int:
    return span_id("task", *task)


def traceparent(trace_id: str, execution: int, attempt: int) -> str:
    """For the action itself: what it does belongs to its attempt. "" for a trace of another form."""
    return f"00-{trace_id}-{attempt_span(execution, attempt):016x}-01" if _TRACE.match(trace_id) else ""


def given(headers: Mapping[str, str]) -> tuple[str, int] | None:
    """Trace and span that a request belongs to by its header `traceparent`."""
    found = _PARENT.match(headers.get("traceparent", "").strip().lower())
    if found is None or set(found[1]) == {"0"} or set(found[2]) == {"0"}:
        return None
    return found[1], int(found[2], 16)


def run(trace_id: str, id: int, workflow: str, times: Times, parent: Task | None, *, good: bool) -> None:
    """A workflow execution that has ended. `parent`: the task of another that it is."""
    above = task_span(parent) if parent else span_id("root", trace_id)
    about = {"attune.workflow": workflow, "attune.workflow_execution": id}
    _tell(trace_id, span_id("run", id), above, f"workflow {workflow}", times, about, good=good)


def task(trace_id: str, run_id: int, name: str, iteration: int, times: Times, *, good: bool) -> None:
    """A task of a run that has ended."""
    if _tracer is None:
        return
    about = {"attune.workflow_execution": run_id, "attune.task": name, "attune.iteration": iteration}
    own, above = task_span((run_id, name, iteration)), span_id("run", run_id)
    _tell(trace_id, own, above, f"task {name}", times, about, good=good)


def attempt(trace_id: str, which: tuple[int, int, str], times: Times, parent: Task | None, *, good: bool) -> None:
    """An attempt of an action (`which`: execution, attempt, action) that has ended on a worker."""
    if _tracer is None:
        return
    execution, number, action = which
    above = task_span(parent) if parent else span_id("root", trace_id)
    about = {"attune.execution": execution, "attune.attempt": number, "attune.action": action}
    _tell(trace_id, attempt_span(execution, number), above, f"action {action}", times, about, good=good)


@contextmanager
def request(headers: Mapping[str, str], method: str, path: str) -> Iterator[Any]:
    """A request to the API under way: what it starts belongs to the trace that its `traceparent` names.

    Yields the span (`set_attribute`), None when none is told.
    """
    found = given(headers)
    token = _asked.set(found[0] if found else "")
    try:
        if _tracer is None:
            yield None
            return
        above = _context(*found) if found else None
        about = {"http.request.method": method, "url.path": path}
        with _tracer.start_as_current_span(f"{method}", context=above, attributes=about) as span:
            yield span
    finally:
        _asked.reset(token)


def asked_trace() -> str:
    """The trace that the request under way belongs to; a new one when it names none."""
    return _asked.get() or random_id()


def _tell(
    trace_id: str, own: int, above: int, name: str, times: Times, about: Mapping[str, Any], *, good: bool
) -> None:
    if _tracer is None or not _TRACE.match(trace_id) or times[0] is None or times[1] is None:
        return
    from opentelemetry.trace import Status, StatusCode

    token = _next_span.set(own)
    try:
        span = _tracer.start_span(
            name, context=_context(trace_id, above), start_time=_nanoseconds(times[0]), attributes=dict(about)
        )
    finally:
        _next_span.reset(token)
    span.set_status(Status(StatusCode.OK if good else StatusCode.ERROR))
    span.end(_nanoseconds(times[1]))


def _context(trace_id: str, above: int) -> Any:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    known = SpanContext(int(trace_id, 16), above or span_id("root", trace_id), True, TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(known))


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1_000
