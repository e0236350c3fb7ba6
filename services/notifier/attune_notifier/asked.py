"""What a client says over its WebSocket: subscribe, unsubscribe, ping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams

from attune_notifier.wishes import Wish, patterns, statuses

MAIN = "main"


class BadMessage(Exception):
    """What was said is not understood. `message` is a sentence."""

    def __init__(self, message: str, subscription: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.subscription = subscription


@dataclass(frozen=True, slots=True)
class Asked:
    """`after`: the id of the last entry that the client has of this subscription."""

    name: str
    wish: Wish
    after: str = ""


Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Word = Annotated[str, Field(max_length=255)]
Words = Annotated[list[Word], Field(max_length=50)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    subscribe: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    unsubscribe: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    ping: bool | int | str | None = None
    execution: Id | None = None
    workflow_execution: Id | None = None
    kinds: Words = Field(default_factory=list)
    types: Words = Field(default_factory=list)
    ref: Word = ""
    pack: Word = ""
    status: Words = Field(default_factory=list)
    trace_id: Word = ""
    after: Word = ""


def read_message(text: str) -> Asked | str | None:
    """A subscription that is asked for, the name of one to be ended, or None for a ping. Errors: BadMessage."""
    try:
        message = _Message.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadMessage(f"{place or 'the message'}: {first['msg']}") from problem
    if message.unsubscribe is not None:
        return message.unsubscribe
    if message.subscribe is not None:
        return _asked(message.subscribe, message)
    if message.ping is None:
        raise BadMessage('say {"subscribe": NAME, ...}, {"unsubscribe": NAME} or {"ping": 1}')
    return None


def read_query(query: QueryParams) -> Asked | None:
    """A subscription by the address, as of the stream of server-sent events; None without any parameter."""
    items = [item for item in query.multi_items() if item[0] != "ticket"]
    if not items:
        return None
    numbers = {"execution", "workflow_execution"}
    lists = {"kind": "kinds", "type": "types", "status": "status"}
    given: dict[str, object] = {}
    for name, value in items:
        if name in lists:
            given.setdefault(lists[name], []).append(value)  # type: ignore[attr-defined]
        else:
            given[name] = int(value) if name in numbers and value.isdecimal() else value
    try:
        return _asked(MAIN, _Message.model_validate({"subscribe": MAIN, **given}))
    except ValidationError as problem:
        first = problem.errors()[0]
        raise BadMessage(f"query.{'.'.join(map(str, first['loc']))}: {first['msg']}", MAIN) from problem


def _asked(name: str, message: _Message) -> Asked:
    try:
        types = patterns(message.kinds, message.types)
    except ValueError as unknown:
        raise BadMessage(str(unknown), name) from unknown
    wish = Wish(
        message.execution, message.workflow_execution, types, message.ref, message.pack, statuses(message.status),
        message.trace_id,
    )  # fmt: skip
    return Asked(name, wish, message.after)
