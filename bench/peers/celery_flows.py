# mypy: ignore-errors
"""Celery: chains over RabbitMQ, results in PostgreSQL.

Run by bench.peers: python celery_flows.py DSN AMQP FLOWS STEPS
"""

import os
import subprocess
import sys

from celery import Celery, chain

DSN, AMQP = os.environ.get("PEER_DSN") or sys.argv[1], os.environ.get("PEER_AMQP") or sys.argv[2]
app = Celery("celery_flows", broker=AMQP, backend="db+" + DSN.replace("postgresql://", "postgresql+psycopg://"))
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)


@app.task(name="step")
def step(n):
    return n + 1


def main():
    flows, steps = int(sys.argv[3]), int(sys.argv[4])
    environment = {**os.environ, "PEER_DSN": DSN, "PEER_AMQP": AMQP}
    command = [sys.executable, "-m", "celery", "-A", "celery_flows", "worker", "-c", "2", "--loglevel", "ERROR"]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _flow(2).get(timeout=120)
        print("begin", flush=True)
        for result in [_flow(steps) for _ in range(flows)]:
            assert result.get(timeout=600) == steps
        print("end", flush=True)
        sys.stdin.read()
    finally:
        worker.terminate()
        worker.wait()


def _flow(steps):
    return chain(step.s(0), *(step.s() for _ in range(steps - 1))).apply_async()


if __name__ == "__main__":
    main()
