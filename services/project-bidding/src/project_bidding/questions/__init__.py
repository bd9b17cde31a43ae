"""Questions (答疑): asked without a name, answered to all."""
