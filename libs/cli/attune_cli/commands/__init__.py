"""One module per noun; each makes a typer app."""
