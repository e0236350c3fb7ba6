"""Compiles the templates of a definition and remembers where each stands and what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path
from attune_core.definition.fields import Fields, number, without_dashes
from attune_core.definition.findings import Findings
from attune_core.definition.limits import MAX_CODE, MAX_SECONDS, MAX_TEMPLATES
from attune_core.expressions.references import References
from attune_core.expressions.render import (
    Condition,
    ExpressionError,
    Value,
    compile_condition,
    compile_value,
)


class Stage(Enum):
    """When a template is rendered: it decides which names mean something there."""

    RUN = auto()
    """At the start or the end of the run."""
    START = auto()
    """When the task starts: no item yet."""
    ITEM = auto()
    """When the task, or one item of it, starts."""
    ATTEMPT = auto()
    """When an attempt ended: item, result and error."""
    FINISH = auto()
    """When the task finished: result and error."""


@dataclass(frozen=True, slots=True)
class Use:
    """A compiled template. `raw` is what was written; `task` the task it belongs to, if any."""

    path: Path
    stage: Stage
    raw: Any
    reads: References
    task: str | None
    is_condition: bool


class Templates:
    """Gives compiled values and conditions; what does not compile becomes a finding at its own scalar."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.uses: list[Use] = []
        self.task: str | None = None
        self._counted = self._code = 0
        self._refused = False

    def value(self, raw: Any, path: Path, stage: Stage) -> Value:
        """Any JSON. What cannot be compiled counts as null, the finding stops the definition."""
        if self.findings.full or not self._count(raw, path):
            return compile_value(None)
        try:
            compiled = compile_value(raw)
        except ExpressionError as error:
            self._locate(raw, path, error)
            return compile_value(None)
        self.uses.append(Use(path, stage, raw, compiled.reads, self.task, False))
        return compiled

    def condition(self, raw: Any, path: Path, stage: Stage) -> Condition | None:
        """A text, or true and false as they are."""
        if raw is None:
            return None
        if not isinstance(raw, str | bool):
            hint = 'write "{{ expression }}" in quotes'
            self.findings.error(path, "wrong_type", f"a condition must be text, not {kind_of(raw)}", hint)
            return None
        text = str(raw).lower() if isinstance(raw, bool) else raw
        if not self._charge(1, len(text), path):
            return None
        try:
            compiled = compile_condition(text)
        except ExpressionError as error:
            self.findings.error(path, error.code, error.message, error.hint)
            return None
        self.uses.append(Use(path, stage, text, compiled.reads, self.task, True))
        return compiled

    def seconds(self, raw: Any, path: Path, stage: Stage, *, above_zero: bool = False) -> Value | None:
        """A duration: a number in range or a template."""
        if raw is None:
            return None
        if has_template(raw):
            return self.value(raw, path, stage)
        found = number(raw, path, self.findings, low=0, high=MAX_SECONDS, above_low=above_zero)
        return None if found is None else self.value(found, path, stage)

    def map_of(self, fields: Fields, key: str, stage: Stage) -> Value | None:
        """A map with templates, or one template that gives a map."""
        raw = fields.get(key)
        if raw is None:
            return None
        if not isinstance(raw, Mapping) and not is_one_template(raw):
            fields.wrong(key, "a map or one template that gives a map", without_dashes(raw, fields.at(key)))
            return None
        return self.value(raw, fields.at(key), stage)

    def _count(self, raw: Any, path: Path) -> bool:
        written = [text for _, text in texts(raw, ()) if has_template(text)]
        return self._charge(len(written), sum(map(_code_length, written)), path)

    def _charge(self, templates: int, code: int, path: Path) -> bool:
        """Whether there may be so many templates, and so much in them: reading them is what a check costs."""
        self._counted += templates
        self._code += code
        if (self._counted > MAX_TEMPLATES or self._code > MAX_CODE) and not self._refused:
            message = f"a workflow has at most {MAX_TEMPLATES:,} templates with {MAX_CODE:,} characters in all"
            hint = "move a part of it into a workflow of its own"
            self.findings.error(path, "too_many_templates", message, hint)
            self._refused = True
        return not self._refused

    def _locate(self, raw: Any, path: Path, error: ExpressionError) -> None:
        """Report each text in the value that does not compile, at its own place."""
        before = self.findings.errors
        for leaf_path, text in texts(raw, path):
            if self.findings.full:
                return
            try:
                compile_value(text)
            except ExpressionError as found:
                self.findings.error(leaf_path, found.code, found.message, found.hint)
        if self.findings.errors == before:
            self.findings.error(path, error.code, error.message, error.hint)


def has_template(raw: Any) -> bool:
    """Whether it is a text with a template in it."""
    return isinstance(raw, str) and ("{{" in raw or "{%" in raw)


def _code_length(text: str) -> int:
    """From the first brace to the last: no more than this has to be read with care."""
    return text.rfind("}") + 1 - text.find("{")


def is_one_template(raw: Any) -> bool:
    """Whether it is a text that can be one `{{ expression }}` and so give any JSON."""
    return isinstance(raw, str) and raw.strip().startswith("{{") and raw.strip().endswith("}}")


def holds_template(raw: Any) -> bool:
    """Whether any text inside the value has a template."""
    return any(has_template(text) for _, text in texts(raw, ()))


def texts(raw: Any, path: Path) -> list[tuple[Path, str]]:
    """The texts inside a value, with their paths; keys of maps are not values."""
    found: list[tuple[Path, str]] = []
    pending: list[tuple[Path, Any]] = [(path, raw)]
    while pending:
        at, value = pending.pop()
        if isinstance(value, str):
            found.append((at, value))
        elif isinstance(value, Mapping):
            pending += [((*at, key), part) for key, part in reversed(list(value.items()))]
        elif isinstance(value, list):
            pending += [((*at, index), value[index]) for index in reversed(range(len(value)))]
    return found
