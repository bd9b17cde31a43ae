"""The administrative procedure, written once: windows, notices, objections, decisions, returns, drafts."""
