"""Sensors at work: polled and running by themselves, in Python, Bash and Node, with state, failures and logs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.integration.sensor.world import World, is_alive
from tests.support.waiting import until

COUNTER = {
    "sensors/counter.yaml": """
        ref: watch.counter
        poll: 0.2
        triggers: [watch.seen]
        parameters: {place: "{{ pack.config.place }}"}
        """,
    "sensors/counter.py": """
        import os
        from attune_sdk import Sensor

        class Counter(Sensor):
            def poll(self):
                number = (self.state or 0) + 1
                print("counting", number)
                payload = {"n": number, "pid": os.getpid(), "place": self.parameters["place"]}
                self.emit("seen", payload, key=str(number), state=number)
        """,
}
CRASHING = {
    "sensors/crash.yaml": "ref: watch.crash\n",
    "sensors/crash.py": """
        from attune_sdk import Sensor

        class Crash(Sensor):
            def run(self):
                self.emit("seen", {"n": 1})
                raise RuntimeError("the wire is cut")
        """,
}
DOCUMENTED = Path(__file__).parents[3] / "docs/reference/sensors.md"


def example(language: str) -> str:
    """The program that the reference shows."""
    found = re.search(rf"```{language}\n(#!.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


async def test_a_polled_sensor_counts_on_from_its_state(world: World) -> None:
    await world.register(COUNTER)
    await world.service("one")
    payloads = await world.payloads(3)
    assert [payload["n"] for payload in payloads[:3]] == [1, 2, 3]
    assert payloads[0]["place"] == "north"
    running = await world.reaches("watch.counter", "running")
    assert (running["service"], running["failures"], running["poll"]) == ("one", 0, 0.2)
    await world.says("watch.counter", "counting 1")
    await world.stop_service()
    stopped = await world.sensor("watch.counter")
    assert stopped["status"] == "pending"
    await until(lambda: not is_alive(payloads[0]["pid"]), 5, "the process to be gone")
    before = len(await world.events())
    await world.service("two")
    after = await world.payloads(before + 2)
    assert [payload["n"] for payload in after] == list(range(1, len(after) + 1))
    assert (await world.reaches("watch.counter", "running"))["service"] == "two"


async def test_a_sensor_that_fails_starts_again_after_a_pause_and_says_why(world: World) -> None:
    await world.register(CRASHING)
    async with world.store.unit() as unit:
        await unit.execute(
            "INSERT INTO attune.rule (ref, label, trigger_ref, action_ref) "
            "VALUES ('user.told', 'x', 'core.sensor_failed', 'core.noop')"
        )
    await world.service("one")
    failed = await world.reaches("watch.crash", "backoff")
    assert failed["error"]["type"] == "exit_code"
    assert "the wire is cut" in "\n".join(failed["error"]["output"])
    assert failed["error"]["message"].startswith("the sensor ended with exit status 1: ")
    assert failed["error"]["message"].endswith("the wire is cut")
    assert failed["retry_at"] is not None

    async def told() -> list[Any]:
        found = [row for row in await world.events() if row["trigger_ref"] == "core.sensor_failed"]
        return found if len(found) >= 2 else []

    events = await until(told, 20, "two failures to be told")
    assert [event["payload"]["failures"] for event in events[:2]] == [1, 2]
    assert events[0]["payload"]["sensor"] == "watch.crash"
    seen = [row for row in await world.events() if row["trigger_ref"] == "watch.seen"]
    assert len(seen) >= 2
    await world.says("watch.crash", "starts again in")


async def test_a_poll_that_hangs_has_failed(world: World) -> None:
    source = """
        import time
        from attune_sdk import Sensor

        class Hangs(Sensor):
            def poll(self):
                print("looking")
                time.sleep(1_000_000)
        """
    await world.register(
        {
            "sensors/hangs.yaml": "ref: watch.hangs\npoll: 0.2\npoll_timeout: 0.5\n",
            "sensors/hangs.py": source,
        }
    )
    await world.service("one")
    failed = await world.reaches("watch.hangs", "backoff")
    assert (failed["error"]["type"], failed["error"]["output"]) == ("poll_timeout", ["looking"])
    assert failed["error"]["message"] == "a poll did not end within 0.5 s"


async def test_lines_that_cannot_be_stored_harm_no_other(world: World) -> None:
    deep = "'" + '{"a":' * 500 + "1" + "}" * 500 + "'"
    await world.register(
        {
            "sensors/odd.yaml": "ref: watch.odd\nentry_point: odd.sh\n",
            "sensors/odd.sh": f"""\
                #!/bin/sh
                exec 3>"$ATTUNE_SENSOR_OUT"
                echo '{{"type": "event", "trigger": "seen", "payload": '{deep}'}}' >&3
                echo '{{"type": "event", "trigger": "seen", "payload": {{"n": 9223372036854775808}}}}' >&3
                echo '{{"type": "event", "trigger": "seen", "payload": {{"n": 7}}}}' >&3
                cat >/dev/null
                """,
        }
    )
    await world.service("one")
    assert await world.payloads(1) == [{"n": 7}]
    refused = [line for line in await world.says("watch.odd", "64 bits") if "refused" in line]
    assert len(refused) == 2


async def test_a_restart_ends_the_pause(world: World) -> None:
    await world.register(COUNTER)
    await world.service("one")
    before = (await world.payloads(1))[0]["pid"]
    await world.reaches("watch.counter", "running")
    await world.ask("POST", "/sensors/watch.counter/restart")

    async def another() -> bool:
        return any(row["payload"]["pid"] != before for row in await world.events())

    await until(another, 20, "another process")
    assert not is_alive(before)
    numbers = [row["payload"]["n"] for row in await world.events()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_example_in_bash(world: World) -> None:
    await world.register(
        {
            "triggers/load.yaml": "ref: watch.load\npayload: {load: {type: string}}\n",
            "sensors/shell.yaml": "ref: watch.shell\npoll: 0.2\nentry_point: shell.bash\n",
            "sensors/shell.bash": example("bash"),
        }
    )
    await world.service("one")
    for payload in await world.payloads(2):
        assert float(payload["load"]) >= 0


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
async def test_the_example_in_node(world: World) -> None:
    await world.register(
        {
            "sensors/node.yaml": "ref: watch.node\nentry_point: node.js\nparameters: {n: 1}\n",
            "sensors/node.js": example("js"),
        }
    )
    await world.service("one")
    assert await world.payloads(1) == [{"n": 1}]
    await world.says("watch.node", "stored as event")


async def test_a_new_version_of_the_pack_replaces_what_runs(world: World) -> None:
    await world.register(COUNTER)
    await world.service("one")
    await world.payloads(2)
    changed = COUNTER["sensors/counter.py"].replace('self.parameters["place"]', '"changed"')
    await world.register({**COUNTER, "sensors/counter.py": changed})

    async def replaced() -> bool:
        return any(row["payload"]["place"] == "changed" for row in await world.events())

    await until(replaced, 20, "the new version")
    numbers = [row["payload"]["n"] for row in await world.events()]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_change_of_the_configuration_reaches_the_sensor(world: World) -> None:
    await world.register(COUNTER)
    await world.service("one")
    await world.payloads(1)
    async with world.store.unit() as unit:
        await unit.execute("""UPDATE attune.pack SET config = '{"place": "south"}' WHERE ref = 'watch'""")

    async def moved() -> bool:
        return any(row["payload"]["place"] == "south" for row in await world.events())

    await until(moved, 20, "the new place")


async def test_a_sensor_that_vanishes_or_is_disabled_stops(world: World) -> None:
    await world.register(COUNTER)
    await world.service("one")
    pid = (await world.payloads(1))[0]["pid"]
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.pack SET enabled = false WHERE ref = 'watch'")
    await until(lambda: not is_alive(pid), 20, "the process to be gone")
    assert (await world.sensor("watch.counter"))["status"] == "disabled"
    async with world.store.unit() as unit:
        await unit.execute("UPDATE attune.pack SET enabled = true WHERE ref = 'watch'")
    await world.reaches("watch.counter", "running")
    pid = (await world.events())[-1]["payload"]["pid"]
    await world.ask("DELETE", "/packs/watch")
    await until(lambda: not is_alive(pid), 20, "the process to be gone")


async def test_what_is_refused_is_told_to_the_sensor_and_in_its_log(world: World) -> None:
    await world.register(
        {
            "sensors/odd.yaml": "ref: watch.odd\n",
            "sensors/odd.py": """
                import os
                from attune_sdk import EmitRefused, Sensor

                class Odd(Sensor):
                    def run(self):
                        fd = int(os.environ["ATTUNE_SENSOR_FD"])
                        os.write(fd, b"no json\\n[1]\\n" + b'{"type": "nothing"}\\n' + b"x" * 2_000_000 + b"\\n")
                        for trigger, payload in (("seen", {"n": "text"}), ("core.cron", {}), ("unknown", {})):
                            try:
                                self.emit(trigger, payload)
                            except EmitRefused as refused:
                                print("told", refused.code)
                        self.emit("seen", {"n": 5})
                        self.stopping.wait()
                """,
        }
    )
    await world.service("one")
    assert await world.payloads(1) == [{"n": 5}]
    text = "\n".join(await world.says("watch.odd", "told trigger_not_found"))
    for expected in ("no JSON", "no JSON object", "`type` is 'nothing'", "more than 1,048,576", "told invalid_payload",
                     "told trigger_not_allowed"):  # fmt: skip
        assert expected in text


async def test_parameters_that_cannot_be_rendered_are_a_failure_that_is_shown(world: World) -> None:
    wrong = COUNTER["sensors/counter.yaml"].replace("pack.config.place", "pack.config.nowhere")
    await world.register({**COUNTER, "sensors/counter.yaml": wrong})
    await world.service("one")
    failed = await world.reaches("watch.counter", "backoff")
    assert "nowhere" in failed["error"]["message"]


async def test_many_events_at_once_are_stored_once_each_and_in_order(world: World) -> None:
    await world.register(
        {
            "sensors/burst.yaml": "ref: watch.burst\n",
            "sensors/burst.py": """
                from attune_sdk import Sensor

                class Burst(Sensor):
                    def run(self):
                        receipts = [self.send("seen", {"n": n}) for n in range(3000)]
                        assert len({receipt.wait(60) for receipt in receipts}) == 3000
                        print("all are stored")
                        self.stopping.wait()
                """,
        }
    )
    await world.service("one")
    await world.says("watch.burst", "all are stored", 60)
    assert [row["payload"]["n"] for row in await world.events()] == list(range(3000))
    assert (await world.sensor("watch.burst"))["events"] == 3000
