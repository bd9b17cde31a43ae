"""Facts: what the other services' events say happened, one row each."""
