"""Assessments (对标评估): an organisation against the conditions of a node, and the gap to it."""
