"""What the sensor service starts for a Python sensor: `sensor_runner.py FILE [CLASS]`.

It speaks the protocol of docs/reference/sensors.md: JSON lines on stdin and on the descriptor ATTUNE_SENSOR_FD.
"""

from __future__ import annotations

import json
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from attune_sdk.sensors import Receipt, Sensor

_SDK = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_LONGEST_LINE = 1024 * 1024


def main(arguments: list[str]) -> int:
    """The exit status: 0 when it was told to stop, 1 when the sensor failed."""
    file, name = arguments[0], (arguments[1] if len(arguments) > 1 else "")
    sys.path[:0] = [folder for folder in _folders(file) if folder not in sys.path]
    sys.argv = [file]
    kind = _choose(_load(file), name)
    line = Platform(sys.stdin.fileno(), int(os.environ["ATTUNE_SENSOR_FD"]))
    start = line.read_start()
    sensor = kind(start["parameters"], start["state"], line.send)
    line.serve(sensor)
    try:
        sensor.setup()
        line.tell({"type": "ready"})
        _work(sensor, line, start["poll"])
    finally:
        sensor.teardown()
    return 0


class Platform:
    """The other side of the pipes. One thread reads; any thread may send."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = lines_of(incoming), outgoing
        self._lock = threading.Lock()
        self._receipts: dict[int, Receipt] = {}
        self._numbers = 0
        self.polls = threading.Semaphore(0)

    def read_start(self) -> dict[str, Any]:
        start: dict[str, Any] = json.loads(next(self._incoming))
        return start

    def send(self, message: dict[str, Any], receipt: Receipt | None) -> None:
        from attune_sdk.results import encode
        from attune_sdk.sensors import EmitRefused

        if receipt is None:
            self.tell(message)
            return
        with self._lock:
            self._numbers += 1
            number = self._numbers
        line = encode({**message, "id": number}) + b"\n"
        if len(line) > _LONGEST_LINE:
            receipt.settle(None, EmitRefused("too_long", f"with {len(line):,} bytes it is above {_LONGEST_LINE:,}"))
            return
        self._receipts[number] = receipt
        self._write(line)

    def tell(self, message: dict[str, Any]) -> None:
        from attune_sdk.results import encode

        self._write(encode(message) + b"\n")

    def _write(self, line: bytes) -> None:
        with self._lock:
            view = memoryview(line)
            while view:
                view = view[os.write(self._outgoing, view) :]

    def serve(self, sensor: Sensor) -> None:
        """Hear the platform, in a thread that ends with the process."""
        threading.Thread(target=self._hear, args=(sensor,), daemon=True).start()

    def _hear(self, sensor: Sensor) -> None:
        for line in self._incoming:
            message = json.loads(line)
            kind = message.get("type")
            if kind == "poll":
                self.polls.release()
            elif kind in ("ack", "nack"):
                self._settle(message)
            elif kind == "stop":
                break
        sensor.stop()
        self.polls.release()

    def _settle(self, message: dict[str, Any]) -> None:
        from attune_sdk.sensors import EmitRefused

        receipt = self._receipts.pop(int(message.get("id", 0)), None)
        if receipt is None:
            return
        error = message.get("error")
        refused = EmitRefused(error.get("code", ""), error.get("message", "")) if error else None
        receipt.settle(message.get("event"), refused)


def lines_of(descriptor: int) -> Iterator[bytes]:
    """Lines of a descriptor, unbuffered: a thread that waits in a buffered stream keeps Python from ending well."""
    held = b""
    while chunk := os.read(descriptor, 65_536):
        *lines, held = (held + chunk).split(b"\n")
        yield from lines


def _folders(file: str) -> list[str]:
    folders = [os.path.dirname(os.path.abspath(file)), _SDK]
    pack = os.environ.get("ATTUNE_PACK_DIR")
    if pack and os.path.isdir(os.path.join(pack, "lib")):
        folders.insert(1, os.path.join(pack, "lib"))
    return folders


def _load(file: str) -> dict[str, object]:
    with open(file, "rb") as stream:
        source = stream.read()
    module = type(sys)("attune_sensor_file")
    module.__file__ = file
    sys.modules[module.__name__] = module
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 (the pack's file is what runs here)
    return module.__dict__


def _choose(namespace: dict[str, object], name: str) -> type[Sensor]:
    from attune_sdk.sensors import Sensor

    own = [
        value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, Sensor) and value.__module__ == "attune_sensor_file"
    ]
    found = [kind for kind in own if name in ("", kind.__name__)]
    if len(found) != 1:
        wanted = f"class {name!r}" if name else "one class that is a Sensor"
        raise SystemExit(f"the file has not {wanted}, but {[kind.__name__ for kind in own]}: name it, file.py:Class")
    return found[0]


def _work(sensor: Sensor, line: Platform, poll: float | None) -> None:
    run, ask = getattr(sensor, "run", None), getattr(sensor, "poll", None)
    if poll is None:
        if run is None:
            raise SystemExit("the sensor has no `run`; if it has `poll`, its file must say how often: `poll: 30`")
        _call(run)
        if not sensor.stopping.is_set():
            raise SystemExit("`run` ended although nobody asked it to")
        return
    if ask is None:
        raise SystemExit("the sensor's file has `poll`, but its class has no method `poll`")
    while True:
        line.polls.acquire()
        if sensor.stopping.is_set():
            return
        _call(ask)
        line.tell({"type": "done"})


def _call(function: Any) -> None:
    result = function()
    if hasattr(result, "__await__"):
        import asyncio

        async def whole() -> None:
            await result

        asyncio.run(whole())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
