"""What the owner of a technical need is told of it."""

from typing import Any

from commissioner_matching import packs
from commissioner_matching.technical_needs.domain import Need
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang_procedure.messages import tell


def tell_owner(uow: UnitOfWork, need: Need, event: str, **values: Any) -> None:
    """Send the city's message for `technical-need.<event>`; never the confidential part."""
    recipients = {"organisation": access.owner(need.organisation)[:1]}
    tell(
        uow, packs.loaded(uow), need, "technical-needs", f"technical-need.{event}", recipients,
        title=need.title, **values,
    )  # fmt: skip
