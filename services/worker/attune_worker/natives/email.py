"""`core.email`: one message over SMTP, to servers that the egress policy allows, at the address that was checked."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, fields
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, getaddresses
from typing import TYPE_CHECKING, Any

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.outgoing.egress import Egress, EgressDenied

if TYPE_CHECKING:
    from attune_worker.runtimes.base import Attempt

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_OURS = frozenset({"from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "sender"})
_OURS_PREFIX = ("content-", "mime-")


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to hand the message over."""

    host: str
    port: int | None = None
    security: str = "starttls"
    verify: bool = True
    username: str | None = None
    password: str | None = None
    timeout: float = 30.0

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port or _PORTS[self.security]

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


async def email(attempt: Attempt, /, **given: Any) -> dict[str, Any]:
    """`{message_id, accepted}`. Errors: ActionFailure, see the action's file."""
    known = {field.name for field in fields(Server)}
    server = Server(**{name: value for name, value in given.items() if name in known and value is not None})
    message = compose(_message_id(attempt), {name: value for name, value in given.items() if name not in known})
    recipients = [address for name in ("to", "cc", "bcc") for address in _addresses(given.get(name), name)]
    place = await _checked(Egress.of(attempt.bench.settings), server)
    refused = await asyncio.to_thread(_send, server, place, message, [one.addr_spec for one in recipients])
    accepted = [one.addr_spec for one in recipients if one.addr_spec not in refused]
    if refused:
        attempt.log.system(f"the server refused {', '.join(sorted(refused))}")
    return {"message_id": message["Message-ID"], "accepted": accepted}


def compose(message_id: str, given: dict[str, Any]) -> EmailMessage:
    """Errors: ActionFailure `input_error`."""
    try:
        return _composed(message_id, given)
    except (ValueError, TypeError, LookupError, UnicodeError) as problem:
        raise ActionFailure("input_error", f"no message can be made of this: {problem}") from problem


def _composed(message_id: str, given: dict[str, Any]) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = _addresses(given["from"], "from")
    for name in ("to", "cc", "reply_to"):
        if found := _addresses(given.get(name), name):
            message[name.replace("_", "-").title()] = found
    message["Subject"], message["Date"], message["Message-ID"] = given["subject"], formatdate(), message_id
    for name, value in (given.get("headers") or {}).items():
        if name.lower() in _OURS or name.lower().startswith(_OURS_PREFIX):
            raise ValueError(f"the header {name} has a parameter of its own")
        message[name] = value
    message.set_content(given.get("body") or "")
    if given.get("html"):
        message.add_alternative(given["html"], subtype="html")
    for attachment in given.get("attachments") or ():
        _attach(message, attachment)
    return message


def _attach(message: EmailMessage, attachment: dict[str, Any]) -> None:
    is_text = attachment.get("encoding", "text") == "text"
    main, _, sub = attachment.get("type", "text/plain" if is_text else "application/octet-stream").partition("/")
    try:
        content = attachment["content"].encode() if is_text else base64.b64decode(attachment["content"], validate=True)
    except binascii.Error as problem:
        raise ValueError(f"the attachment {attachment['name']} is not base64") from problem
    message.add_attachment(content, maintype=main, subtype=sub, filename=attachment["name"])


def _addresses(given: str | Sequence[str] | None, name: str) -> list[Address]:
    """Errors: ActionFailure `input_error`."""
    texts = [given] if isinstance(given, str) else list(given or ())
    try:
        found = [Address(shown, addr_spec=spec) for shown, spec in getaddresses(texts) if spec]
    except Exception as problem:
        raise ActionFailure("input_error", f"`{name}` has something that is no address: {problem}") from problem
    if len(found) < len(texts) or any(not one.domain for one in found):
        raise ActionFailure("input_error", f"`{name}` has something that is no address: {', '.join(texts)}")
    return found


def _message_id(attempt: Attempt) -> str:
    """The same for all attempts, so that who receives two can tell."""
    key = attempt.spec.idempotency_key or f"{attempt.spec.execution_id}"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@attune>"


async def _checked(egress: Egress, server: Server) -> str:
    """The address to connect to. Errors: ActionFailure `egress_denied`, `connection_error`."""
    try:
        async with asyncio.timeout(server.timeout):
            return (await egress.addresses(*server.address))[0]
    except EgressDenied as problem:
        raise ActionFailure("egress_denied", str(problem)) from problem
    except TimeoutError as problem:
        raise ActionFailure("timeout", f"{server.host} was not resolved within {server.timeout:g} s") from problem
    except (OSError, UnicodeError) as problem:
        raise ActionFailure("connection_error", f"{server.host}: {problem}") from problem


def _send(server: Server, place: str, message: EmailMessage, recipients: list[str]) -> dict[str, Any]:
    """Those recipients that were refused while others were taken. Runs in a thread. Errors: ActionFailure."""
    try:
        with _connected(server, place) as smtp:
            if server.username is not None:
                smtp.login(server.username, server.password or "")
            return smtp.send_message(message, to_addrs=recipients)
    except smtplib.SMTPAuthenticationError as problem:
        raise ActionFailure("smtp_auth", f"{server.host} refuses the login: {_answer(problem)}") from problem
    except smtplib.SMTPRecipientsRefused as problem:
        refused = {to: _words(*answer) for to, answer in problem.recipients.items()}
        raise ActionFailure("smtp_refused", f"{server.host} refuses every recipient", refused=refused) from problem
    except smtplib.SMTPResponseException as problem:
        raise ActionFailure("smtp_refused", f"{server.host}: {_answer(problem)}", code=problem.smtp_code) from problem
    except TimeoutError as problem:
        raise ActionFailure("timeout", f"{server.host} did not answer within {server.timeout:g} s") from problem
    except smtplib.SMTPServerDisconnected as problem:
        raise ActionFailure("connection_error", f"{server.host}: {problem}") from problem
    except smtplib.SMTPException as problem:
        raise ActionFailure("smtp_error", f"{server.host}: {problem}") from problem
    except OSError as problem:
        raise ActionFailure("connection_error", f"{server.host}: {problem}") from problem


def _connected(server: Server, place: str) -> smtplib.SMTP:
    """To the address that was checked; the name and the certificate stay those of the host."""
    host, port = server.address

    class Pinned(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            plain = socket.create_connection((place, port), timeout)
            return server.context().wrap_socket(plain, server_hostname=host) if server.security == "tls" else plain

    smtp = Pinned(host, port, local_hostname="attune", timeout=server.timeout)
    if server.security == "starttls":
        smtp.starttls(context=server.context())
    return smtp


def _answer(problem: smtplib.SMTPResponseException) -> str:
    return _words(problem.smtp_code, problem.smtp_error)


def _words(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
