"""Who sent a webhook: the signature schemes of the senders that people have, as pure functions."""
