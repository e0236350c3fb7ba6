"""Logins at an identity provider that is a process of its own and really signs."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from tests.integration.api.conftest import ADMIN, MASTER_KEY, Clients
from tests.support.oidc_server import SERVICE, Running, oidc_server

from attune_api.app import create_app
from attune_api.context import Context
from attune_api.oidc import provider as providers
from attune_common.bus.memory import MemoryBus
from attune_common.runtime.settings import Settings
from attune_common.store.store import Store
from attune_core.errors import AttuneError

ADA = {"sub": "u-1", "preferred_username": "ada", "name": "Ada", "groups": ["staff", "devs"]}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with oidc_server(tmp_path_factory.mktemp("oidc")) as running:
        yield running


@pytest.fixture
async def clients(store: Store, database_url: str, provider: Running) -> AsyncIterator[Clients]:
    settings = Settings(
        database_url=database_url, master_keys=MASTER_KEY, oidc_issuer=provider.issuer, oidc_client_id="attune",
        oidc_audiences="attune,attune-api", oidc_roles="admins=admin, devs=author, staff=viewer, robots=operator",
    )  # fmt: skip
    app = create_app(store, MemoryBus(), settings)
    app.state.context.prepared = True
    yield Clients(app, store)
    await app.state.context.oidc.close()


@pytest.fixture
def nobody(clients: Clients) -> httpx2.AsyncClient:
    return clients.client()


async def _login(nobody: httpx2.AsyncClient, token: str) -> httpx2.Response:
    return await nobody.post("/login/oidc", json={"token": token})


async def test_a_token_of_the_provider_gives_a_session_with_the_highest_role(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    made = await _login(nobody, provider.sign(**ADA))
    assert (made.status_code, made.json()["role"], made.json()["login"]) == (201, "author", "ada")
    ada = clients.client(made.json()["token"])
    assert (await ada.get("/whoami")).json()["role"] == "author"
    shown = (await clients.client(ADMIN).get("/identities/ada")).json()
    assert (shown["kind"], shown["label"], shown["has_password"]) == ("user", "Ada", False)
    trail = (await clients.client(ADMIN).get("/audit", params={"action": "login.oidc"})).json()["items"]
    assert [(row["subject"], row["outcome"]) for row in trail] == [("ada", "done")]


async def test_the_role_follows_the_provider_and_the_name_does_not_change_who_it_is(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    first = (await _login(nobody, provider.sign(**ADA))).json()
    renamed = {**ADA, "preferred_username": "lovelace", "groups": ["staff"]}
    again = (await _login(nobody, provider.sign(**renamed))).json()
    assert (again["login"], again["role"]) == ("ada", "viewer")
    assert (await clients.client(first["token"]).get("/whoami")).json()["role"] == "viewer"


async def test_nobody_becomes_a_local_identity_by_choosing_its_name(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    refused = await _login(nobody, provider.sign(**{**ADA, "preferred_username": "admin", "groups": ["admins"]}))
    assert (refused.status_code, refused.json()["code"]) == (403, "login_taken")
    assert (await clients.client(ADMIN).get("/whoami")).json()["login"] == "admin"


async def test_a_service_comes_with_client_credentials(nobody: httpx2.AsyncClient, provider: Running) -> None:
    made = (await _login(nobody, provider.service_token())).json()
    assert (made["login"], made["role"]) == (SERVICE[0], "operator")


def _signed_by_a_secret(token: str, secret: bytes, **header: Any) -> str:
    signed = _unsigned(token, {"alg": "HS256", **header}).rstrip(".")
    return f"{signed}.{_encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _unsigned(token: str, header: dict[str, Any]) -> str:
    return ".".join([_encoded(json.dumps(header).encode()), token.split(".")[1], ""])


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"exp": "soon"},
        {"aud": ["attune", "another"], "azp": "another"},
    ],
    ids=str,
)
async def test_claims_that_do_not_fit(nobody: httpx2.AsyncClient, provider: Running, claims: dict[str, Any]) -> None:
    refused = await _login(nobody, provider.sign(**{**ADA, **claims}))
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_oidc_token"), refused.text


async def test_signatures_that_are_none(clients: Clients, nobody: httpx2.AsyncClient, provider: Running) -> None:
    good = provider.sign(**ADA)
    head, body, signature = good.split(".")
    kid = jwt.get_unverified_header(good)["kid"]
    public = provider.public_key()
    bad = [
        "x", "a.b.c", "..", good + "x", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.",
        _unsigned(good, {"alg": "none"}), _unsigned(good, {"alg": "none", "kid": kid}),
        _signed_by_a_secret(good, public, kid=kid), _signed_by_a_secret(good, b"k" * 32, kid=kid),
        _signed_by_a_secret(good, b"", kid="../../dev/null"),
    ]  # fmt: skip
    for token in bad:
        refused = await _login(nobody, token)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_oidc_token"), (token, refused.text)
    assert (await _login(nobody, "x y")).status_code == 422
    trail = (await clients.client(ADMIN).get("/audit", params={"action": "login.oidc"})).json()["items"]
    assert [row["outcome"] for row in trail] == ["failed"] * len(bad)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"groups": ["other"]}, "no_role"),
        ({"groups": None}, "no_role"),
        ({"groups": {"devs": True}}, "no_role"),
        ({"preferred_username": "a b", "email": None}, "no_login"),
        ({"preferred_username": "me"}, "no_login"),
        ({"preferred_username": "x" * 200}, "no_login"),
        ({"preferred_username": None}, "no_login"),
    ],
    ids=str,
)
async def test_whoever_is_known_there_but_not_here(
    nobody: httpx2.AsyncClient, provider: Running, claims: dict[str, Any], code: str
) -> None:
    refused = await _login(nobody, provider.sign(**{**ADA, **claims}))
    assert (refused.status_code, refused.json()["code"]) == (403, code)


async def test_a_disabled_identity_stays_outside(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    await _login(nobody, provider.sign(**ADA))
    await clients.client(ADMIN).put("/identities/ada", json={"enabled": False})
    refused = await _login(nobody, provider.sign(**ADA))
    assert (refused.status_code, refused.json()["code"]) == (401, "disabled")


async def test_keys_are_remembered_and_new_ones_found(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = provider.asked("/jwks")
    for _ in range(5):
        assert (await _login(nobody, provider.sign(**ADA))).status_code == 201
    assert provider.asked("/jwks") == before + 1
    provider.post("/test/key", {"algorithm": "ES256"})
    for _ in range(5):
        assert (await _login(nobody, provider.sign(**ADA))).status_code == 401
    assert provider.asked("/jwks") == before + 1
    monkeypatch.setattr(providers, "LOOK_AGAIN_SECONDS", 0.0)
    assert (await _login(nobody, provider.sign(**ADA))).status_code == 201
    assert provider.asked("/jwks") == before + 2


async def test_the_provider_tells_where_devices_log_in(nobody: httpx2.AsyncClient, provider: Running) -> None:
    told = (await nobody.get("/login/oidc")).json()
    assert told == {
        "issuer": provider.issuer, "client_id": "attune", "scopes": "openid profile email",
        "token_endpoint": f"{provider.issuer}/token", "device_authorization_endpoint": f"{provider.issuer}/device",
    }  # fmt: skip


async def test_without_the_setting_there_is_none(store: Store, database_url: str) -> None:
    app = create_app(store, MemoryBus(), Settings(database_url=database_url))
    nobody = Clients(app, store).client()
    for answer in (await nobody.get("/login/oidc"), await _login(nobody, "x")):
        assert (answer.status_code, answer.json()["code"]) == (404, "oidc_off")


async def test_a_provider_that_is_away_is_told(store: Store, database_url: str, provider: Running) -> None:
    settings = Settings(database_url=database_url, oidc_issuer="http://127.0.0.1:1", oidc_client_id="attune")
    nobody = Clients(create_app(store, MemoryBus(), settings), store).client()
    away = await _login(nobody, provider.sign(**ADA))
    assert (away.status_code, away.json()["code"]) == (503, "oidc_unavailable")


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"oidc_issuer": "http://login.example"}, "https"),
        ({"oidc_issuer": "https://x", "oidc_client_id": ""}, "CLIENT_ID"),
        ({"oidc_issuer": "https://x", "oidc_roles": "a=king"}, "ROLES"),
        ({"oidc_issuer": "https://x", "oidc_roles": "a=worker"}, "ROLES"),
        ({"oidc_issuer": "https://x", "oidc_default_role": "worker"}, "DEFAULT_ROLE"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any], part: str, tmp_path: Path) -> None:
    settings = Settings(**{"oidc_client_id": "attune", **given})
    with pytest.raises(AttuneError, match=part):
        Context(Store(settings), MemoryBus(), settings)


async def test_who_can_prove_to_be_both_links_them_and_keeps_the_role(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    admin, word = clients.client(ADMIN), "correct horse battery"
    await admin.post("/identities", json={"login": "ada", "role": "operator", "password": word, "label": "Mine"})
    token = provider.sign(**ADA)
    refused = await _login(nobody, token)
    assert (refused.json()["code"], "--link" in refused.json()["hint"]) == ("login_taken", True)
    local = clients.client((await nobody.post("/login", json={"login": "ada", "password": word})).json()["token"])
    wrong = await local.post("/login/oidc/link", json={"token": token, "password": "not the right one"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "bad_password")
    assert (await local.post("/login/oidc/link", json={"token": token, "password": word})).status_code == 204
    made = (await _login(nobody, token)).json()
    assert (made["login"], made["role"]) == ("ada", "operator")
    shown = (await admin.get("/identities/ada")).json()
    assert (shown["linked"], shown["role"], shown["label"]) == (True, "operator", "Mine")
    assert (await admin.delete("/identities/ada/link")).status_code == 204
    assert (await _login(nobody, token)).json()["code"] == "login_taken"
    assert (await admin.delete("/identities/ada/link")).json()["code"] == "not_linked"
    trail = (await admin.get("/audit", params={"action": "login.link"})).json()["items"]
    assert {row["outcome"] for row in trail} == {"done", "refused"}


async def test_a_login_of_the_provider_is_one_identity(
    clients: Clients, nobody: httpx2.AsyncClient, provider: Running
) -> None:
    admin, word = clients.client(ADMIN), "correct horse battery"
    assert (await _login(nobody, provider.sign(**ADA))).json()["login"] == "ada"
    await admin.post("/identities", json={"login": "eve", "role": "viewer", "password": word})
    eve = clients.client((await nobody.post("/login", json={"login": "eve", "password": word})).json()["token"])
    taken = await eve.post("/login/oidc/link", json={"token": provider.sign(**ADA), "password": word})
    assert (taken.status_code, taken.json()["code"]) == (409, "subject_taken")
    assert (await admin.delete("/identities/ada/link")).status_code == 409
