"""A directory by inotify. What happened while the sensor was away is found by comparing with what it saw last."""

from __future__ import annotations

import os

from watchfiles import watch

from attune_sdk import Sensor

MOST_REMEMBERED = 3_000
"""Files of a directory; of a larger one only changes while the sensor runs are told."""
LOOK_MILLISECONDS = 500


class FileWatcher(Sensor):
    def run(self):
        directory = self.parameters.get("directory")
        if not directory:
            print("nothing to watch: set `directory` in the configuration of the pack")
            self.stopping.wait()
            return
        self.known = dict(self.state or {})
        self.first = self.state is None
        changes = watch(
            directory, stop_event=self.stopping, rust_timeout=LOOK_MILLISECONDS, yield_on_timeout=True, step=50
        )
        print(f"watching {directory}")
        for _ in changes:
            self.compare(directory)

    def compare(self, directory):
        """Tell what differs from what is known. Told twice, because the state was not saved, counts once."""
        now = snapshot(directory)
        changed = [path for path in sorted(now.keys() | self.known.keys()) if now.get(path) != self.known.get(path)]
        if not self.first:
            receipts = [self.tell(directory, path, self.known.get(path), now.get(path)) for path in changed]
            for receipt in receipts:
                receipt.wait()
        if changed or self.first:
            self.known, self.first = now, False
            self.save(now if len(now) <= MOST_REMEMBERED else None)

    def tell(self, directory, path, before, after):
        change = "deleted" if after is None else "added" if before is None else "modified"
        payload = {"path": os.path.join(directory, path), "directory": directory, "change": change}
        if after is not None:
            payload["size"] = after[1]
        return self.send("file_changed", payload, key=f"{payload['path'][-150:]}:{change}:{after or before}")


def snapshot(directory):
    """Path below the directory -> [time of the last change in nanoseconds, size]."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            found[os.path.relpath(path, directory)] = [status.st_mtime_ns, status.st_size]
    return found
