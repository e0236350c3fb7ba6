"""The API service: what clients may ask for over HTTP, one file per thing done."""
