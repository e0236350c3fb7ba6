"""Another system that listens to Attune: plain aio-pika, nothing of Attune is imported.

    python listen.py amqp://guest:guest@127.0.0.1:5672/ 'workflow.#' execution.status

It makes a queue of its own, binds it to the exchange `attune.events` with the given routing keys and prints one line
of JSON per event. With --queue the queue has that name, is durable and keeps what comes while nobody listens.
"""

import argparse
import asyncio
import json
import sys

import aio_pika

EXCHANGE = "attune.events"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the AMQP URL of the broker that Attune uses")
    parser.add_argument("keys", nargs="*", default=["workflow.#"], help="routing keys; * is one word, # any number")
    parser.add_argument("--queue", default="", help="the name of a durable queue; without it a private one is made")
    parser.add_argument("--count", type=int, default=0, help="leave after so many events")
    return parser.parse_args()


async def make_queue(channel, name):
    """Attune makes the exchange as well: whoever comes first, with the same properties."""
    exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
    if name:
        queue = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
    else:
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
    return exchange, queue


def handle(event):
    """`event` is a CloudEvent: id, source, type, time and data. An id may come twice: do the work once."""
    print(json.dumps({"type": event["type"], "id": event["id"], "data": event["data"]}), flush=True)


async def listen(arguments):
    connection = await aio_pika.connect_robust(arguments.url, heartbeat=10)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        exchange, queue = await make_queue(channel, arguments.queue)
        for key in arguments.keys:
            await queue.bind(exchange, key)
        print("listening", file=sys.stderr, flush=True)
        seen = 0
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process(requeue=True):
                    for event in json.loads(message.body):
                        handle(event)
                        seen += 1
                if arguments.count and seen >= arguments.count:
                    return


if __name__ == "__main__":
    asyncio.run(listen(parse_arguments()))
