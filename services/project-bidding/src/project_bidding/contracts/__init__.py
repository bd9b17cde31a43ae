"""Contracts 合同与任务书: milestones, funder shares, tranches."""
