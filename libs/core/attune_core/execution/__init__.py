"""What may happen to one execution: the decisions of the executor's shell, as pure as those of the engine."""
