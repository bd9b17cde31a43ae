"""What the services may know of each other: event payloads and the permission table.

One module a service. Payloads change only compatibly within a version, carry ids and facts and never
personal data or sealed content.
"""
