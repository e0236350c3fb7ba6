"""One file per thing that the API does; nothing here knows HTTP beyond the refusals."""
