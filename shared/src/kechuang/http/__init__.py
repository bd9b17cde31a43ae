"""The HTTP edge: application factory, route class, problems, paging, generated specs."""
