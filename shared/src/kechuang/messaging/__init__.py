"""Outbox to JetStream and JetStream to inbox."""
