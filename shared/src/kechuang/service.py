"""What one service consists of; `main.py` and `worker.py` of a service are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kechuang.access import PermissionTable
from kechuang.text import Text

if TYPE_CHECKING:  # these modules import this one
    from collections.abc import Awaitable, Callable

    from fastapi import APIRouter

    from kechuang.http.resource import ResourceRouter
    from kechuang.jobs import JobKind
    from kechuang.messaging.handlers import AnyHandler
    from kechuang.resources import Resource
    from kechuang.timers import TimerHandler


@dataclass(frozen=True)
class Service:
    """A service: its names, its resources, and everything that its processes run.

    `words` names the fields of its answers in both languages: the headings of an exported table.
    """

    name: str
    code: str
    package: str
    title: Text
    summary: Text
    metadata: sa.MetaData
    permissions: PermissionTable
    resources: "Sequence[Resource[Any]]" = ()
    routers: "Sequence[APIRouter | ResourceRouter[Any, Any]]" = ()
    handlers: "Sequence[AnyHandler]" = ()
    timers: "Mapping[str, TimerHandler]" = field(default_factory=dict)
    jobs: "Mapping[str, JobKind]" = field(default_factory=dict)
    words: "Mapping[str, Text]" = field(default_factory=dict)
    on_start: "Sequence[Callable[[Any], Awaitable[None]]]" = ()

    def resource(self, name: str) -> "Resource[Any]":
        """Find a resource by its address."""
        return next(each for each in self.resources if each.name == name)
