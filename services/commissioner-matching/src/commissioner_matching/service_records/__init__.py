"""Service records 服务记录: what was done in a dispatch, confirmed by its host."""
