"""Risk compensation pools (风险补偿池): contributions, guarantees, compensations, and the ledger of all."""
