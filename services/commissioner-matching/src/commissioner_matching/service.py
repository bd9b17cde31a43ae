"""commissioner-matching: what the service consists of."""

from commissioner_matching.metadata import metadata, parties
from commissioner_matching.technical_needs.routes import router as technical_needs
from commissioner_matching.technical_needs.store import NEEDS
from kechuang.service import Service
from kechuang.text import Text
from kechuang_contracts.permissions import permissions

SERVICE = Service(
    name="commissioner-matching",
    code="cm",
    package="commissioner_matching",
    title=Text("科技特派员与供需匹配", "commissioner matching"),
    summary=Text(
        "特派员与专家、技术需求、匹配、选派、专家抽取",
        "Commissioners and experts, technical needs, matching, dispatch, expert draws",
    ),
    metadata=metadata,
    permissions=permissions(),
    resources=(NEEDS,),
    routers=(technical_needs,),
    handlers=(*parties.handlers(),),
)
