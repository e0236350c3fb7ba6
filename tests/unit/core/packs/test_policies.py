"""Policies in packs: what they say, and every way in which they are wrong."""

from __future__ import annotations

import pytest

from attune_core.model.policy import Backoff
from attune_core.packs.bundle import read_bundle
from attune_core.policies.spec import Concurrency, Limits, OnLimit, Per, RateLimit, RetryLimit
from tests.unit.core.packs.shop import files, problems
from tests.unit.docs.blocks import DOCS, blocks_of

FULL = """\
ref: shop.gentle
label: Gentle
action: shop.build
concurrency: {limit: 2, group_by: "{{ parameters.target }}"}
rate_limit: {limit: 10, per: minute, on_limit: refuse}
retry: {count: 3, delay: 1.5, backoff: linear, on_error: error.type == "x"}
"""


def test_a_policy_says_three_things() -> None:
    (policy,) = read_bundle(files(policies__gentle=FULL)).policies
    assert (policy.ref, policy.action_ref, policy.enabled) == ("shop.gentle", "shop.build", True)
    assert policy.limits == Limits(
        Concurrency(2, "{{ parameters.target }}"),
        RateLimit(10, Per.MINUTE, None, OnLimit.REFUSE),
        RetryLimit(3, 1.5, Backoff.LINEAR, on_error='error.type == "x"'),
    )


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("action: shop.build\n", ""), "missing_key", 1),
        (("action: shop.build", "action: other.build"), "foreign_ref", 3),
        (("action: shop.build", "action: shop.biuld"), "unknown_action", 3),
        (("limit: 2", "limit: 0"), "out_of_range", 4),
        (("limit: 2, ", ""), "missing_key", 4),
        (('"{{ parameters.target }}"', "target"), "wrong_type", 4),
        (("parameters.target", "parameters.tarjet"), "unknown_parameter", 4),
        (("parameters.target", "vars.target"), "unknown_scope", 4),
        (("per: minute", "per: day"), "unknown_value", 5),
        (("on_limit: refuse", "on_limit: drop"), "unknown_value", 5),
        (("count: 3, ", ""), "missing_key", 6),
        (('error.type == "x"', "error.type =="), "template_syntax", 6),
        (("concurrency:", "concurency:"), "unknown_key", 4),
    ],
)
def test_what_is_wrong(change: tuple[str, str], code: str, line: int) -> None:
    found = problems(files(policies__gentle=FULL.replace(*change)))
    assert [(problem.code, problem.line) for problem in found] == [(code, line)]


def test_a_policy_that_says_nothing() -> None:
    found = problems(files(policies__gentle="ref: shop.gentle\naction: shop.build\n"))
    assert [problem.code for problem in found] == ["missing_key"]


@pytest.mark.parametrize("text", [b.text for b in blocks_of(DOCS / "reference/policies.md") if b.kind == "policy"])
def test_the_examples_of_the_reference(text: str) -> None:
    written = {"pack.yaml": b"ref: shop\n", "policies/p.yaml": text.encode()}
    for name in ("deploy", "call"):
        written[f"actions/{name}.yaml"] = f"ref: shop.{name}\nruntime: native\n".encode()
    bundle = read_bundle(written)
    assert (len(bundle.policies), bundle.warnings) == (1, ())
