"""A sensor gets the secrets of its pack's configuration, and nothing that it says holds them."""

from __future__ import annotations

import base64
from textwrap import dedent

from tests.integration.sensor.world import World

CANARY = "canary-0123456789"
FILES = {
    "pack.yaml": """
        ref: watch
        label: Watching
        version: 1.0.0
        config:
          password: {type: string, secret: true}
        """,
    "triggers/seen.yaml": "ref: watch.seen\npayload: {type: object}\n",
    "sensors/teller.yaml": """
        ref: watch.teller
        triggers: [watch.seen]
        parameters: {password: "{{ pack.config.password }}"}
        """,
    "sensors/teller.py": """
        import base64, os, sys
        from attune_sdk import Sensor

        class Teller(Sensor):
            def run(self):
                secret = self.parameters["password"]
                print("it is", secret, "or", base64.b64encode(secret.encode()).decode())
                print(dict(os.environ), sys.argv)
                sys.stdout.write(secret[:5]); sys.stdout.flush()
                sys.stdout.write(secret[5:] + "\\n"); sys.stdout.flush()
                self.emit("seen", {"n": len(secret), "told": [secret]}, key="1", state={"kept": secret})
                raise RuntimeError("cannot log in with " + secret)
        """,
}


async def test_the_secret_reaches_the_sensor_and_nobody_else(world: World) -> None:
    await world.register({path: dedent(text) for path, text in FILES.items()})
    await world.ask("PUT", "/packs/watch/config", json={"config": {"password": CANARY}})
    await world.service("one")
    [payload] = (await world.payloads(1))[:1]
    assert payload == {"n": len(CANARY), "told": ["********"]}
    failed = await world.reaches("watch.teller", "backoff")
    lines = await world.says("watch.teller", "cannot log in with ********")
    assert "stdout: it is ******** or ********" in lines
    state = await world.ask("GET", "/kv/pack:watch/sensors/teller")
    told = f"{lines} {failed} {state}"
    assert CANARY not in told
    assert base64.b64encode(CANARY.encode()).decode() not in told
