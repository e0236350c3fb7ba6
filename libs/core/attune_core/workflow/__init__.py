"""The workflow state machine: `advance(graph, state, signal, facts) -> Decision`."""
