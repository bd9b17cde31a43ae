"""The part of a service's README that the code knows better: features, resources, events, timers, jobs."""

from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc, isclass
from pathlib import Path
from typing import Final

from kechuang.messaging.events import Event
from kechuang.service import Service
from kechuang_embedded.layout import CHECKOUT

BEGIN: Final = "<!-- from the code: python -m kechuang_embedded.docs write -->"
END: Final = "<!-- end of what is from the code -->"


def readme(service: Service) -> Path:
    """Where the service's README stands."""
    return CHECKOUT / "services" / service.name / "README.md"


def with_facts(text: str, service: Service) -> str:
    """Give a README's text with its part from the code made new."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{facts(service)}\n{END}{after}"


def facts(service: Service) -> str:
    """Give what the service's declaration and packages say."""
    return "\n".join(
        [
            *_table(("feature", "what it is"), _features(service)),
            *_table(("resource", "名称", "number"), _resources(service)),
            *_table(("event out", "when"), _events_out(service)),
            *_table(("event in", "handlers"), _events_in(service)),
            *_listed("Timers", service.timers),
            *_listed("Jobs", service.jobs),
        ]
    ).rstrip()


def _table(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _listed(title: str, names: object) -> Iterator[str]:
    found = ", ".join(f"`{each}`" for each in names) if isinstance(names, dict) else ""
    yield f"{title}: {found or 'none'}."
    yield ""


def _features(service: Service) -> Iterator[tuple[str, ...]]:
    package = import_module(service.package)
    for folder in sorted(Path(str(package.__file__)).parent.iterdir()):
        if (folder / "__init__.py").exists():
            doc = _first_line(getdoc(import_module(f"{service.package}.{folder.name}")))
            yield f"`{folder.name}`", doc


def _resources(service: Service) -> Iterator[tuple[str, ...]]:
    for each in service.resources:
        computed = each.table.c.number.computed
        prefix = str(computed.sqltext).split("'")[1] + "…" if computed is not None else "given"
        yield f"`{each.name}`", f"{each.title.zh} {each.title.en}", f"`{prefix}`"


def _events_out(service: Service) -> Iterator[tuple[str, ...]]:
    contracts = vars(import_module(f"kechuang_contracts.{service.package}")).values()
    declared = [
        each for each in contracts if isclass(each) and issubclass(each, Event) and "name" in vars(each)
    ]
    for each in sorted(declared, key=lambda event: event.subject()):
        yield f"`{each.aggregate_kind}.{each.name}.v{each.event_version}`", _first_line(getdoc(each))
    yield "`work-item.opened.v1`, `work-item.closed.v1`", "Somebody is expected to act, or no longer."
    yield "`audit-batch.closed.v1`", "A batch of audit rows was sealed."


def _events_in(service: Service) -> Iterator[tuple[str, ...]]:
    heard: dict[str, list[str]] = {}
    for each in service.handlers:
        heard.setdefault(each.event.subject().removeprefix("kechuang."), []).append(each.key)
    for subject, keys in sorted(heard.items()):
        yield f"`{subject}`", ", ".join(keys)


def _first_line(doc: str | None) -> str:
    return " ".join((doc or "").split("\n\n")[0].split())
