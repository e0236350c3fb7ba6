"""A small identity provider as a process: discovery, JWKS, login of devices, client credentials, really signed tokens.

python -m tests.support.oidc_server PORT_FILE: writes its port there; `POST /test/...` steers it.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from urllib.request import Request, urlopen

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from tests.support.waiting import until_sync

CLIENT = "attune"
SERVICE = ("robot", "robot-secret")


class Provider:
    """`people`: claims by the user that is to confirm a device."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.keys: dict[str, tuple[str, Any]] = {}
        self.devices: dict[str, dict[str, Any] | None] = {}
        self.asked: dict[str, int] = {}
        self.add_key("RS256")

    def add_key(self, algorithm: str) -> str:
        """A new key, which signs from now on."""
        made: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if algorithm == "ES256"
            else rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        )
        self.kid = secrets.token_hex(4)
        self.keys[self.kid] = (algorithm, made)
        return self.kid

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._public(kid, *pair) for kid, pair in self.keys.items()]}

    def _public(self, kid: str, algorithm: str, key: Any) -> dict[str, Any]:
        kind: Any = ECAlgorithm if algorithm == "ES256" else RSAAlgorithm
        return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": algorithm}

    def sign(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        whole = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **claims}
        algorithm, key = self.keys[self.kid]
        wanted = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(wanted, key, algorithm=algorithm, headers={"kid": self.kid})

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint": f"{self.issuer}/token",
            "device_authorization_endpoint": f"{self.issuer}/device",
        }

    def begin(self) -> dict[str, Any]:
        code = secrets.token_hex(8)
        self.devices[code] = None
        return {
            "device_code": code, "user_code": "ABCD-EFGH", "verification_uri": f"{self.issuer}/activate",
            "expires_in": 60, "interval": 0.1,
        }  # fmt: skip

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("grant_type") == "client_credentials":
            return self._of_service(form)
        claims = self.devices.get(form.get("device_code", ""))
        if claims is None:
            return 400, {"error": "authorization_pending"}
        return 200, {"id_token": self.sign(claims), "access_token": "opaque", "token_type": "Bearer"}

    def _of_service(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if (form.get("client_id"), form.get("client_secret")) != SERVICE:
            return 401, {"error": "invalid_client"}
        claims = {"sub": "svc-1", "preferred_username": SERVICE[0], "groups": ["robots"], "aud": ["attune-api"]}
        return 200, {"access_token": self.sign(claims), "token_type": "Bearer"}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        self.provider.asked[self.path] = self.provider.asked.get(self.path, 0) + 1
        match self.path:
            case "/.well-known/openid-configuration":
                self._answer(200, self.provider.discovery())
            case "/jwks":
                self._answer(200, self.provider.jwks())
            case "/test/asked":
                self._answer(200, self.provider.asked)
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        match self.path:
            case "/device":
                self._answer(200, self.provider.begin())
            case "/token":
                form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                self._answer(*self.provider.token(form))
            case "/test/confirm":
                claims = json.loads(body)
                self.provider.devices.update(dict.fromkeys(self.provider.devices, claims))
                self._answer(200, {"confirmed": len(self.provider.devices)})
            case "/test/sign":
                self._answer(200, {"token": self.provider.sign(json.loads(body))})
            case "/test/key":
                self._answer(200, {"kid": self.provider.add_key(json.loads(body)["algorithm"])})
            case _:
                self._answer(404, {})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        written = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Running:
    """What tests ask of the process."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def post(self, path: str, body: Any) -> dict[str, Any]:
        request = Request(self.issuer + path, data=json.dumps(body).encode(), method="POST")
        with urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def sign(self, **claims: Any) -> str:
        """A token; None leaves a claim out."""
        return str(self.post("/test/sign", claims)["token"])

    def service_token(self) -> str:
        """The access token that a service gets for its own secret."""
        form = {"grant_type": "client_credentials", "client_id": SERVICE[0], "client_secret": SERVICE[1]}
        with urlopen(Request(f"{self.issuer}/token", data=urlencode(form).encode()), timeout=10) as answer:
            return str(json.loads(answer.read())["access_token"])

    def public_key(self) -> bytes:
        """What everybody may know of the key, as PEM."""
        with urlopen(f"{self.issuer}/jwks", timeout=10) as answer:
            found = json.loads(answer.read())["keys"][-1]
        form, encoding = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM
        written: bytes = jwt.PyJWK(found).key.public_bytes(encoding, form)
        return written

    def asked(self, path: str) -> int:
        with urlopen(self.issuer + "/test/asked", timeout=10) as answer:
            return int(json.loads(answer.read()).get(path, 0))


@contextmanager
def oidc_server(folder: Path) -> Iterator[Running]:
    file = folder / "port"
    process = subprocess.Popen([sys.executable, "-m", "tests.support.oidc_server", str(file)])
    try:
        until_sync(lambda: file.exists() and file.read_text(), 20, "the identity provider")
        yield Running(f"http://127.0.0.1:{file.read_text()}")
    finally:
        process.terminate()
        process.wait(10)


def main(file: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")
    draft = file.with_suffix(".new")
    draft.write_text(str(server.server_port))
    draft.rename(file)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
