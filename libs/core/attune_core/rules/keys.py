"""Every key of a rule's criteria: the tables that the parser and the JSON Schema are made from."""

from __future__ import annotations

from typing import Final

from attune_core.model.keys import ANYTHING, TEXT, Key, Keys, choice, part, some
from attune_core.rules.operators import NAMES

CONDITIONS: Final = ("any", "all")
GROUPS: Final[Keys] = {
    "all": Key(some(part("criteria")), "All of these must hold."),
    "any": Key(some(part("criteria")), "One of these must hold."),
    "not": Key(part("criteria"), "This must not hold."),
}
TEST: Final[Keys] = {
    "path": Key(TEXT, "Where to look, such as `event.payload.status`.", required=True),
    "operator": Key(choice(sorted(NAMES)), "How to compare; `equals` when absent."),
    "value": Key(ANYTHING, "What to compare with; `search` takes criteria over `item`."),
    "condition": Key(choice(CONDITIONS), "With `search`: whether `any` (default) or `all` elements must hold."),
}
