"""Each sender's published scheme: what it signs, with which header; and that nothing else passes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from attune_core.webhooks import signatures, tokens
from attune_core.webhooks.delivery import Delivery, Proof, Verifier
from attune_core.webhooks.schemes import Dedup, Scheme, dedup_of, scheme_of, verifier_of

NOW = 1_700_000_000.0
SECRET, OTHER, BODY = b"first", b"second", b'{"a": 1}'


def _hex(secret: bytes, text: bytes) -> str:
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


def _delivery(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> Delivery:
    return Delivery(headers, body, now)


def attune(secret: bytes = SECRET, at: int = int(NOW), body: bytes = BODY) -> dict[str, str]:
    return {"x-attune-signature": signatures.sign(secret, at, body)}


def stripe(secret: bytes = SECRET, at: int = int(NOW), body: bytes = BODY) -> dict[str, str]:
    return {"stripe-signature": f"t={at},v1={_hex(secret, f'{at}.'.encode() + body)},v0={'0' * 64}"}


def slack(secret: bytes = SECRET, at: int = int(NOW), body: bytes = BODY) -> dict[str, str]:
    digest = _hex(secret, f"v0:{at}:".encode() + body)
    return {"x-slack-signature": f"v0={digest}", "x-slack-request-timestamp": str(at)}


def github(secret: bytes = SECRET, at: int = 0, body: bytes = BODY) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={_hex(secret, body)}"}


def gitlab(secret: bytes = SECRET, at: int = 0, body: bytes = BODY) -> dict[str, str]:
    return {"x-gitlab-token": secret.decode()}


def token(secret: bytes = SECRET, at: int = 0, body: bytes = BODY) -> dict[str, str]:
    return {"x-attune-token": secret.decode()}


Headers = Callable[..., dict[str, str]]
ALL: list[tuple[Verifier, Headers]] = [
    (signatures.attune, attune),
    (signatures.stripe, stripe),
    (signatures.slack, slack),
    (signatures.github, github),
    (tokens.gitlab, gitlab),
    (tokens.in_header("X-Attune-Token"), token),
]
SIGNED, TIMED = ALL[:4], ALL[:3]


@pytest.mark.parametrize(("verify", "headers"), ALL)
def test_the_right_one_fits_and_either_secret_during_rotation(verify: Verifier, headers: Headers) -> None:
    assert verify(_delivery(headers()), [SECRET]) is not None
    assert verify(_delivery(headers(OTHER)), [SECRET, OTHER]) is not None
    assert verify(_delivery(headers(OTHER)), [SECRET]) is None


@pytest.mark.parametrize(("verify", "headers"), ALL)
def test_without_its_header_nobody_passes(verify: Verifier, headers: Headers) -> None:
    assert verify(_delivery({}), [SECRET]) is None
    assert verify(_delivery(dict.fromkeys(headers(), "")), [SECRET]) is None
    assert verify(_delivery(dict.fromkeys(headers(), "," * 5000)), [SECRET]) is None
    assert verify(_delivery(dict.fromkeys(headers(), "\u00e4\u0661")), [SECRET]) is None


@pytest.mark.parametrize(("verify", "headers"), SIGNED)
def test_a_changed_body_does_not_fit(verify: Verifier, headers: Headers) -> None:
    assert verify(_delivery(headers(), body=BODY + b" "), [SECRET]) is None


@pytest.mark.parametrize(("verify", "headers"), TIMED)
def test_the_time_is_part_of_it(verify: Verifier, headers: Headers) -> None:
    for offset in (-300, 300):
        proof = verify(_delivery(headers(at=int(NOW) + offset)), [SECRET])
        assert proof is not None
        assert proof.until == NOW + offset + 300
    for offset in (-301, 301, -(10**9)):
        assert verify(_delivery(headers(at=int(NOW) + offset)), [SECRET]) is None


@pytest.mark.parametrize(("verify", "headers"), SIGNED)
def test_the_signature_is_what_an_honest_sender_sends_once(verify: Verifier, headers: Headers) -> None:
    first, other = (verify(_delivery(headers(body=body), body), [SECRET]) for body in (b"1", b"2"))
    assert first is not None
    assert other is not None
    assert len(first.nonce) == 64
    assert first.nonce != other.nonce


def test_the_example_of_github() -> None:
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    proof = signatures.github(_delivery(headers, b"Hello, World!"), [b"It's a Secret to Everybody"])
    assert proof is not None
    assert proof.until is None


def test_the_example_of_slack() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    assert signatures.slack(_delivery(headers, body, 1531420618), [b"8f742231b10e8888abcd99yyyzzz85a5"]) is not None


def test_stripe_sends_a_signature_for_each_secret_while_it_changes() -> None:
    header = stripe(OTHER)["stripe-signature"] + "," + stripe()["stripe-signature"].split(",")[1]
    assert signatures.stripe(_delivery({"stripe-signature": header}), [SECRET]) is not None


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "t=,v1=",
        attune()["x-attune-signature"].replace("v1=", "v0="),
        attune()["x-attune-signature"].partition(",")[2],
        "t=1,t=2," + attune()["x-attune-signature"].partition(",")[2],
        attune()["x-attune-signature"][:-1],
        attune()["x-attune-signature"] + "0",
        attune()["x-attune-signature"].replace("t=", "t=-"),
        attune()["x-attune-signature"].replace("t=", "t=0x"),
        "t=" + "9" * 400 + ",v1=" + "0" * 64,
    ],
)
def test_headers_that_are_not_quite_right(header: str) -> None:
    assert signatures.attune(_delivery({"x-attune-signature": header}), [SECRET]) is None


def test_a_token_may_come_as_a_bearer_or_in_a_header_of_its_own() -> None:
    verify = tokens.in_header("X-Api-Key")
    assert verify(_delivery({"authorization": "Bearer first"}), [SECRET]) == Proof()
    assert verify(_delivery({"x-api-key": "first"}), [SECRET]) == Proof()
    assert verify(_delivery({"authorization": "Basic first"}), [SECRET]) is None
    assert verify(_delivery({"x-api-key": "wrong", "authorization": "Bearer first"}), [SECRET]) is None


@pytest.mark.parametrize("scheme", list(Scheme))
def test_every_scheme_has_a_verifier(scheme: Scheme) -> None:
    webhook = {"signature": scheme.value}
    assert scheme_of(webhook) is scheme
    assert verifier_of(webhook)(_delivery({}), [SECRET]) is None


def test_a_scheme_of_a_newer_version_accepts_what_is_safe() -> None:
    assert scheme_of({"signature": "quantum"}) is Scheme.ATTUNE
    assert scheme_of({}) is Scheme.ATTUNE


@pytest.mark.parametrize(
    ("webhook", "where"),
    [
        ({"signature": "github"}, Dedup(header="x-github-delivery")),
        ({"signature": "stripe"}, Dedup(path="id")),
        ({"signature": "attune"}, Dedup()),
        ({"signature": "attune", "dedup": {"header": "X-Request-Id"}}, Dedup(header="x-request-id")),
        ({"signature": "github", "dedup": {"path": "head.id"}}, Dedup(path="head.id")),
    ],
)
def test_where_the_number_of_a_delivery_stands(webhook: dict[str, Any], where: Dedup) -> None:
    assert dedup_of(webhook) == where
