"""Packs from git: branches, tags and commits; private repositories; what git cannot give."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.integration.api.conftest import ADMIN, Clients
from tests.integration.api.test_pack_life import files
from tests.support.git_server import git_server

from attune_api.permissions import Role
from attune_common.hosting.outgoing.egress import Egress

PASSWORD = "canary-git-password"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """With the pack in its folder `pack`, on the branch `main` in version 1.0.0, at the tag `v2` in 2.0.0."""
    root = tmp_path / "repo"
    (root / "pack" / "actions").mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch=main")
    for version in ("2.0.0", "1.0.0"):
        for name, text in files("base", version).items():
            (root / "pack" / name).write_text(text)
        (root / ".gitattributes").write_text("* filter=evil\n")
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", version)
        if version == "2.0.0":
            git(root, "tag", "v2")
    return root


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


async def test_a_pack_from_git(api: httpx2.AsyncClient, repository: Path) -> None:
    url = f"git+file://{repository}@v2#subdirectory=pack"
    answer = await api.post("/packs", json={"url": url})
    assert (answer.status_code, answer.json()["version"]) == (201, "2.0.0"), answer.text
    commit = git(repository, "rev-parse", "v2")
    assert answer.json()["source"] == {"kind": "git", "url": url, "commit": commit}
    whole = await api.post("/packs", json={"url": f"git+file://{repository}@{commit}#subdirectory=pack"})
    assert whole.json()["outcome"] == "unchanged"
    main = await api.post("/packs", json={"url": f"git+file://{repository}#subdirectory=pack"})
    assert (main.json()["version"], main.json()["outcome"]) == ("1.0.0", "downgraded")


async def test_what_git_cannot_give_is_told(api: httpx2.AsyncClient, repository: Path) -> None:
    (repository / "pack" / "passwd").symlink_to("/etc/passwd")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "a link")
    for url, code in (
        (f"git+file://{repository}@nowhere#subdirectory=pack", "git_failed"),
        (f"git+file://{repository}@v2#subdirectory=other", "git_failed"),
        (f"git+file://{repository}@main#subdirectory=pack", "bad_archive"),
        (f"git+file://{repository}@--upload-pack=touch#subdirectory=pack", "bad_url"),
        ("git+https://127.0.0.1:1/pack", "egress_denied"),
        ("git+https://user:secret@git.example.com/pack", "bad_url"),
        ("git+ssh://git.example.com/pack", "bad_url"),
        ("git+ext://sh -c touch", "bad_url"),
        ("https://git.example.com/pack", "bad_url"),
    ):
        answer = await api.post("/packs", json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, code), url


async def test_repositories_on_this_machine_are_for_attune_dev_alone(clients: Clients, repository: Path) -> None:
    context = clients.app.state.context
    context.settings = context.settings.model_copy(update={"allow_local_paths": False})
    answer = await clients.client(ADMIN).post("/packs", json={"url": f"git+file://{repository}"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_url")


@pytest.fixture
def served(clients: Clients, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The repository for whoever knows the password, over https; its port."""
    folder = tmp_path / "certificate"
    folder.mkdir()
    with git_server(repository.parent, folder, "ada", PASSWORD) as port:
        monkeypatch.setenv("GIT_SSL_CAINFO", str(folder / "server.pem"))
        settings = clients.app.state.context.settings.model_copy(update={"egress": "any"})
        clients.app.state.context.egress = Egress.of(settings)
        yield port


async def keep(api: httpx2.AsyncClient, host: object, password: object = PASSWORD) -> None:
    value = {"host": host, "username": "ada", "password": password}
    assert (await api.put("/secrets/git.example", json={"value": value})).is_success


async def test_a_private_repository(api: httpx2.AsyncClient, served: int) -> None:
    await keep(api, f"localhost:{served}")
    for revision, version in (("@v2", "2.0.0"), ("@main", "1.0.0")):
        url = f"git+https://localhost:{served}/repo{revision}#subdirectory=pack"
        answer = await api.post("/packs", json={"url": url, "credential": "git.example"})
        assert (answer.is_success, answer.json().get("version")) == (True, version), answer.text
        assert answer.json()["source"] | {"commit": ""} == {
            "kind": "git", "url": url, "commit": "", "credential": "git.example"
        }  # fmt: skip
        assert PASSWORD not in answer.text
    trail = (await api.get("/audit", params={"action": "packs.register"})).text
    assert "git.example" in trail
    assert PASSWORD not in trail


@pytest.mark.parametrize(
    ("host", "password", "code"),
    [
        ("localhost", "wrong", "git_failed"),
        ("elsewhere", PASSWORD, "bad_credential"),
        ("localhost", 7, "bad_credential"),
    ],
)
async def test_what_opens_no_repository(
    api: httpx2.AsyncClient, served: int, host: str, password: object, code: str
) -> None:
    await keep(api, host, password)
    url = f"git+https://localhost:{served}/repo#subdirectory=pack"
    answer = await api.post("/packs", json={"url": url, "credential": "git.example"})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert PASSWORD not in answer.text
    assert (await api.get("/packs/base")).status_code == 404


async def test_without_a_credential_it_is_told_how_to_give_one(api: httpx2.AsyncClient, served: int) -> None:
    answer = await api.post("/packs", json={"url": f"git+https://localhost:{served}/repo"})
    assert answer.status_code == 422
    assert "--credential" in answer.text


async def test_a_secret_that_one_may_not_use_is_as_if_it_were_not_there(
    clients: Clients, api: httpx2.AsyncClient, served: int
) -> None:
    await keep(api, "localhost")
    author = await clients.on_packs("bob", {"base": Role.AUTHOR})
    for key in ("git.example", "git.nothing"):
        url = f"git+https://localhost:{served}/repo"
        answer = await author.post("/packs", json={"url": url, "credential": key})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_credential"), answer.text
