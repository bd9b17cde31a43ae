"""The tables of this service, what it remembers of organisations, and its notices and objections."""

import sqlalchemy as sa

from kechuang.text import Text
from kechuang_procedure.notices import Notices
from kechuang_procedure.objections import Objections
from kechuang_procedure.parties import Parties
from project_bidding.packs import loaded

metadata = sa.MetaData()
parties = Parties(metadata)
call_notices = Notices(
    metadata,
    resource="call-notices",
    singular="call_notice",
    table="call_notice",
    prefix="CN",
    title=Text("拟立项公示", "Call notice"),
    packs=loaded,
)
objections = Objections(
    metadata, call_notices, resource="objections", singular="objection", table="objection", prefix="OB"
)
