"""Structured logs on stderr: one line of JSON per event, or coloured text for people."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from attune_common.runtime.settings import Settings

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


def configure(settings: Settings, service: str) -> None:
    """Send structlog's and the standard library's records to stderr in the format of the settings."""
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
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _formatter(as_json: bool) -> logging.Formatter:
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger to call with an event name and values: `log.info("started", port=8080)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
