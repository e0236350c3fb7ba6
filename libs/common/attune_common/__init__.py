"""The I/O that the services share: contracts, bus, store, runtime, outbox."""
