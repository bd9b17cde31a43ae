"""Lead banks (科技主办行): which bank an enterprise has as its main one, from when to when."""
