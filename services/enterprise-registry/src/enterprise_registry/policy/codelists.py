"""Every code list by one address: states, kinds, national standards, areas, chains, fields, lists of packs."""

from collections.abc import Callable, Iterable, Mapping

from enterprise_registry.authorisations.domain import SCOPES
from enterprise_registry.benefits.domain import MODES, ORIGINS
from enterprise_registry.benefits.domain import OUTCOMES as FINDINGS
from enterprise_registry.budgets.domain import ENTRY_KINDS as BUDGET_ENTRIES
from enterprise_registry.budgets.domain import SPENDERS
from enterprise_registry.finance.domain import OUTCOMES as NEED_OUTCOMES
from enterprise_registry.finance.domain import PRODUCTS, PURPOSES
from enterprise_registry.finance.pools.domain import ENTRY_KINDS as POOL_ENTRIES
from enterprise_registry.organisations.domain import KINDS, SCALES
from enterprise_registry.policy.library import Library
from enterprise_registry.policy.schemas import CodelistEntry, CodelistOut, CodelistSummary, PolicyName
from enterprise_registry.recognitions.domain import SOURCES
from kechuang.codes import Code, areas, disciplines, industries
from kechuang.errors import NotFound
from kechuang.states import Machine
from kechuang.text import Text

_Entries = Callable[[], Iterable[CodelistEntry]]


class Codelists:
    """The lists of one service process."""

    def __init__(self, shelf: Library, machines: Iterable[Machine]) -> None:
        self._lists: dict[str, tuple[Text, str, _Entries]] = {}
        for machine in machines:
            title = Text(f"{machine.resource} 状态", f"States of {machine.resource}")
            self._texts(f"{machine.resource}.state", title, machine.states)
            verbs = {each.name: each.label for each in machine.verbs}
            self._texts(
                f"{machine.resource}.verb",
                Text(f"{machine.resource} 操作", f"Verbs of {machine.resource}"),
                verbs,
            )
        self._texts("organisation-kinds", Text("单位类型", "Kinds of organisations"), KINDS)
        self._texts("organisation-scales", Text("企业规模", "Size classes"), SCALES)
        self._texts("authorisation-scopes", Text("授权范围", "Scopes of authorisation"), SCOPES)
        self._texts("recognition-sources", Text("认定来源", "Sources of recognitions"), SOURCES)
        self._texts("benefit-modes", Text("兑现方式", "How benefits are granted"), MODES)
        self._texts("benefit-origins", Text("兑现来源", "How grants begin"), ORIGINS)
        self._texts("benefit-findings", Text("符合性结论", "Findings of benefits"), FINDINGS)
        self._texts("budget-spenders", Text("预算使用方", "Spenders of budgets"), SPENDERS)
        self._texts("budget-entries", Text("预算台账类型", "Rows of budgets"), BUDGET_ENTRIES)
        self._texts("finance-purposes", Text("融资用途", "Purposes of finance needs"), PURPOSES)
        self._texts("finance-products", Text("金融产品", "Loan products"), PRODUCTS)
        self._texts("finance-outcomes", Text("对接结果", "Outcomes of finance needs"), NEED_OUTCOMES)
        self._texts("risk-pool-entries", Text("补偿池台账类型", "Rows of risk pools"), POOL_ENTRIES)
        self._codes("gbt-4754", Text("国民经济行业分类", "Industries"), "GB/T 4754-2017", industries())
        self._codes("gbt-13745", Text("学科分类与代码", "Disciplines"), "GB/T 13745-2009", disciplines())
        self._codes("gbt-2260", Text("行政区划代码", "Divisions"), "GB/T 2260", areas())
        self._from_packs(shelf)

    def all(self) -> list[CodelistSummary]:
        """Name every list."""
        return [
            CodelistSummary(code=code, name=PolicyName(zh=title.zh, en=title.en), source=source)
            for code, (title, source, _) in sorted(self._lists.items())
        ]

    def get(self, code: str) -> CodelistOut:
        """Give one list with its codes, or refuse."""
        if code not in self._lists:
            raise NotFound(Text("没有这个代码表。", "There is no such code list."))
        title, source, entries = self._lists[code]
        return CodelistOut(
            code=code, name=PolicyName(zh=title.zh, en=title.en), source=source, codes=list(entries())
        )

    def _texts(self, code: str, title: Text, texts: Mapping[str, Text]) -> None:
        self._lists[code] = (
            title,
            "enterprise-registry",
            lambda: (_entry(key, each.zh, each.en) for key, each in texts.items()),
        )

    def _codes(self, code: str, title: Text, source: str, codes: Mapping[str, Code]) -> None:
        self._lists[code] = (
            title,
            source,
            lambda: (_entry(key, each.name.zh, each.name.en, each.parent) for key, each in codes.items()),
        )

    def _from_packs(self, shelf: Library) -> None:
        """Chains and fields are of one city: their codes carry the pack, `chains.<pack>`."""
        places = shelf.areas()
        self._lists["areas"] = (
            Text("区域", "Areas"),
            "policy packs",
            lambda: (
                _entry(key, area.name.zh, area.name.en, area.parents[0] if area.parents else None)
                for key, (_, area) in places.items()
            ),
        )
        for pack in shelf.latest():
            for part, zh, items in (
                ("chains", "产业链与集群", pack.chains.chains),
                ("fields", "技术领域", pack.fields.fields),
                ("register-kinds", "名册类别", pack.registers.kinds),
                ("alliance-kinds", "联盟类别", pack.alliances.alliances),
            ):
                if items:
                    entries = [_entry(each.code, each.name.zh, each.name.en) for each in items]
                    title = Text(f"{zh}（{pack.header.title.zh}）", f"{part.capitalize()} of {pack.id}")
                    self._lists[f"{part}.{pack.id}"] = (title, pack.id, entries.copy)
            for listed in pack.codelists.codelists:
                entries = [_entry(each.code, each.name.zh, each.name.en) for each in listed.codes]
                title = Text(listed.name.zh, listed.name.en)
                self._lists.setdefault(listed.code, (title, pack.id, entries.copy))


def _entry(code: str, zh: str, en: str, parent: str | None = None) -> CodelistEntry:
    return CodelistEntry(code=code, zh=zh, en=en, parent=parent)
