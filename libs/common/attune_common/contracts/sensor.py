"""What sensor services and the API say to each other, over HTTP: leases, starts, events, logs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MOST_EVENTS = 500
MOST_LINES = 500
MOST_HELD = 1_000
LEASE_LOST = "lease_lost"
"""The code of every refusal to somebody whose token is not current: stop that sensor."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Token = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Status = Literal["starting", "running", "backoff", "stopping"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Held(_Said):
    """A sensor that the service runs. `reported` counts its failures under this token, `failures` those in a row.

    `retry`: seconds until it is started again.
    """

    token: Token
    status: Status
    started_at: AwareDatetime | None = None
    failures: int = Field(0, ge=0, le=1_000_000_000, strict=True)
    reported: int = Field(0, ge=0, le=1_000_000_000, strict=True)
    error: dict[str, Any] | None = None
    retry: Annotated[float, Field(ge=0, le=86_400, strict=True)] | None = None


class LeaseRequest(_Said):
    """Sent every few seconds. `released`: tokens of sensors that this service has stopped for good."""

    service: Name
    slots: int = Field(ge=0, le=MOST_HELD, strict=True)
    held: list[Held] = Field(default_factory=list, max_length=MOST_HELD)
    released: list[Token] = Field(default_factory=list, max_length=MOST_HELD)
    stopping: bool = False


class Grant(BaseModel):
    """`revision` changes whenever the sensor has to be started again. `token` proves that it is held.

    `tenure` changes when another service held it in between: what was said before that is out of date.
    """

    ref: str
    token: str
    revision: str
    tenure: int = 0


class LeaseAnswer(BaseModel):
    """What the service is to run for `lease_seconds` from when it asked. `release`: tokens that it is to give back."""

    lease_seconds: float
    sensors: list[Grant]
    release: list[str]


class StartRequest(_Said):
    token: Token


class Start(BaseModel):
    """Everything that is needed to start a sensor. `state`: what it saved last. `problem`: why it cannot start.

    `hide`: texts that must not stand in what it prints.
    """

    ref: str
    revision: str
    pack_ref: str
    pack_digest: str
    runtime: str
    entry_point: str
    poll: float | None
    poll_timeout: float | None = None
    triggers: list[str]
    parameters: dict[str, Any]
    env: dict[str, str]
    state: Any
    hide: list[str] = Field(default_factory=list)
    problem: dict[str, Any] | None = None


class Emitted(_Said):
    """`key`: of events with the same key only the first counts."""

    trigger: str = Field(min_length=1, max_length=255)
    payload: Any = Field(default_factory=dict)
    key: str = Field(min_length=1, max_length=300, pattern=r"^[^\x00]+$")


class Saved(_Said):
    value: Any = None


class EmitRequest(_Said):
    """In one transaction: the events, and then the state when one is given."""

    token: Token
    events: list[Emitted] = Field(max_length=MOST_EVENTS)
    state: Saved | None = None


class Verdict(BaseModel):
    """On one event: its id, or `error` (`{code, message}`). `repeated`: the key was there already."""

    event: int | None = None
    repeated: bool = False
    error: dict[str, Any] | None = None


class EmitAnswer(BaseModel):
    verdicts: list[Verdict]


class Line(_Said):
    stream: Literal["stdout", "stderr", "system"]
    time: datetime
    line: str = Field(max_length=100_000)


class LogRequest(_Said):
    token: Token
    lines: list[Line] = Field(max_length=MOST_LINES)
