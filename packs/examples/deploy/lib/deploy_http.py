"""JSON over HTTP with the standard library, for the host agent, the datastore and the notification receiver."""

import json
import urllib.error
import urllib.parse
import urllib.request

from attune_sdk import ActionFailed

TIMEOUT_SECONDS = 15
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, url, body=None, *, token="", key="", error_type="host_error", missing=False):
    """The decoded answer; None when `missing` allows a 404. Errors: ActionFailed with `error_type`.

    `body`: bytes as they are, anything else as JSON. `key`: the receiver counts requests with the same one once.
    """
    raw = isinstance(body, bytes)
    data = body if raw or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Content-Type", "application/gzip" if raw else "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if key:
        request.add_header("Idempotency-Key", key)
    try:
        with _NO_PROXY.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as problem:
        if missing and problem.code == 404:
            return None
        reason = problem.read(2000).decode("utf-8", "replace")
        raise ActionFailed(error_type, f"{method} {url} answered {problem.code}: {reason}") from problem
    except OSError as problem:
        raise ActionFailed(error_type, f"{method} {url}: {problem}") from problem


def quoted(text):
    """Safe as one part of a URL's path."""
    return urllib.parse.quote(text, safe="")


class Records:
    """Deployment records in the platform's datastore, through its API with the token of the execution."""

    def __init__(self, context):
        self._base, self._token = f"{context.api_url.rstrip('/')}/api/v1/kv", context.api_token

    def read(self, deployment_id):
        """The record, None when there is none."""
        answer = call("GET", self._url(deployment_id), token=self._token, error_type="datastore", missing=True)
        return answer["value"] if answer else None

    def write(self, deployment_id, record):
        call("PUT", self._url(deployment_id), {"value": record}, token=self._token, error_type="datastore")

    def close(self, deployment_id, status):
        """Set the status of a record that exists, and return the record. Errors: ActionFailed `no_record`."""
        record = self.read(deployment_id)
        if record is None:
            raise ActionFailed("no_record", f"there is no deployment {deployment_id}")
        record["status"] = status
        self.write(deployment_id, record)
        return record

    def _url(self, deployment_id):
        return f"{self._base}/{quoted(deployment_id)}"
