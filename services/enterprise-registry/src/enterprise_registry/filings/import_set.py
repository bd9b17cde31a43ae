"""A chunk of imported filings by set: what the rules need is read at once, judged row by row, written at once.

The rules are those of a filing that is made and submitted alone (`use_cases`, `checks`). An imported filing has no
receipt: nobody handed it in; the job's report says what was taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filing_windows.following import Asking, asking_all, follow_new
from enterprise_registry.filings.checks import Checked, check_fields
from enterprise_registry.filings.classify import classify_after
from enterprise_registry.filings.deciding import tell_verified
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.periods import before
from enterprise_registry.filings.projects import kept
from enterprise_registry.filings.store import filings
from enterprise_registry.filings.use_cases import (
    already_filed,
    correction_pending,
    faults,
    missing_materials,
    not_beside,
    refuse_faults,
    require_period,
    values_of,
)
from enterprise_registry.metadata import alone_all, parties
from enterprise_registry.policy.library import Library, library, stamp
from kechuang import access
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, Refusal
from kechuang.http.import_rows import in_waves
from kechuang.http.imports import Asked, OnMatch, Outcome, Taken
from kechuang.records_many import create_many
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure.parties import Party, require_active

if TYPE_CHECKING:
    from enterprise_registry.filings.imports import FilingRow

Key = tuple[str, str]
"""Organisation and period; the form is the import's."""

_GONE = ("withdrawn", "lapsed", "superseded")


async def take_all(uow: UnitOfWork, rows: Sequence["FilingRow"], asked: Asked) -> list[Taken | Refusal]:
    """Take a chunk; a second row for the same filing is taken after the first, as if it came with a later file."""
    return await in_waves(
        rows, lambda row: (row.organisation, row.period), lambda wave: _take_wave(uow, wave, asked)
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What the rules compare a chunk's rows with. Filings are by form, organisation and period."""

    form: str
    shelf: Library
    forms: Mapping[str, tuple[Pack, FormDefinition]]
    owners: Mapping[str, Party]
    filed: Mapping[tuple[str, str, str], Sequence[Filing]]
    windows: Mapping[Key, Asking]

    def live(self, key: Key) -> tuple[Filing | None, Filing | None]:
        """The verified filing of an organisation and period, and the one in hand."""
        found = [each for each in self.filed.get((self.form, *key), ()) if each.state not in _GONE]
        verified = next((each for each in found if each.state == "verified"), None)
        return verified, next((each for each in found if each is not verified), None)


async def _held(uow: UnitOfWork, code: str, rows: Sequence["FilingRow"]) -> _Held:
    shelf = library(uow)
    owners = await parties.find_many(uow, {row.organisation for row in rows})
    forms: dict[str, tuple[Pack, FormDefinition]] = {}
    for city in {each.city for each in owners.values() if each.city is not None}:
        pack = shelf.city_pack(city, uow.today)
        form = shelf.packs.visible(pack).forms.get(code) if pack is not None else None
        if pack is not None and form is not None:
            forms[city] = pack, form
    periods = {row.period for row in rows}
    codes = {code}
    for _, form in forms.values():
        codes |= {form.beside} if form.beside else set()
        periods |= _earlier(form, periods)
    filed = await _filed(uow, codes, owners, periods)
    windows = await asking_all(uow, code, owners.keys(), periods)
    return _Held(code, shelf, forms, owners, filed, windows)


def _earlier(form: FormDefinition, periods: set[str]) -> set[str]:
    found = set()
    for period in periods:
        try:
            found.add(before(period, form.period))
        except ValueError:  # the row is refused for it
            continue
    return found


async def _filed(
    uow: UnitOfWork, codes: set[str], owners: Mapping[str, Party], periods: set[str]
) -> dict[tuple[str, str, str], list[Filing]]:
    table = filings.table
    found = await uow.execute(
        sa.select(*filings.columns)
        .where(
            table.c.organisation == sa.any_(sa.literal(list(owners), ARRAY(sa.Text))),
            table.c.form.in_(codes),
            table.c.period == sa.any_(sa.literal(list(periods), ARRAY(sa.Text))),
        )
        .order_by(table.c.id)
    )
    grouped: dict[tuple[str, str, str], list[Filing]] = {}
    for each in map(filings.row, found):
        grouped.setdefault((each.form, each.organisation or "", each.period), []).append(each)
    return grouped


@dataclass(frozen=True, slots=True)
class _Good:
    """A row that may be written: the filing, and the verified one that it corrects."""

    number: int
    filing: Filing
    wrong: Filing | None


async def _take_wave(uow: UnitOfWork, rows: Sequence["FilingRow"], asked: Asked) -> list[Taken | Refusal]:
    """Take rows of which each is for another filing."""
    options = asked.options or {}
    code, accepted = str(options["form"]), bool(options["accepted"])
    await alone_all(uow, (("filing", row.organisation, code, row.period) for row in rows))
    held = await _held(uow, code, rows)
    answers: dict[int, Taken | Refusal] = {}
    good: list[_Good] = []
    for number, row in enumerate(rows):
        try:
            judged = _judge(uow, held, row, asked.on_match, accepted=accepted)
        except Refusal as refusal:
            answers[number] = refusal
            continue
        if isinstance(judged, Taken):
            answers[number] = judged
        else:
            good.append(_Good(number, *judged))
    answers |= await _write(uow, good, accepted=accepted)
    return [answers[number] for number in range(len(rows))]


def _judge(
    uow: UnitOfWork, held: _Held, row: "FilingRow", on_match: OnMatch, *, accepted: bool
) -> Taken | tuple[Filing, Filing | None]:
    """Give the filing to be made and what it corrects, or what was there; refuse with everything that is wrong."""
    action = "receive" if accepted else "import"
    owner = held.owners.get(row.organisation)
    if owner is not None and not uow.permissions.permits(
        uow.actor, f"filings:{action}", access.place(owner.city, owner.division, *owner.zones)
    ):
        owner = None  # of another county: told as if it were not there
    owner = require_active(owner, "/organisation")
    pack = held.shelf.require_city_pack(owner.city, uow.today, "/organisation")
    form = held.shelf.form(pack, held.form)
    require_period(form, row.period, uow.today)
    projects = kept(row.rd_projects)
    checked = _checked(uow, held, form, row, projects)
    errors = faults(form, row.facts, projects, complete=True)
    broken, warnings = check_fields(checked)
    if form.beside is not None and not checked.beside:
        warnings.append(not_beside(uow, stamp(pack), form.beside))
    refuse_faults([*errors, *broken, *(() if accepted else missing_materials(form, set()))])
    key = (row.organisation, row.period)
    wrong, in_hand = held.live(key)
    met = _met(wrong, in_hand, on_match, row, projects)
    if met is not None:
        return met
    window = held.windows.get(key)
    filing = filings.prepare(
        uow, verb=action, state="verified" if accepted else "submitted",
        organisation=row.organisation, city=owner.city, division=owner.division, zones=list(owner.zones),
        handlers=[uow.actor.subject], pack=stamp(pack), form=form.code, form_version=form.version,
        period=row.period, statistical=form.statistical, facts=row.facts, rd_projects=projects, attachments=[],
        warnings=warnings, returns=[], window=window.id if window else None,
        late=wrong is None and window is not None and window.closes_at <= uow.now,
        supersedes=wrong.id if wrong else None,
        submitted_on=uow.today, verified_on=uow.today if accepted else None,
    )  # fmt: skip
    return filing, wrong


def _checked(
    uow: UnitOfWork,
    held: _Held,
    form: FormDefinition,
    row: "FilingRow",
    projects: Sequence[Mapping[str, object]],
) -> Checked:
    """A row with what its checks compare it with, as `use_cases.submit` finds it for one filing."""
    earlier = held.filed.get((form.code, row.organisation, before(row.period, form.period)), ())
    verified = next((each for each in earlier if each.state == "verified"), None)
    beside = held.filed.get((form.beside or "", row.organisation, row.period), ())
    handed_in = [each for each in beside if each.state in ("submitted", "verified")]
    return Checked(
        form, row.period, row.facts, projects,
        before=values_of(uow, verified) if verified else {}, beside=values_of(uow, handed_in[-1]) if handed_in else {},
    )  # fmt: skip


def _met(
    verified: Filing | None, in_hand: Filing | None, on_match: OnMatch, row: "FilingRow",
    projects: Sequence[Mapping[str, object]],
) -> Taken | None:  # fmt: skip
    """What a filing of the same period means for a row; None when the row is to be written."""
    known = in_hand or verified
    if known is None:
        return None
    if on_match == "skip":
        return Taken("skipped", known.id)
    if on_match == "reject":
        raise already_filed(known)
    if verified is None:
        raise Conflict(
            Text("本期已有一份尚未核实的填报，请先核实或退回。",
                 "A filing of this period is in hand: verify it or return it first."),
            code="filing_in_hand",
        )  # fmt: skip
    if in_hand is not None:
        raise correction_pending(in_hand)
    same = verified.facts == row.facts and list(verified.rd_projects) == list(projects)
    return Taken("skipped", verified.id) if same else None


async def _write(uow: UnitOfWork, good: Sequence[_Good], *, accepted: bool) -> dict[int, Taken | Refusal]:
    for each in good:
        if each.wrong is not None:
            await filings.change(uow, each.wrong, "correct", implied=True)
    made = await create_many(
        filings, uow, "receive" if accepted else "import", [each.filing for each in good]
    )
    await follow_new(uow, (each for each in made if each.supersedes is None))
    for filing in made:
        if filing.supersedes is not None:
            await filing_windows.follow(uow, filing)
        if accepted:
            await tell_verified(uow, filing)
    if accepted:
        await classify_after(uow, made)
    outcomes: list[Outcome] = ["created" if each.wrong is None else "superseded" for each in good]
    return {
        each.number: Taken(outcome, filing.id)
        for each, outcome, filing in zip(good, outcomes, made, strict=True)
    }
