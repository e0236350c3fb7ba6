"""Exactly one service runs each sensor: spread over all, taken over from those that die, freeze or lose the API."""

from __future__ import annotations

import itertools
import os
import signal
from typing import Any

import pytest
from tests.integration.sensor.world import World, is_alive
from tests.support.waiting import until

RUNNER = """
    import os
    from attune_sdk import Sensor

    class Runner(Sensor):
        def run(self):
            number = self.state or 0
            while self.sleep(0.05):
                number += 1
                self.emit("seen", {"n": number, "pid": os.getpid()}, state=number)
    """
"""No keys: what is sent by two, or sent again after another has gone on, would be there twice."""


def runners(count: int) -> dict[str, str]:
    """Sensors that count on, each its own numbers, all from one file."""
    files = {f"sensors/s{n}.yaml": f"ref: watch.s{n}\nentry_point: runner.py\n" for n in range(count)}
    return {**files, "sensors/runner.py": RUNNER}


async def holders(world: World) -> dict[str, int]:
    """How many sensors run on each service."""
    counts: dict[str, int] = {}
    for sensor in (await world.ask("GET", "/sensors?limit=100"))["items"]:
        if sensor["status"] == "running":
            counts[sensor["service"]] = counts.get(sensor["service"], 0) + 1
    return counts


async def spread(world: World, expected: dict[str, int], deadline: float = 40) -> None:
    async def look() -> bool:
        return await holders(world) == expected

    try:
        await until(look, deadline, f"{expected}")
    except TimeoutError as late:
        raise AssertionError(f"{late}; it is {await holders(world)}") from late


async def counted(world: World, sensor: str) -> list[int]:
    return [row["payload"]["n"] for row in await world.events() if row["source"]["sensor"] == sensor]


async def moves_on(world: World, sensor: str) -> int:
    """The number that it has reached now, once it goes on from there."""
    before = len(await counted(world, sensor))

    async def more() -> bool:
        return len(await counted(world, sensor)) > before + 3

    await until(more, 30, f"{sensor} to go on")
    return before


async def test_sensors_are_spread_and_the_dead_are_replaced(world: World) -> None:
    await world.register(runners(6))
    await world.service("first")
    await spread(world, {"first": 6})
    other = await world.process("second")
    await spread(world, {"first": 3, "second": 3})
    pids = {row["payload"]["pid"] for row in await world.events()}
    other.send_signal(signal.SIGKILL)
    await other.wait()
    await spread(world, {"first": 6})
    for number in range(6):
        await moves_on(world, f"watch.s{number}")
        found = await counted(world, f"watch.s{number}")
        assert found == list(range(1, len(found) + 1))
    now = {row["source"]["sensor"]: row["payload"]["pid"] for row in await world.events()}
    assert not any(is_alive(pid) for pid in pids - set(now.values()))


async def test_a_frozen_service_is_replaced_and_its_sensor_says_nothing_more(world: World) -> None:
    await world.register(runners(1))
    frozen = await world.process("frozen")
    await spread(world, {"frozen": 1})
    await moves_on(world, "watch.s0")
    frozen.send_signal(signal.SIGSTOP)
    try:
        await world.service("fresh")
        await spread(world, {"fresh": 1})
        await moves_on(world, "watch.s0")
    finally:
        frozen.send_signal(signal.SIGCONT)
    old = (await world.events())[0]["payload"]["pid"]
    await until(lambda: not is_alive(old), 20, "the old sensor to be ended")
    await moves_on(world, "watch.s0")
    events = [row["payload"] for row in await world.events()]
    turns = [pid for pid, _ in itertools.groupby(event["pid"] for event in events)]
    assert len(turns) == len(set(turns)), "whoever was replaced says nothing more"
    assert [event["n"] for event in events] == list(range(1, len(events) + 1))


async def test_without_the_api_sensors_end_before_their_leases_do(world: World) -> None:
    await world.register(runners(1))
    await world.service("one")
    await moves_on(world, "watch.s0")
    pid = (await world.events())[-1]["payload"]["pid"]
    port = await world.close_api()
    await until(lambda: not is_alive(pid), 20, "the sensor to be ended")
    async with world.store.connection() as connection:
        assert await connection.fetchval("SELECT lease_until > now() FROM attune.sensor")
    before = len(await world.events())
    await world.open_api(port)

    async def goes_on() -> bool:
        return len(await world.events()) > before + 3

    await until(goes_on, 30, "the sensor to go on")
    numbers = await counted(world, "watch.s0")
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_short_absence_of_the_api_loses_nothing(world: World) -> None:
    await world.register(
        {
            "sensors/s0.yaml": "ref: watch.s0\nentry_point: quiet.sh\n",
            "sensors/quiet.sh": """\
                #!/bin/sh
                exec 3>"$ATTUNE_SENSOR_OUT"
                for n in $(seq 1 400); do
                  echo '{"type": "event", "trigger": "seen", "payload": {"n": '$n'}}' >&3
                  sleep 0.005
                done
                cat >/dev/null
                """,
        }
    )
    service = await world.service("one")
    await world.payloads(20)
    port = await world.close_api()
    await until(lambda: len(service.host.waiting("watch.s0")) > 50, 10, "events to wait")
    await world.open_api(port)
    await world.payloads(400, 30)
    assert await counted(world, "watch.s0") == list(range(1, 401))


async def test_no_more_than_its_slots(world: World) -> None:
    await world.register(runners(4))
    service = await world.service("small")
    await spread(world, {"small": 4})
    service._settings.sensor_slots = 2
    await spread(world, {"small": 2})


async def test_whoever_is_fenced_off_is_told(world: World) -> None:
    await world.register(runners(1))
    await world.service("one")
    await world.reaches("watch.s0", "running")
    stale: Any = {"token": "00000000-0000-0000-0000-000000000000", "events": [{"trigger": "watch.seen", "key": "x"}]}
    with pytest.raises(AssertionError, match='"lease_lost"'):
        await world.ask("POST", "/sensors/watch.s0/events", json=stale)


async def test_a_sensor_that_is_killed_while_it_speaks_loses_nothing_and_says_nothing_twice(world: World) -> None:
    await world.register(runners(1))
    await world.service("one")
    await moves_on(world, "watch.s0")
    os.kill((await world.events())[-1]["payload"]["pid"], signal.SIGKILL)
    await moves_on(world, "watch.s0")
    numbers = await counted(world, "watch.s0")
    assert numbers == list(range(1, len(numbers) + 1))


async def test_sensors_of_a_pack_that_is_disabled_stop(world: World) -> None:
    await world.register(runners(1))
    await world.service("one")
    await moves_on(world, "watch.s0")
    pid = (await world.events())[-1]["payload"]["pid"]
    await world.ask("POST", "/packs/watch/disable")
    await until(lambda: not is_alive(pid), 20, "the sensor to be ended")
    assert (await world.sensor("watch.s0"))["status"] == "disabled"
    before = len(await world.events())
    await world.ask("POST", "/packs/watch/enable")
    await moves_on(world, "watch.s0")
    numbers = await counted(world, "watch.s0")
    assert (len(numbers) > before, numbers) == (True, list(range(1, len(numbers) + 1)))
