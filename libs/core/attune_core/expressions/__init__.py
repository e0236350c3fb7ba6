"""The bounded template language: compile once, render over a scope, never touch the host."""
