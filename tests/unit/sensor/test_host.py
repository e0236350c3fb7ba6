"""What a service could not send counts under its next lease, unless another service had the sensor meanwhile."""

from __future__ import annotations

from typing import Any

from tests.support.waiting import until

from attune_common.contracts.sensor import EmitAnswer, EmitRequest, Emitted, Grant, LeaseAnswer, Verdict
from attune_sensor.api import ApiAway
from attune_sensor.host import Host
from attune_sensor.hosted import Tools
from attune_sensor.protocol import Said


class Api:
    """Away under the first lease. Sensors never start. `got`: the keys of events."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def emit(self, ref: str, request: EmitRequest) -> EmitAnswer:
        if request.token == "first":
            raise ApiAway("down")
        self.got.extend(event.key for event in request.events)
        return EmitAnswer(verdicts=[Verdict(event=1) for _ in request.events])

    async def start(self, ref: str, token: str) -> None:
        raise ApiAway("down")


def leased(token: str, tenure: int) -> LeaseAnswer:
    grant = Grant(ref="a.sensor", token=token, revision="r", tenure=tenure)
    return LeaseAnswer(lease_seconds=15, sensors=[grant], release=[])


async def after_an_absence(tenure: int) -> list[str]:
    """What the API gets: a line of the first tenure that it could not take, and one of the lease after that."""
    api = Api()
    programs: Any = None
    host = Host(Tools(api, programs, lambda: None), 1_000)  # type: ignore[arg-type]
    host.apply(leased("first", 1))
    await put(host, "old")
    host.fence()
    await until(lambda: begun(host, leased("second", tenure)))
    await put(host, "new")
    await until(lambda: "new" in api.got)
    await host.stop(0)
    return api.got


def begun(host: Host, answer: LeaseAnswer) -> bool:
    """Only once the sensor of the earlier lease has ended."""
    host.apply(answer)
    return bool(host.reports())


async def put(host: Host, key: str) -> None:
    said = Said(Emitted(trigger="a.b", key=key), None)
    await host.waiting("a.sensor").put(said, 10, lambda verdict: None)


async def test_within_a_tenure_it_counts() -> None:
    assert await after_an_absence(1) == ["old", "new"]


async def test_after_another_service_it_does_not() -> None:
    assert await after_an_absence(2) == ["new"]
