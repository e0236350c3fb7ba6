"""Hosts the sensors of packs: programs that watch something outside and tell of it."""
