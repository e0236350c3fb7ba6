"""What it takes to run what packs brought: their files, their Python environments, processes that end when told to.

Shared by the worker (actions) and the sensor service (sensors). Knows neither the bus nor the store.
"""
