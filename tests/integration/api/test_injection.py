"""Text that means something elsewhere - to SQL, to templates, to file systems, to terminals - means nothing here."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from tests.integration.api import samples
from tests.integration.api.conftest import Clients

from attune_api.app import all_routes
from attune_api.permissions import GRANTS, Role
from attune_common.store.store import Store

SQL = [
    "'", "' OR '1'='1", "'; DROP TABLE attune.identity; --", "1) OR 1=1 --", "\\'; SELECT pg_sleep(10); --", "$1", "$$",
    "%", "_", "a%' ESCAPE '", "{a,b}", "NULL", "1; COMMIT", "E'\\x27'", "\u02bc OR 1=1", "/**/UNION/**/SELECT",
]  # fmt: skip
ODD = [
    "\u202eevil", "ﬀ", "İ", "ß", "e\u0301", "\u00e9", "\U0001f600", "\u0000", "\ud800".encode("utf-8", "surrogatepass"),
    "\ufeff", "\u200b", "a\nb", "\x1b[31m", "．．／", "..%2f..%2fetc%2fpasswd", "..\\..\\x", "CON", "~root", " ",
    "{{ 7*7 }}", "${jndi:ldap://x}", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "javascript:alert(1)",
]  # fmt: skip
MANY = "1" + "0" * 400


@pytest.fixture
def database_url(shared_url: str) -> str:
    """Nothing here is kept, so one database is enough."""
    return shared_url


def _lists() -> list[tuple[str, str]]:
    """(path, text parameter) of every list."""
    found = []
    for route in all_routes():
        mine = route.declaration.permission in GRANTS[Role.ADMIN]
        if "GET" in (route.methods or ()) and "{" not in route.path and mine:
            found += [(route.path, field.alias) for field in route.dependant.query_params if field.alias != "limit"]
    return found


async def test_filters_are_values_and_nothing_else(api: httpx2.AsyncClient) -> None:
    """Either no such value, or nothing found; and nobody waits for pg_sleep."""
    for path, name in _lists():
        for value in [*SQL[:6], *ODD[:9], "%", MANY]:
            answer = await api.get(f"http://attune{path}?{name}={_quoted(value)}")
            assert answer.status_code in (200, 422), (path, name, value, answer.text)
            if answer.status_code == 200 and answer.headers["content-type"] == "application/json" and name != "subject":
                assert not answer.json().get("items"), (path, name, value, answer.text)


async def test_names_in_addresses(api: httpx2.AsyncClient) -> None:
    for value in [*SQL, *ODD]:
        for path in ("packs", "kv", "secrets", "identities", "tokens"):
            answer = await api.delete(f"/{path}/{_quoted(value)}")
            assert answer.status_code in (400, 404, 405, 422), (path, value, answer.text)


def _quoted(value: str | bytes) -> str:
    return quote(value if isinstance(value, bytes) else value.encode(), safe="")


async def _identities(store: Store) -> int:
    async with store.connection() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM attune.identity")
    return count


TEXTS = [text for text in ODD if isinstance(text, str)]


async def test_values_come_back_as_they_were(api: httpx2.AsyncClient, store: Store) -> None:
    before = await _identities(store)
    for value in [*SQL, *(text for text in TEXTS if "\0" not in text)]:
        assert (await api.put("/kv/odd", json={"value": {"v": [value], value: 1}})).status_code in (200, 201)
        assert (await api.get("/kv/odd")).json()["value"] == {"v": [value], value: 1}
        assert (await api.put("/secrets/odd", json={"value": value, "description": value})).status_code in (200, 201)
        assert (await api.post("/secrets/odd/reveal")).json()["value"] == value
    assert await _identities(store) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/identities", {"login": "{}", "role": "viewer"}),
        ("POST", "/tokens", {"login": "{}", "role": "viewer"}),
        ("PUT", "/identities/ada/grants/{}", {"role": "viewer"}),
        ("PUT", "/kv/{}", {"value": 1}),
        ("PUT", "/secrets/{}", {"value": 1}),
        ("POST", "/login", {"login": "{}", "password": "x"}),
        ("POST", "/login/oidc", {"token": "{}"}),
    ],
)
async def test_logins_and_keys_have_an_alphabet(
    api: httpx2.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    for value in [*(text for text in TEXTS if text != "CON"), "'", "a b", "a/../b", "..", "é"]:
        content = {key: value if text == "{}" else text for key, text in body.items()}
        answer = await api.request(method, path.replace("{}", quote(value, safe="")), json=content)
        assert answer.status_code in (400, 404, 422), (value, answer.text)


async def test_templates_in_values_stay_text(api: httpx2.AsyncClient) -> None:
    registered = await api.post("/packs", content=samples.archive(), headers=samples.GZIP)
    assert registered.status_code in (200, 201)
    text = "{{ system.identity }} {{ 7 * 7 }} {% for x in [1] %}x{% endfor %}"
    started = await api.post("/executions", json={"action": "sample.echo", "parameters": {"message": text}})
    assert started.json()["parameters"]["message"] == text
    shown = (await api.get(f"/executions/{started.json()['id']}")).json()
    assert shown["parameters"]["message"] == text


async def test_members_that_nobody_asked_for(api: httpx2.AsyncClient) -> None:
    for name, value in {
        "status": "completed", "owner": "admin", "identity": 1, "id": 1, "__proto__": {"a": 1}, "constructor": {},
        "role": "admin", "token": "x",
    }.items():  # fmt: skip
        refused = await api.post("/executions", json={"action": "core.noop", "parameters": {}, name: value})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, f"body.{name}")


async def test_data_that_looks_like_ours_is_data(clients: Clients, api: httpx2.AsyncClient) -> None:
    for value in (
        {"$secret": [{"encoding": "plain", "key": "odd"}]}, {"$ref": "#/x"}, {"$set": {"a": 1}}, {"items": 1},
        {"keys": 2, "get": 3}, {"": {"": ""}}, {"a.b": 1, "a": {"b": 2}}, json.loads('{"__class__": "x"}'),
    ):  # fmt: skip
        await api.put("/secrets/odd", json={"value": "hunter2-hunter2"})
        await api.put("/kv/odd", json={"value": value})
        answer = await api.get("/kv/odd")
        assert answer.json()["value"] == value
        assert "hunter2" not in answer.text
