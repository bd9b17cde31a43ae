"""The register records of this service, and what it tells the others of them."""

from typing import Any

from enterprise_registry.messages import notify_to
from enterprise_registry.metadata import metadata, tell
from enterprise_registry.registers.rules import PackRules
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.messaging.events import Event
from kechuang.text import Text
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.registers import RegisterRecord, Registers, last_day
from kechuang_procedure.registers.steps import Answer, What


class EnterpriseRecords(Registers):
    """Registers that tell indicators what counts from when on."""

    async def announce(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> None:
        """Publish `register-record.confirmed` or `register-record.ended`."""
        await tell(uow, self._event(uow, record, what), aggregate=record.id, version=record.version)

    def answer(
        self, uow: UnitOfWork, record: RegisterRecord, outcome: Answer, reason: str | None = None
    ) -> None:
        """Send the pack's message to who reported: the host, or the organisation whose record it is a part of."""
        told = access.owner(record.reporter or record.organisation)[:1]
        notify_to(
            uow, record, self.RESOURCE.name, f"register-record.{outcome}", {"organisation": told},
            title=record.title, kind=self.kind(uow, record).name.zh, reasons=reason or "",
        )  # fmt: skip

    def _event(self, uow: UnitOfWork, record: RegisterRecord, what: What) -> Event:
        common: dict[str, Any] = {
            "city": record.city, "division": record.division, "zones": list(record.zones),
            "group": record.register, "kind": record.kind, "level": record.level,
            "organisation": record.organisation, "standing": record.standing,
        }  # fmt: skip
        if what == "ended":
            last = last_day(record.valid_to, record.ended_on)
            return events.RegisterRecordEnded(
                **common, outcome=record.outcome or "ended", ended_on=last or uow.today
            )
        kind = self.kind(uow, record)
        # Free text stays here: only codes and flags go into a payload.
        coded = [
            each
            for each in kind.dimensions
            if kind.properties[each].get("type") != "string" or "enum" in kind.properties[each]
        ]
        return events.RegisterRecordConfirmed(
            **common, parent=record.parent, chain=record.chain, valid_from=record.valid_from,
            valid_to=record.valid_to, pack=record.pack, supersedes=record.supersedes,
            dimensions={name: record.fields[name] for name in coded if name in record.fields},
        )  # fmt: skip


records = EnterpriseRecords(
    metadata, PackRules(), resource="enterprise-records", singular="enterprise_record",
    table="enterprise_record", prefix="ER", title=Text("名册记录", "Register record"),
)  # fmt: skip
