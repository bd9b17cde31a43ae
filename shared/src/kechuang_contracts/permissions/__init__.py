"""The permission table: role × action × scope, one file a service, read as one table.

Scopes are explained in `kechuang.access`. A verb of a resource is an action `<resource>:<verb>`; `read`
covers the list, the record, its history, actions and feed.
"""

from functools import cache

from kechuang.access import PermissionTable

FILES = (
    "shared",
    "enterprise-registry",
    "commissioner-matching",
    "project-bidding",
    "indicators",
    "portal",
)


@cache
def permissions() -> PermissionTable:
    """Load the whole table; raises ValueError for an unknown role or scope."""
    return PermissionTable.load(__name__, *FILES)
