"""Prometheus metrics, all named `attune_*`. Asking twice for a name gives the same metric."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class _Known:
    """Finds the part of known labels without a lock and a copy: it is asked for with every task."""

    _metrics: dict[Any, Any]

    def labels(self, *values: Any, **named: Any) -> Any:
        known = None if named else self._metrics.get(values)
        return super().labels(*values, **named) if known is None else known  # type: ignore[misc]


class _Counter(_Known, Counter): ...


class _Histogram(_Known, Histogram): ...


@cache
def counter(name: str, text: str, *labels: str) -> Counter:
    """`name` without the prefix, ending in what is counted: `outbox_published_total`."""
    return _Counter(f"attune_{name}", text, labels)


@cache
def gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"attune_{name}", text, labels)


@cache
def _histogram(name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
    return _Histogram(f"attune_{name}", text, labels, buckets=buckets)


def histogram(name: str, text: str, *labels: str, buckets: Sequence[float] = SECONDS) -> Histogram:
    """`buckets`: SECONDS for durations, SIZES for batches."""
    return _histogram(name, text, labels, tuple(buckets))


def render() -> tuple[str, bytes]:
    """(content type, body) of a scrape."""
    return CONTENT_TYPE_LATEST, generate_latest(REGISTRY)
