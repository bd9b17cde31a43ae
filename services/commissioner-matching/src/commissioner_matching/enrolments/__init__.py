"""Enrolments 入库登记: what commissioners and experts have in common."""
