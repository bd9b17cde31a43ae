"""What the services may know of each other: event payloads and the permission table."""
