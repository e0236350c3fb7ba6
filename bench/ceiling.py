"""What is possible here: sequences of ten steps, durable and over quorum queues, by the least code that can do it.

Two processes. The engine takes what has ended, up to 100 tasks in one transaction: the task's row is closed, the next
one is written; then it publishes all that follows in one socket write and waits for the confirms. The worker answers
each job. No templates, no journal, no outbox, no attempts, no leases: an engine with those will not be faster.

Used by `python -m bench`; as a process of its own: python -m bench.ceiling engine|worker AMQP DSN PER_MESSAGE
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable

import aiormq
import asyncpg
import orjson
from aiormq.abc import ChannelFrame, DeliveredMessage
from pamqp import commands as spec
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from bench.load import Run, until
from bench.pack import STEPS
from bench.platform import Servers
from bench.processes import usage

BATCH = 100
JOBS, DONE = "ceiling.jobs", "ceiling.done"
_FLOWS = 2_000
_SCHEMA = """
DROP TABLE IF EXISTS ceiling_task;
CREATE TABLE ceiling_task (flow int, step int, status text, result jsonb, PRIMARY KEY (flow, step)) WITH (fillfactor=70)
"""
_CLOSE = "UPDATE ceiling_task SET status = 'done', result = '{}' FROM unnest($1::int[], $2::int[]) AS n(f, s) \
WHERE flow = n.f AND step = n.s AND status = 'sent' RETURNING flow, step"
_OPEN = "INSERT INTO ceiling_task (flow, step, status) SELECT f, s, 'sent' FROM unnest($1::int[], $2::int[]) AS n(f, s)"
_ENDED = "SELECT count(*) = $2 FROM ceiling_task WHERE step = $1 AND status = 'done'"
Task = list[int]
Take = Callable[[list[Task]], Awaitable[list[Task]]]


class Pipe:
    """Takes tasks from one queue, hands them on, and publishes what comes back to another; acknowledges after that."""

    def __init__(self, channels: tuple[aiormq.Channel, aiormq.Channel], per_message: int) -> None:
        self._inward, self._outward = channels
        self._per_message = per_message
        self._waiting: asyncio.Queue[tuple[int, list[Task]]] = asyncio.Queue()

    async def run(self, source: str, target: str, take: Take) -> None:
        await self._inward.basic_qos(prefetch_count=1_000)
        await self._inward.basic_consume(source, self._arrived)
        while True:
            taken = [await self._waiting.get()]
            while not self._waiting.empty() and sum(len(tasks) for _, tasks in taken) < BATCH:
                taken.append(self._waiting.get_nowait())
            await self.publish(target, await take([task for _, tasks in taken for task in tasks]))
            await self._inward.basic_ack(taken[-1][0], multiple=True, wait=False)

    async def _arrived(self, message: DeliveredMessage) -> None:
        self._waiting.put_nowait((message.delivery.delivery_tag, orjson.loads(message.body)))

    async def publish(self, queue: str, tasks: list[Task]) -> None:
        """All messages in one write; returns when the broker has confirmed each."""
        channel, size = self._outward, self._per_message
        frames: list[spec.Basic.Publish | ContentHeader | ContentBody] = []
        confirms = []
        for start in range(0, len(tasks), size):
            body = orjson.dumps(tasks[start : start + size])
            channel.delivery_tag += 1
            confirms.append(channel.create_future())
            channel.confirmations[channel.delivery_tag] = confirms[-1]
            header = ContentHeader(properties=spec.Basic.Properties(delivery_mode=2), body_size=len(body))
            frames += [spec.Basic.Publish(routing_key=queue), header, ContentBody(body)]
        if frames:
            await channel.write_queue.put(ChannelFrame.marshall(channel.number, frames))
            await asyncio.gather(*confirms)


async def measure(servers: Servers, per_message: int, flows: int = _FLOWS) -> Run:
    """Sequences of ten steps, all started at once; this process starts them and looks on."""
    database = await asyncpg.connect(servers.database)
    await database.execute(_SCHEMA)
    connection, pipe = await _pipe(servers.amqp, per_message)
    processes = {name: await _start(name, servers, per_message) for name in ("engine", "worker")}
    try:
        return await _timed(database, pipe, {p.pid: name for name, p in processes.items()}, flows)
    finally:
        for process in processes.values():
            process.kill()
            await process.wait()
        await database.close()
        await connection.close()


async def _timed(database: asyncpg.Connection, pipe: Pipe, names: dict[int, str], flows: int) -> Run:
    before, began = usage(names), time.perf_counter()
    for start in range(0, flows, BATCH):
        numbers = list(range(start, min(flows, start + BATCH)))
        await database.execute(_OPEN, numbers, [0] * len(numbers))
        await pipe.publish(JOBS, [[number, 0] for number in numbers])
    await until(lambda: _all_ended(database, flows), 0.05)
    seconds, after = time.perf_counter() - began, usage(names)
    memory = {name: round(size) for name, size in after.rss.items()}
    return Run(flows * STEPS, seconds, after.since(before), memory)


async def _all_ended(database: asyncpg.Connection, flows: int) -> bool:
    return bool(await database.fetchval(_ENDED, STEPS - 1, flows))


async def _start(name: str, servers: Servers, per_message: int) -> asyncio.subprocess.Process:
    """Returns when it consumes."""
    arguments = ["-m", "bench.ceiling", name, servers.amqp, servers.database, str(per_message)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    if not await process.stdout.readline():
        raise RuntimeError(f"the {name} of the ceiling did not start")
    return process


async def _pipe(amqp: str, per_message: int) -> tuple[aiormq.Connection, Pipe]:
    connection = await aiormq.connect(amqp)
    inward = await connection.channel(publisher_confirms=False)
    outward = await connection.channel(publisher_confirms=True)
    for queue in (JOBS, DONE):
        await inward.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    return connection, Pipe((inward, outward), per_message)


async def _engine(amqp: str, dsn: str, per_message: int) -> None:
    database = await asyncpg.connect(dsn)
    _, pipe = await _pipe(amqp, per_message)

    async def take(tasks: list[Task]) -> list[Task]:
        async with database.transaction():
            closed = await database.fetch(_CLOSE, *_columns(tasks))
            following = [[flow, step + 1] for flow, step in closed if step + 1 < STEPS]
            await database.execute(_OPEN, *_columns(following))
        return following

    print("ready", flush=True)
    await pipe.run(DONE, JOBS, take)


async def _worker(amqp: str, _dsn: str, per_message: int) -> None:
    _, pipe = await _pipe(amqp, per_message)

    async def take(tasks: list[Task]) -> list[Task]:
        return tasks

    print("ready", flush=True)
    await pipe.run(JOBS, DONE, take)


def _columns(tasks: Iterable[Task]) -> tuple[list[int], list[int]]:
    held = list(tasks)
    return [flow for flow, _ in held], [step for _, step in held]


def main() -> None:
    import uvloop

    part = {"engine": _engine, "worker": _worker}[sys.argv[1]]
    uvloop.run(part(sys.argv[2], sys.argv[3], int(sys.argv[4])))


if __name__ == "__main__":
    main()
