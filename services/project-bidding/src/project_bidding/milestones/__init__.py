"""Contract milestones (里程碑): planned, handed in with evidence, approved."""
