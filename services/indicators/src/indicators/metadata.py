"""The tables of this service."""

import sqlalchemy as sa

metadata = sa.MetaData()
