"""What officers decide about a filing: return it, verify it; and what its verification brings about."""

from datetime import date, timedelta

from enterprise_registry.filing_windows.feature import filing_windows
from enterprise_registry.filings.checks import Checked, totals
from enterprise_registry.filings.classify import classify_after
from enterprise_registry.filings.domain import Filing
from enterprise_registry.filings.store import filings
from enterprise_registry.filings.use_cases import form_of
from enterprise_registry.messages import notify
from enterprise_registry.metadata import tell
from enterprise_registry.procedure import with_due_day
from kechuang.db.unit import UnitOfWork
from kechuang.timers import Timer
from kechuang_contracts import enterprise_registry as events
from kechuang_procedure.returns import ReturnForCorrection, in_one_line, is_due, returned

LAPSE = "filings.lapse"


async def return_(uow: UnitOfWork, record_id: str, body: ReturnForCorrection) -> Filing:
    """Return once, with everything that is to be corrected; it lapses at the due day."""
    filing = await filings.load(uow, record_id, "return")
    earlier = [dict(each) for each in filing.returns]
    body = with_due_day(uow, filing.pack, body)
    noted = returned(uow, filing, body, step="verify", earlier=earlier, timer=LAPSE)
    changed = await filings.change(uow, filing, "return", returns=noted)
    await filing_windows.follow(uow, changed)
    notify(
        uow, changed, "filings", "filing.returned", title=form_of(uow, filing).name.zh, period=filing.period,
        due_on=noted[-1]["due_on"], reasons=in_one_line(noted[-1]),
    )  # fmt: skip
    return changed


async def verify(uow: UnitOfWork, record_id: str, reason: str | None) -> Filing:
    """The county accepts the figures: from now on assessments rest on them; a corrected filing is superseded."""
    filing = await filings.load(uow, record_id, "verify")
    uow.reason = reason
    verified = await filings.change(uow, filing, "verify", verified_on=uow.today)
    await filing_windows.follow(uow, verified)
    await tell_verified(uow, verified)
    await classify_after(uow, [verified])
    return verified


async def tell_verified(uow: UnitOfWork, verified: Filing) -> None:
    """Tell that a filing's figures are accepted, here or elsewhere; what it corrects goes out of force."""
    counted_on = await _superseded(uow, verified)
    form = form_of(uow, verified)
    stated = Checked(form, verified.period, verified.facts, verified.rd_projects)
    await tell(
        uow,
        events.FilingVerified(
            city=verified.city, division=verified.division, zones=list(verified.zones),
            organisation=verified.organisation or "", form=verified.form, period=verified.period,
            statistical=verified.statistical, supersedes=verified.supersedes, verified_on=uow.today,
            counted_on=counted_on, totals=totals(stated),
        ),
        aggregate=verified.id, version=verified.version,
    )  # fmt: skip
    notify(uow, verified, "filings", "filing.verified", title=form.name.zh, period=verified.period)


async def _superseded(uow: UnitOfWork, verified: Filing) -> date:
    """Take what a correction corrects out of force; gives the day on which the figures count.

    That is the day the first of a chain of corrections was verified: a period is counted once, where it was
    counted first.
    """
    wrong = await _corrected(uow, verified, lock=True)
    if wrong is None:
        return uow.today
    first = wrong
    while (earlier := await _corrected(uow, first)) is not None:
        first = earlier
    day = first.verified_on or uow.today
    if wrong.state == "verified":
        gone = await filings.change(uow, wrong, "supersede", implied=True)
        await tell(
            uow,
            events.FilingSuperseded(
                city=gone.city, division=gone.division, zones=list(gone.zones),
                organisation=gone.organisation or "", form=gone.form, period=gone.period,
                statistical=gone.statistical, by=verified.id, superseded_on=day - timedelta(days=1),
            ),
            aggregate=gone.id, version=gone.version,
        )  # fmt: skip
    return day


async def _corrected(uow: UnitOfWork, filing: Filing, *, lock: bool = False) -> Filing | None:
    """The filing that this one corrects."""
    if filing.supersedes is None:
        return None
    return await filings.lookup_one(uow, lock=lock, id=filing.supersedes)


async def lapse(uow: UnitOfWork, timer: Timer) -> None:
    """The due day of a return has passed without resubmission."""
    filing = await filings.lookup_one(uow, lock=True, id=timer.record_id)
    if filing is not None and filing.state == "returned" and is_due(filing.returns, uow.today):
        await filing_windows.follow(uow, await filings.change(uow, filing, "lapse"))
