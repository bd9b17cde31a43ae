"""The tables of this service, and what it remembers of organisations."""

import sqlalchemy as sa

from kechuang_procedure.parties import Parties

metadata = sa.MetaData()
parties = Parties(metadata)
