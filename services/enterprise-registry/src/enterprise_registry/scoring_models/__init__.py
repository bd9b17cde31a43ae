"""Scoring models (评分模型): drafted, published, superseded; old scores keep theirs."""
