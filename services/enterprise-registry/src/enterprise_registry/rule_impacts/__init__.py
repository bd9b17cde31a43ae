"""Rule impacts (政策影响测算): what a version of a pack changes for a population, as a durable job."""
