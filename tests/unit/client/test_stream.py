"""The stream is followed through lost connections; without one, watching asks from time to time."""

from __future__ import annotations

import httpx2
import pytest

from attune_client import stream, watch
from attune_client.errors import ApiError, StreamUnavailable
from attune_client.stream import follow
from tests.unit.client.scripted import transport


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(stream, "LONGEST_PAUSE_SECONDS", 0.002)
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(watch, "GATHER_SECONDS", 0.0)


def _events(*texts: str) -> httpx2.Response:
    headers = {"content-type": "text/event-stream"}
    return httpx2.Response(200, content="".join(texts).encode(), headers=headers)


async def test_a_lost_connection_is_made_again_and_says_so() -> None:
    answers = iter(
        [
            _events(": ping\n\n", 'event: workflow.started\ndata: {"execution_id": 7}\n\n'),
            httpx2.Response(503),
            _events('event: workflow.completed\ndata: {"execution_id": 7}\n\n'),
        ]
    )
    events = follow(transport(lambda _: next(answers)), 7)
    heard = [await anext(events) for _ in range(4)]
    assert [event.type for event in heard] == ["connected", "workflow.started", "connected", "workflow.completed"]
    assert heard[1].data == {"execution_id": 7}


async def test_what_was_heard_last_is_told_when_the_connection_is_made_again() -> None:
    told: list[tuple[str | None, str]] = []
    answers = iter(
        [
            _events('id: 5-0-ab\nevent: event.created\ndata: {"event_id": 1}\n\n', ": ping\nid: 9-0-cd\n\n"),
            _events('id: 10-0-ef\nevent: event.created\ndata: {"event_id": 2}\n\n'),
        ]
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        told.append((request.headers.get("last-event-id"), str(request.url.query, "ascii")))
        return next(answers)

    events = follow(transport(answer), kind="events,incidents", pack=None)
    heard = [await anext(events) for _ in range(4)]
    assert [event.id for event in heard if event.data] == ["5-0-ab", "10-0-ef"]
    assert told == [(None, "kind=events%2Cincidents"), ("9-0-cd", "kind=events%2Cincidents")]


async def test_a_deployment_without_a_stream_and_one_that_refuses() -> None:
    with pytest.raises(StreamUnavailable):
        await anext(follow(transport(lambda _: httpx2.Response(404)), 7))
    with pytest.raises(ApiError):
        await anext(follow(transport(lambda _: httpx2.Response(403)), 7))
    problem = {"code": "invalid_parameter", "detail": "there is no kind 'nothing'"}
    with pytest.raises(ApiError, match="no kind 'nothing'") as refused:
        await anext(follow(transport(lambda _: httpx2.Response(422, json=problem)), kind="nothing"))
    assert refused.value.code == "invalid_parameter"


async def test_watching_without_a_stream_sees_the_end() -> None:
    statuses = iter(["scheduled", "running", "running", "completed"])

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/stream"):
            return httpx2.Response(404)
        return httpx2.Response(200, json={"id": 7, "status": next(statuses)})

    seen = [snapshot.execution["status"] async for snapshot in watch.watch(transport(answer), 7)]
    assert seen == ["scheduled", "running", "running", "completed"]


async def test_a_snapshot_holds_the_tasks_of_subworkflows_within_subworkflows() -> None:
    tasks = {
        "1": [{"task_name": "a", "child_workflow_execution": 2}],
        "2": [{"task_name": "b", "child_workflow_execution": 3}],
        "3": [{"task_name": "c", "child_workflow_execution": None}],
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        parts = request.url.path.split("/")
        if parts[-1] == "tasks":
            return httpx2.Response(200, json={"items": tasks[parts[-2]], "next": None})
        return httpx2.Response(200, json={"id": 9, "status": "running", "workflow_execution": 1})

    snapshot = await watch.take(transport(answer), 9)
    assert [task["task_name"] for task in snapshot.tasks] == ["a"]
    assert {run: [task["task_name"] for task in found] for run, found in snapshot.children.items()} == {
        2: ["b"],
        3: ["c"],
    }


async def test_the_stream_of_a_notifier_elsewhere_is_found_with_the_same_token() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"] == "Bearer att_x_secret"
        assert request.url.params["execution"] == "7"
        if request.url.host == "attune.test":
            return httpx2.Response(307, headers={"location": f"http://notifier.test{request.url.raw_path.decode()}"})
        return _events("event: workflow.started\ndata: {}\n\n")

    events = follow(transport(answer), 7)
    assert [(await anext(events)).type for _ in range(2)] == ["connected", "workflow.started"]


@pytest.mark.parametrize("location", ["http://notifier.test/stream", "https://attune.test/api/v1/stream"])
async def test_a_token_is_not_sent_in_the_clear_nor_in_circles(location: str) -> None:
    api = transport(lambda _: httpx2.Response(307, headers={"location": location}))
    api.http.base_url = httpx2.URL("https://attune.test")
    with pytest.raises(StreamUnavailable):
        await anext(follow(api, 7))
