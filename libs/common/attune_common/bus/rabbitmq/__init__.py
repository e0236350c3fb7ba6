"""The bus on RabbitMQ: FastStream's broker for connections, exchanges and consumers, aio-pika's engine for the rest."""
