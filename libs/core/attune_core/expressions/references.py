"""Which names a template reads, found without rendering it: so that the shell can fetch them ahead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class References:
    """`task_results` are the tasks whose `result` or `items` is read; `kv_keys` the literal keys of `kv.get`.

    `uses_item`: `item` or `index` is named; `uses_result`: the finished task's own `result`.
    A key computed at run time is not listed: rendering then raises `FactsMissing`, and the decision is made
    again with the fact at hand.
    """

    tasks: frozenset[str] = frozenset()
    task_results: frozenset[str] = frozenset()
    vars: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    kv_keys: frozenset[str] = frozenset()
    secret_keys: frozenset[str] = frozenset()
    uses_item: bool = False
    uses_result: bool = False

    def __or__(self, other: References) -> References:
        return References(
            self.tasks | other.tasks,
            self.task_results | other.task_results,
            self.vars | other.vars,
            self.parameters | other.parameters,
            self.kv_keys | other.kv_keys,
            self.secret_keys | other.secret_keys,
            self.uses_item or other.uses_item,
            self.uses_result or other.uses_result,
        )


NOTHING = References()
