"""All static checks of a workflow in one place; what they find goes to the findings of the draft."""

from __future__ import annotations

from attune_core.definition.check_actions import check_actions, check_output
from attune_core.definition.check_flow import check_flow
from attune_core.definition.check_joins import check_joins
from attune_core.definition.check_names import check_names
from attune_core.definition.known import Known
from attune_core.definition.workflow import Draft


def check_draft(draft: Draft, known: Known | None = None) -> None:
    """`known` None: nothing is said about actions."""
    check_names(draft)
    check_flow(draft)
    check_joins(draft)
    check_actions(draft, known)
    check_output(draft)
