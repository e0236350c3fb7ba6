"""What the names in a template stand for during one rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from attune_core.expressions.failures import ExpressionError
from attune_core.expressions.limits import BEGIN_FUEL, DECISION_FUEL
from attune_core.expressions.secrets import Secret
from attune_core.model.record import record


class Missing:
    """The value of `item`, `index`, `result` or `error` where there is none (None is a real value)."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class FactsMissing(Exception):
    """A rendering needs facts that were not fetched. The caller fetches them and decides again.

    `tasks`: passes, as (task, iteration), whose result is needed. `kv`: datastore keys. `secrets`: keys of secrets.
    `items`: (task, iteration, first, count). `failed`: (task, iteration, first, until), items that did not succeed.
    """

    def __init__(
        self,
        *,
        tasks: frozenset[tuple[str, int]] = frozenset(),
        kv: frozenset[str] = frozenset(),
        items: frozenset[tuple[str, int, int, int]] = frozenset(),
        failed: frozenset[tuple[str, int, int, int]] = frozenset(),
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        missing = f"tasks={sorted(tasks)} kv={sorted(kv)} items={sorted(items)} failed={sorted(failed)}"
        missing += f" secrets={sorted(secrets)}"
        super().__init__(f"facts missing: {missing}")
        self.tasks = tasks
        self.kv = kv
        self.items = items
        self.failed = failed
        self.secrets = secrets

    @classmethod
    def together(cls, many: Iterable[FactsMissing]) -> FactsMissing:
        """All that is missing, so that one visit fetches it."""
        each = tuple(many)
        return cls(
            tasks=frozenset().union(*(one.tasks for one in each)),
            kv=frozenset().union(*(one.kv for one in each)),
            items=frozenset().union(*(one.items for one in each)),
            failed=frozenset().union(*(one.failed for one in each)),
            secrets=frozenset().union(*(one.secrets for one in each)),
        )


def _no_kv(key: str) -> Any:
    raise FactsMissing(kv=frozenset({key}))


def _no_secrets(key: str) -> Secret:
    raise ExpressionError(
        "Secrets cannot be read here",
        code="forbidden_secret",
        hint="kv.get_secret() works in the input of a task",
    )


class Meter:
    """What is left of the fuel of one decision, whose templates each have their own bound as well."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = DECISION_FUEL

    @property
    def low(self) -> bool:
        """Whether what can wait for another decision should."""
        return self.left < DECISION_FUEL - BEGIN_FUEL


@record
class Scope:
    """`tasks` gives, per task name, the mapping that `task.<name>` shows (lazily; it may raise FactsMissing).

    `kv(key)` returns the stored value, or MISSING when the key does not exist; it may raise FactsMissing.
    `secret(key)` returns the unopened secret, usually `Secret.of(key)`; it raises ExpressionError with the code
    `forbidden_secret` when the run's identity may not read it.
    `sealed`: there may be secrets in what is rendered.
    `now` is the decision's time, ISO 8601 UTC. `outcome` is the status of the finished task, for
    `succeeded()` and its kin without argument. `meter`: shared by the scopes of a decision.
    """

    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pack_config: Mapping[str, Any] = field(default_factory=dict)
    system: Mapping[str, Any] = field(default_factory=dict)
    kv: Callable[[str], Any] = _no_kv
    secret: Callable[[str], Secret] = _no_secrets
    sealed: bool = False
    item: Any = MISSING
    index: Any = MISSING
    result: Any = MISSING
    error: Any = MISSING
    outcome: str | None = None
    now: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    meter: Meter | None = None
