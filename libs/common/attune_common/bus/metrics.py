"""What the bus counts."""

from __future__ import annotations

from attune_common.runtime.metrics import SIZES, counter, histogram

published = counter("bus_published_total", "Messages confirmed by the broker", "exchange")
unroutable = counter("bus_unroutable_total", "Messages that no queue wanted", "exchange")
unconfirmed = counter("bus_unconfirmed_total", "Calls of publish that the broker did not confirm in time")
publish_seconds = histogram("bus_publish_seconds", "From sending messages to the broker's confirmation")
received = counter("bus_received_total", "Messages received", "queue")
batch_size = histogram("bus_batch_size", "Deliveries given to a handler at once", "queue", buckets=SIZES)
failures = counter("bus_handler_failures_total", "Batches that a handler failed on", "queue")
put_off = counter("bus_handler_put_off_total", "Batches that a handler could not do its work on yet", "queue")
dead_letters = counter("bus_dead_letters_total", "Messages sent to the dead letters", "queue")
reconnects = counter("bus_reconnects_total", "Connections that were lost or could not be made", "link")
