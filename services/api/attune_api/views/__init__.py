"""What clients see: one module per noun, each with its models and how they come from rows."""
