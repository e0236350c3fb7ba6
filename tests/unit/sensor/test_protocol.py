"""Lines of sensors: what they mean, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attune_sensor.protocol import LONGEST_LINE, TOO_LONG, BadLine, PollDone, Ready, Said, read_line


def line(**message: Any) -> bytes:
    return json.dumps(message).encode()


def test_an_event() -> None:
    said = read_line(line(type="event", trigger="seen", payload={"n": 1}, key="k", id=3), "watch")
    assert isinstance(said, Said)
    assert said.event is not None
    assert (said.event.trigger, said.event.payload, said.event.key) == ("watch.seen", {"n": 1}, "key:k")
    assert (said.state, said.id) == (None, 3)


def test_an_event_with_a_state_and_a_ref() -> None:
    said = read_line(line(type="event", trigger="other.seen", state=None), "watch")
    assert isinstance(said, Said)
    assert said.event is not None
    assert (said.event.trigger, said.event.payload) == ("other.seen", {})
    assert said.state is not None
    assert said.state.value is None


def test_without_a_key_each_event_has_its_own() -> None:
    keys = set()
    for _ in range(3):
        said = read_line(line(type="event", trigger="seen"), "watch")
        assert isinstance(said, Said)
        assert said.event is not None
        keys.add(said.event.key)
    assert len(keys) == 3


def test_the_rest() -> None:
    assert read_line(line(type="ready"), "p") == Ready()
    assert read_line(line(type="done"), "p") == PollDone()
    said = read_line(line(type="state", value=[1]), "p")
    assert isinstance(said, Said)
    assert said.event is None
    assert said.state is not None
    assert said.state.value == [1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "no JSON object"),
        (b'"x"', "no JSON object"),
        (b"[" * 5000, "no JSON"),
        (line(type="evnt"), "'evnt'"),
        (line(), "None"),
        (line(type="event"), "trigger"),
        (line(type="event", trigger=""), "trigger"),
        (line(type="event", trigger=5), "trigger"),
        (line(type="event", trigger="x" * 300), "trigger"),
        (line(type="event", trigger="a", key=["x"]), "key"),
        (line(type="event", trigger="a", key=True), "key"),
        (line(type="event", trigger="a", key="x" * 300), "key"),
        (line(type="event", trigger="a", id="seven"), "id"),
        (b'{"type": "event", "trigger": "a", "payload": 1e400}', "no JSON"),
        (TOO_LONG, f"{LONGEST_LINE:,}"),
        (b'{"type": "event", "trigger": "a", "payload": ' + b'{"a":' * 500 + b"1" + b"}" * 501, "deeper than 100"),
        (line(type="event", trigger="a", payload={"x": 2**63}), "$.payload.x"),
        (line(type="state", value="\0"), "NUL"),
    ],
)
def test_bad_lines(given: bytes, told: str) -> None:
    with pytest.raises(BadLine) as bad:
        read_line(given, "watch")
    assert told in bad.value.message


def test_a_bad_line_keeps_its_number() -> None:
    with pytest.raises(BadLine) as bad:
        read_line(line(type="event", id=9), "watch")
    assert bad.value.id == 9
    with pytest.raises(BadLine) as bad:
        read_line(line(type="event", trigger="a", payload="\0", id=9), "watch")
    assert bad.value.id == 9
