"""Policy packs as this service asks them: the pack of a city, its places, ladder, forms and periods."""
