"""The bus on RabbitMQ: FastStream's broker for connections, exchanges and consumers, aio-pika's engine for the rest."""

from attune_common.runtime.lean import without

with without("uvicorn"):  # FastStream would serve pages if it found it
    import faststream.rabbit as _library

__all__: list[str] = []
del _library
