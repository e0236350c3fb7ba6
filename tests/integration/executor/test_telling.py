"""What happened is told after the commit: log lines with ids, metrics by workflow, spans that fit together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from tests.integration.executor.test_happenings import WORKFLOW
from tests.integration.executor.world import World

from attune_common.runtime import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.use(SimpleSpanProcessor(exporter), "test")
    try:
        yield exporter
    finally:
        tracing.stop()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_run_is_told_in_lines_numbers_and_spans(world: World, spans: InMemorySpanExporter) -> None:
    await world.define(WORKFLOW)
    before = value("attune_workflow_executions_total", workflow="t.flow", status="completed")
    with capture_logs() as lines:
        execution = await world.request("t.flow")
        async with world.store.unit() as unit:
            await unit.execute("UPDATE attune.execution SET trace_id = $2 WHERE id = $1", execution, TRACE)
        await world.start()
        await world.ended(execution)
    of_it = [line for line in lines if line.get("workflow") == "t.flow"]
    assert [(line["event"], line.get("task")) for line in of_it] == [
        ("workflow execution started", None),
        ("task scheduled", "first"),
        ("task completed", "first"),
        ("task scheduled", "second"),
        ("task completed", "second"),
        ("workflow execution completed", None),
    ]
    assert all(line["trace_id"] and line["execution"] and line["workflow_execution"] for line in of_it)
    assert value("attune_workflow_executions_total", workflow="t.flow", status="completed") == before + 1
    assert value("attune_task_execution_duration_seconds_count", workflow="t.flow") >= 2
    told = {span.name: span for span in spans.get_finished_spans()}
    assert set(told) == {"workflow t.flow", "task first", "task second"}
    run = told["workflow t.flow"]
    assert run.context is not None
    assert f"{run.context.trace_id:032x}" == of_it[0]["trace_id"] == TRACE
    for name in ("task first", "task second"):
        parent, start, end = told[name].parent, told[name].start_time, told[name].end_time
        assert parent is not None
        assert parent.span_id == run.context.span_id
        assert run.start_time is not None
        assert run.end_time is not None
        assert start is not None
        assert end is not None
        assert run.start_time <= start <= end <= run.end_time
