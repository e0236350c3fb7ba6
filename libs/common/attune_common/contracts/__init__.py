"""What travels on the bus: one module per noun, the registry from message type to model and place."""
