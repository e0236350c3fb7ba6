"""Structured logs on stderr: one line of JSON per event, or coloured text for people."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from attune_common.runtime import redaction, tracing
from attune_common.runtime.lean import without
from attune_common.runtime.settings import Settings

with without("rich"):  # 6 MB for tracebacks in colours, which nobody asks it for
    import structlog
    from structlog.contextvars import get_contextvars

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
_NOISY = ("aio_pika", "asyncio", "faststream", "httpcore2", "httpx2", "uvicorn.access")
_MUTE = ("aiormq.channel", "aiormq.connection")
"""The bus tells of connections itself. These would write whole messages into the log when one is lost."""


@dataclass(slots=True)
class _Lines:
    """Where lines may be written as they are; None while they are not JSON. `mute`: lines of `info` are not wanted."""

    handler: logging.StreamHandler[Any] | None = None
    mute: bool = False


_lines = _Lines()


def configure(settings: Settings, service: str) -> None:
    """Send structlog's and the standard library's records to stderr in the format of the settings; and spans to
    where the environment says."""
    tracing.configure(service)
    structlog.contextvars.bind_contextvars(service=service)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings.log_format == "json"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    _lines.handler = handler if settings.log_format == "json" else None
    _lines.mute = not root.isEnabledFor(logging.INFO)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _formatter(as_json: bool) -> logging.Formatter:
    plain = structlog.dev.plain_traceback
    last = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    )
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED, processors=[meta, structlog.processors.format_exc_info, _hide, last]
    )


def _hide(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return redaction.hidden(dict(event))


def request(logger: str, values: Mapping[str, Any]) -> None:
    """A line for an answered request: what `info("request", ...)` would write, at a tenth of its cost.

    Only the text under `path` is somebody else's, so only there secrets are looked for.
    """
    if wanted():
        lines(logger, [{"event": "request", **values, "path": redaction.hidden_text(values["path"])}])


def wanted() -> bool:
    """Whether lines of the level `info` are written at all."""
    return not _lines.mute


def lines(logger: str, told: Iterable[Mapping[str, Any]]) -> None:
    """What `info(event, ...)` would write for each, all at once, at a twentieth of its cost.

    No secrets are looked for: what is told must be nobody's text, or hidden already.
    """
    if _lines.handler is None:
        for line in told:
            get(logger).info(**line)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    shared = {**get_contextvars(), "logger": logger, "level": "info", "timestamp": now}
    text = b"".join(orjson.dumps({**line, **shared}, option=orjson.OPT_APPEND_NEWLINE) for line in told).decode()
    with contextlib.suppress(OSError, ValueError), _lines.handler.lock or contextlib.nullcontext():
        _lines.handler.stream.write(text)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger to call with an event name and values: `log.info("started", port=8080)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
