"""Pages, asked with what is known of them (ETag, Last-Modified); the answer's digest tells whether it is new."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request

from attune_sdk import Sensor

TIMEOUT_SECONDS = 20
LARGEST = 8 * 1024 * 1024
SHOWN = 64 * 1024


class HttpPoller(Sensor):
    def poll(self):
        for url in self.parameters.get("urls") or ():
            try:
                self.look_at(url)
            except (OSError, ValueError) as problem:
                print(f"{url}: {problem}")

    def look_at(self, url):
        pages = dict(self.state or {})
        known = pages.get(url) or {}
        answer = fetch(url, known)
        if answer is None or answer["digest"] == known.get("digest"):
            return
        pages[url] = {name: answer[name] for name in ("etag", "last_modified", "digest")}
        if not known:
            self.save(pages)
            return
        payload = {
            "url": url,
            "status": answer["status"],
            "digest": answer["digest"],
            "previous_digest": known["digest"],
            "body": answer["body"],
        }
        self.emit("page_changed", payload, key=f"{answer['digest']}:{known['digest']}:{url[-100:]}", state=pages)


def fetch(url, known):
    """What the page answers; None when it says itself that nothing is new. Errors: OSError, ValueError."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("only http and https can be watched")
    headers = {"User-Agent": "attune-sensor"}
    if known.get("etag"):
        headers["If-None-Match"] = known["etag"]
    if known.get("last_modified"):
        headers["If-Modified-Since"] = known["last_modified"]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:
            return read(answer)
    except urllib.error.HTTPError as refused:
        return None if refused.code == 304 else read(refused)


def read(answer):
    body = answer.read(LARGEST)
    digest = hashlib.sha256(str(answer.status).encode() + b" " + body).hexdigest()
    return {
        "status": answer.status,
        "etag": answer.headers.get("ETag"),
        "last_modified": answer.headers.get("Last-Modified"),
        "digest": digest,
        "body": shown(body),
    }


def shown(body):
    """JSON as it is, anything else as text; nothing of what is large."""
    if len(body) > SHOWN:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace").replace("\0", "")
