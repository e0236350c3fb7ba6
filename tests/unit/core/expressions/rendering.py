"""Short ways to render a template and to look at how it fails."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.expressions.render import ExpressionError, compile_value
from attune_core.expressions.scope import Scope

EXTRA = frozenset({"event", "trigger"})


def rendered(source: Any, **scope: Any) -> Any:
    """The value of a template (or of JSON with templates) over a scope."""
    return compile_value(source, EXTRA).render(Scope(**scope))


def evaluated(expression: str, **variables: Any) -> Any:
    """The value of a bare expression; the keywords are `vars`."""
    return rendered("{{ " + expression + " }}", vars=variables)


def failure(source: Any, **scope: Any) -> ExpressionError:
    """The error of compiling or rendering."""
    with pytest.raises(ExpressionError) as caught:
        rendered(source, **scope)
    return caught.value


def refusal(source: Any) -> ExpressionError:
    """The error of compiling."""
    with pytest.raises(ExpressionError) as caught:
        compile_value(source, EXTRA)
    return caught.value
