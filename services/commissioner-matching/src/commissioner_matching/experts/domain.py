"""An expert (专家): a person who may sit on panels, as one or several kinds."""

from collections.abc import Sequence
from dataclasses import dataclass

from commissioner_matching.enrolments.domain import Enrolment, machine

MACHINE = machine("experts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert(Enrolment):
    """An enrolment as expert. `kinds` (technical, management, financial), best first."""

    kinds: Sequence[str]
