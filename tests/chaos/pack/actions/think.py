import os
import time

from attune_sdk import action


def _note(kind):
    token = os.environ["ATTUNE_API_TOKEN"].rpartition("_")[2]
    key, attempt = os.environ["ATTUNE_IDEMPOTENCY_KEY"], os.environ["ATTUNE_ATTEMPT"]
    line = f"{kind} {key} {attempt} {token} {os.getppid()} {time.time():.9f}\n"
    file = os.open(os.environ["EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)


@action
def think(value):
    _note("begin")
    _note("end")
    return {"value": value}
