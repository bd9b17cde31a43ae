"""Progress: values as of a day, judged against targets, with their provenance."""
