"""What a selection round does to its applications: the round ranks and decides, the application follows."""

from collections.abc import Iterable
from typing import Any

from enterprise_registry.applications.domain import Application
from enterprise_registry.applications.store import applications
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text


async def put_on_notice(uow: UnitOfWork, ids: Iterable[str], notice: str) -> None:
    """Note the round's notice on the applications it lists; 409 when one was withdrawn meanwhile."""
    for each in sorted(ids):
        found = await applications.lookup_one(uow, lock=True, id=each)
        if found is None or found.state not in ("city_reviewed", "public_notice"):
            raise Conflict(
                Text("拟定名单后有申报已撤回或变更，请重新拟定名单。",
                     "An application left the running since the list was made; shortlist again."),
                code="shortlist_outdated", extra={"number": found.number if found else None},
            )  # fmt: skip
        await applications.change(uow, found, "list", implied=True, notice=notice)


async def close(uow: UnitOfWork, application_id: str, verb: str, *, to: str, **values: Any) -> Application:
    """Write the round's decision on an application: `award` or `pass-over`."""
    found = await applications.lookup_one(uow, lock=True, id=application_id)
    assert found is not None, "an entry names an existing application"
    return await applications.change(uow, found, verb, implied=True, to=to, **values)
