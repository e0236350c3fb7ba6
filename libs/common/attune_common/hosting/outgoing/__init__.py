"""HTTP to the outside: where it may go, how much it may bring, how long it may take."""
