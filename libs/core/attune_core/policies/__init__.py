"""Policies: how many executions of an action may run, how many may start in a time, how often one tries again."""
