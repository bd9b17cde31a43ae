"""Reserve pools (后备库): candidates for a rung, who graduate by themselves when they are recognised."""
