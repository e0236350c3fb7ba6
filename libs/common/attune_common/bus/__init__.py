"""Messages in and out: one protocol, RabbitMQ and memory behind it."""
