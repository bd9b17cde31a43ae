"""Work items (待办): what waits for whom, in all services."""
