"""From a checked bundle to the rows that are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attune_common.store.actions import ActionRow
from attune_common.store.packs import PackRow
from attune_common.store.policies import PolicyRow
from attune_common.store.rules import RuleRow
from attune_common.store.sensors import SensorRow
from attune_common.store.triggers import TriggerRow
from attune_common.store.workflows import WorkflowRow
from attune_core.definition.compile import adjacency
from attune_core.definition.parse import ParsedWorkflow
from attune_core.model.action import ActionSpec, Runtime
from attune_core.packs.bundle import Bundle
from attune_core.packs.environments import effective
from attune_core.policies.spec import to_json


def workflow_row(workflow: ParsedWorkflow, *, from_pack: bool = True) -> WorkflowRow:
    return WorkflowRow(
        ref=workflow.ref,
        label=workflow.label,
        description=workflow.description,
        version=workflow.version,
        param_schema=workflow.parameters_schema,
        out_schema=workflow.output_schema,
        definition=workflow.definition,
        task_graph=adjacency(workflow.graph),
        digest=workflow.digest,
        tags=workflow.tags,
        from_pack=from_pack,
    )


def synthetic_action(workflow: WorkflowRow, definition: int, written: ActionSpec | None = None) -> ActionRow:
    """The action by which the workflow is invoked like any other; `written`: its action file, if it has one."""
    return ActionRow(
        ref=workflow.ref,
        label=written.label if written else workflow.label,
        description=written.description if written else workflow.description,
        runtime=Runtime.WORKFLOW.value,
        param_schema=workflow.param_schema,
        out_schema=workflow.out_schema,
        spec=dict(written.spec) if written else {},
        workflow_def=definition,
        enabled=written.enabled if written else True,
    )


def pack_row(bundle: Bundle, given: Mapping[str, Any], environment: str, source: Mapping[str, Any]) -> PackRow:
    """`given`: what somebody set in a version before; settings that are no more are forgotten."""
    manifest = bundle.manifest
    known = (manifest.conf_schema or {}).get("properties", {})
    kept = {name: value for name, value in given.items() if name in known}
    return PackRow(
        ref=manifest.ref,
        label=manifest.label,
        description=manifest.description,
        version=manifest.version,
        digest=bundle.digest,
        manifest=manifest.raw,
        conf_schema=manifest.conf_schema,
        config=effective(manifest.conf_schema, manifest.environments.get(environment, {}), kept),
        config_set=sorted(kept),
        environment=environment,
        environments=manifest.environments,
        source=source,
    )


def written_workflow(bundle: Bundle, ref: str) -> ActionSpec | None:
    """The action file of a workflow in two parts."""
    return next((action for action in bundle.actions if action.is_workflow and action.ref == ref), None)


def action_refs(bundle: Bundle) -> list[str]:
    """The refs of all actions that the bundle makes, synthetic ones too."""
    return sorted({action.ref for action in bundle.actions} | {workflow.ref for workflow in bundle.workflows})


def action_rows(bundle: Bundle) -> list[ActionRow]:
    """The actions that are no workflows."""
    return [
        ActionRow(
            ref=action.ref,
            label=action.label,
            description=action.description,
            runtime=action.runtime.value,
            entry_point=action.entry_point,
            param_schema=action.param_schema,
            out_schema=action.out_schema,
            spec=_spec(action),
            enabled=action.enabled,
        )
        for action in bundle.actions
        if not action.is_workflow
    ]


def _spec(action: ActionSpec) -> Mapping[str, Any]:
    """With the schema of its result: a job is all that the worker knows of the action."""
    return action.spec if action.out_schema is None else {**action.spec, "output_schema": action.out_schema}


def trigger_rows(bundle: Bundle) -> list[TriggerRow]:
    return [
        TriggerRow(
            ref=trigger.ref,
            label=trigger.label,
            description=trigger.description,
            kind=trigger.kind.value,
            param_schema=trigger.param_schema,
            payload_schema=trigger.payload_schema,
            spec=trigger.spec,
            webhook_key=trigger.webhook_key,
            enabled=trigger.enabled,
        )
        for trigger in bundle.triggers
    ]


def sensor_rows(bundle: Bundle) -> list[SensorRow]:
    return [
        SensorRow(
            ref=sensor.ref,
            label=sensor.label,
            description=sensor.description,
            runtime=sensor.runtime.value,
            entry_point=sensor.entry_point,
            spec={
                "poll": sensor.poll,
                "poll_timeout": sensor.poll_timeout,
                "triggers": list(sensor.triggers),
                "parameters": dict(sensor.parameters),
                "env": dict(sensor.env),
            },
            enabled=sensor.enabled,
        )
        for sensor in bundle.sensors
    ]


def policy_rows(bundle: Bundle) -> list[PolicyRow]:
    return [
        PolicyRow(
            ref=policy.ref,
            label=policy.label,
            description=policy.description,
            action_ref=policy.action_ref,
            limits=to_json(policy.limits),
            enabled=policy.enabled,
        )
        for policy in bundle.policies
    ]


def rule_rows(bundle: Bundle, owner: int | None) -> list[RuleRow]:
    return [
        RuleRow(
            ref=rule.ref,
            label=rule.label,
            description=rule.description,
            trigger_ref=rule.trigger_ref,
            action_ref=rule.action_ref,
            criteria=rule.criteria,
            trigger_params=rule.trigger_params,
            action_params=rule.action_params,
            owner=owner,
            enabled=rule.enabled,
            rate_limit=rule.rate_limit,
        )
        for rule in bundle.rules
    ]
