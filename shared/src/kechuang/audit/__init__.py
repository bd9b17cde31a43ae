"""The tamper-evident audit log: batches with Merkle roots, their verification, proofs for single rows."""
