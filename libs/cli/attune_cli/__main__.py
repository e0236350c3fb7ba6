"""`python -m attune_cli` is `attune`."""

from attune_cli.entry import main

main()
