"""Applications (申报): for a node of the ladder, in an open window, decided by the city or elsewhere."""
