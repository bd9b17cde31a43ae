"""Expert draws 专家抽取: random, repeatable by anybody, controlled by nobody alone."""
