"""The embedded stack: PostgreSQL, NATS, Traefik, the issuer and the services on one machine."""
