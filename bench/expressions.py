"""How long a rendering takes beside plain Jinja2, which bounds nothing. Prints one JSON object.

Times are CPU microseconds per rendering, the best of several rounds; `ratio` is ours over theirs.
Run: python -m bench.expressions
"""

from __future__ import annotations

import json
import time
import timeit
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, StrictUndefined

from attune_core.expressions.render import compile_condition, compile_value
from attune_core.expressions.scope import Scope

ROUNDS = 7
RECORDS = [{"name": f"host-{n}", "on": n % 2 == 0, "port": n} for n in range(100)]
SCOPE = Scope(
    vars={"url": "http://localhost", "records": RECORDS, "count": 3},
    parameters={"app_name": "shop", "version": "1.2.3", "environment": "production"},
    tasks={"deploy": {"status": "completed", "result": {"id": 7, "instances": RECORDS}}},
)
NAMES = {"vars": SCOPE.vars, "parameters": SCOPE.parameters, "task": SCOPE.tasks}

EXPRESSIONS = {
    "name": "vars.url",
    "path": "task.deploy.result.id",
    "compare": "parameters.environment == 'production'",
    "arithmetic": "vars.count * 2 + 1",
    "filters": "parameters.app_name | upper | replace('S', 's')",
    "default": "vars.missing | default('unknown')",
    "select": "vars.records | selectattr('on') | map(attribute='name') | list",
}
TEXTS = {
    "text": "Deployed {{ parameters.app_name }} v{{ parameters.version }} to {{ parameters.environment }}",
    "loop": "{% for r in vars.records %}{{ r.name }}:{{ r.port }} {% endfor %}",
}


def best(work: Callable[[], Any]) -> float:
    timer = timeit.Timer(work, timer=time.process_time)
    number, _ = timer.autorange()
    return min(timer.repeat(ROUNDS, max(1, number // 10))) / max(1, number // 10) * 1e6


def compare(ours: Callable[[], Any], theirs: Callable[[], Any]) -> dict[str, float]:
    mine, plain = best(ours), best(theirs)
    return {"attune_us": round(mine, 3), "jinja2_us": round(plain, 3), "ratio": round(mine / plain, 2)}


def figures() -> dict[str, dict[str, float]]:
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # text, not HTML
    report: dict[str, dict[str, float]] = {}
    for label, source in EXPRESSIONS.items():
        value, plain = compile_value("{{ " + source + " }}"), jinja.compile_expression(source)
        report[label] = compare(lambda v=value: v.render(SCOPE), lambda p=plain: p(NAMES))
    for label, source in TEXTS.items():
        value, template = compile_value(source), jinja.from_string(source)
        report[label] = compare(lambda v=value: v.render(SCOPE), lambda t=template: t.render(NAMES))
    condition, plain = compile_condition("vars.count > 2 and vars.url"), jinja.compile_expression("vars.count > 2")
    report["condition"] = compare(lambda: condition.test(SCOPE), lambda: plain(NAMES))
    return report


def main() -> None:
    print(json.dumps(figures(), indent=2))


if __name__ == "__main__":
    main()
