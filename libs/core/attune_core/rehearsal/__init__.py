"""Run a workflow on scripted outcomes in virtual time, without services: the same engine, nothing else."""
