"""A queue of another system: each message becomes an event, and is acknowledged once that is stored."""

from __future__ import annotations

import base64
import json

import aio_pika

from attune_sdk import EmitRefused, Sensor

AT_ONCE = 200


class QueueConsumer(Sensor):
    async def run(self):
        url, name = self.parameters.get("amqp_url"), self.parameters.get("queue")
        if not url or not name:
            print("nothing to take from: set `amqp_url` and `queue` in the configuration of the pack")
            await self.stopped()
            return
        connection = await aio_pika.connect_robust(url, timeout=10)
        async with connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=AT_ONCE)
            queue = await channel.get_queue(name)
            tag = await queue.consume(self.take)
            print(f"taking messages from {name}")
            await self.stopped()
            await queue.cancel(tag)

    async def take(self, message):
        """Whatever goes wrong before the event is stored, the broker delivers the message again."""
        try:
            await self.emit_async("queue_message", payload_of(message), key=message.message_id or None)
        except EmitRefused as refused:
            print(f"message {message.message_id or message.delivery_tag} is refused: {refused}")
            await message.reject(requeue=False)
        else:
            await message.ack()


def payload_of(message):
    return {
        "body": body_of(message.body),
        "routing_key": message.routing_key or "",
        "exchange": message.exchange or "",
        "message_id": message.message_id,
        "content_type": message.content_type,
        "redelivered": bool(message.redelivered),
        "headers": {str(name): plain(value) for name, value in (message.headers or {}).items()},
    }


def body_of(body):
    """JSON or text as they are, other bytes as `{"base64": ...}`."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    try:
        return json.loads(text)
    except ValueError:
        return text


def plain(value):
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
