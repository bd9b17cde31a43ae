"""Open competition for projects (揭榜挂帅)."""
