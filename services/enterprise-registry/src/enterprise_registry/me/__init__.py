"""Who is calling: person, roles, organisations, areas, permitted actions."""
