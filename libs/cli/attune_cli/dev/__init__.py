"""`attune dev`: the whole platform in one process. The one place that knows several services."""
