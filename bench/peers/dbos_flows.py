# mypy: ignore-errors
"""DBOS: steps in this process, each kept in PostgreSQL.

Run by bench.peers: python dbos_flows.py DSN AMQP FLOWS STEPS
"""

import sys

from dbos import DBOS


@DBOS.step()
def step(n):
    return n + 1


@DBOS.workflow()
def flow(steps):
    n = 0
    for _ in range(steps):
        n = step(n)
    return n


def main():
    dsn, flows, steps = sys.argv[1], int(sys.argv[3]), int(sys.argv[4])
    url = dsn.replace("postgresql://", "postgresql+psycopg://")
    DBOS(config={"name": "flows", "system_database_url": url, "log_level": "ERROR", "run_admin_server": False})
    DBOS.launch()
    assert flow(2) == 2
    print("begin", flush=True)
    for handle in [DBOS.start_workflow(flow, steps) for _ in range(flows)]:
        assert handle.get_result() == steps
    print("end", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
