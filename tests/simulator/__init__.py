"""The simulator: executors, users and workers in one thread, over a model of the database and of the broker.

One integer gives everything: the workflows, the outcomes, the order of messages, what is lost and who dies when. The
executors and the users' requests are the real code (`attune_executor`, `attune_api.usecases`); the statements that
they send are answered by a model of PostgreSQL (`statements`), the messages go through a bag that loses, doubles and
reorders them, and the workers are a model of theirs.

    python -m tests.simulator --seeds 1000      many seeds
    python -m tests.simulator --seed 17         one seed, told as a story
"""
