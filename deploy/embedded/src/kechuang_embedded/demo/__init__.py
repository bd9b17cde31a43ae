"""`make demo`: synthetic cities, and the main story told through the gateway."""
