# mypy: ignore-errors
"""Dramatiq: pipelines over RabbitMQ, nothing is kept.

Run by bench.peers: python dramatiq_flows.py DSN AMQP FLOWS STEPS
"""

import os
import subprocess
import sys
import tempfile
import time

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

AMQP = os.environ.get("PEER_AMQP") or sys.argv[2]
dramatiq.set_broker(RabbitmqBroker(url=AMQP))


@dramatiq.actor
def step(n):
    return n + 1


@dramatiq.actor
def last(n):
    """A byte for each pipeline that has ended."""
    with open(os.environ["PEER_ENDED"], "ab", buffering=0) as ended:
        ended.write(b".")


def main():
    flows, steps = int(sys.argv[3]), int(sys.argv[4])
    with tempfile.NamedTemporaryFile() as ended:
        environment = {**os.environ, "PEER_AMQP": AMQP, "PEER_ENDED": ended.name}
        command = [sys.executable, "-m", "dramatiq", "dramatiq_flows", "--processes", "2", "--threads", "8"]
        worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            _flow(2).run()
            _until(ended.name, 1)
            print("begin", flush=True)
            for _ in range(flows):
                _flow(steps).run()
            _until(ended.name, 1 + flows)
            print("end", flush=True)
            sys.stdin.read()
        finally:
            worker.terminate()
            worker.wait()


def _flow(steps):
    return dramatiq.pipeline([step.message(0), *(step.message() for _ in range(steps - 2)), last.message()])


def _until(path, count):
    while os.stat(path).st_size < count:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
