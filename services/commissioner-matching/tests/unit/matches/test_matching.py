"""Matching finds the right people, says why to the digit, and names everybody it leaves out."""

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from commissioner_matching.matches.model import Candidate, Conflict, Match, Need, Weights
from commissioner_matching.matches.ranking import rank
from commissioner_matching.matches.semantic import SemanticIndex
from commissioner_matching.matches.structured import discipline_likeness, exclusions
from commissioner_matching.matches.text import TextIndex, Work, terms, work_shares

DAY = date(2024, 4, 1)

# Six fields with words of their own; every text mixes them with words that all fields use.
FIELDS = {
    "电池": "固态电解质 锂离子电池 正极材料 负极包覆 界面阻抗 循环寿命 快充性能 电芯一致性 隔膜涂布 热失控",
    "陈皮": "新会陈皮 柑普茶 黄酮提取 挥发油 陈化工艺 柑橘栽培 霉菌防控 果皮干燥 多甲氧基黄酮 道地药材",
    "机床": "五轴加工 数控系统 主轴热误差 滚珠丝杠 刀具磨损 伺服驱动 精度补偿 铣削颤振 齿轮磨床 工业机器人",
    "水产": "鳗鱼养殖 对虾病害 循环水养殖 饲料添加剂 苗种繁育 水质调控 弧菌检测 罗非鱼 尾水处理 疫苗免疫",
    "造纸": "纸浆漂白 废纸脱墨 施胶剂 涂布白度 黑液回收 纤维素酶 湿强剂 生活用纸 木质素 白水封闭",
    "光伏": "钙钛矿组件 硅片切割 逆变器 光伏支架 银浆印刷 减反射膜 组串监测 储能并网 电池片钝化 背板老化",
}
COMMON = [
    "研究",
    "方法",
    "工艺",
    "优化",
    "关键技术",
    "应用",
    "系统",
    "性能",
    "提高",
    "产业化",
    "示范",
    "企业",
    "需求",
    "设计",
    "检测",
    "成本",
    "效率",
    "质量",
    "制备",
    "分析",
]


def text_of(field: str, rng: random.Random, words: int = 14) -> str:
    own = FIELDS[field].split()
    return "".join(rng.choice(own) if rng.random() < 0.4 else rng.choice(COMMON) for _ in range(words))


def corpus(persons_each: int = 10, seed: int = 1) -> list[Work]:
    rng = random.Random(seed)
    return [
        Work(f"{field}{person}-成果{number}", f"{field}{person}", text_of(field, rng))
        for field in FIELDS
        for person in range(persons_each)
        for number in range(rng.randrange(1, 7))
    ]


def candidate(name: str, **changes: object) -> Candidate:
    return replace(Candidate(name, "enterprise", ("企业科技特派员",), 2), **changes)  # type: ignore[arg-type]


WORKS = corpus()
INDEX = TextIndex.build(WORKS)
PEOPLE = [candidate(person) for person in INDEX.persons]
NEED = Need("N-1", "某电池公司", "固态电解质与正极材料之间界面阻抗高,循环寿命不足,需要优化工艺", DAY)


def names(matches: Sequence[Match]) -> list[str]:
    return [match.candidate for match in matches]


def test_terms_are_characters_pairs_and_words() -> None:
    assert terms("锂电池") == ["锂", "电", "池", "锂电", "电池"]
    assert terms("用LiFePO4 正极 Cathode Material") == [
        "用", "lifepo4", "正", "极", "正极", "cathode", "material", "cathode material",
    ]  # fmt: skip
    assert terms("ABC-1 2.0 C++") == ["abc-1", "2.0", "c", "abc-1 2.0", "2.0 c"]
    assert terms("——!?") == []


@pytest.mark.parametrize("field", FIELDS)
def test_people_of_the_needs_field_come_first(field: str) -> None:
    hits = 0
    for seed in range(20):
        need = replace(NEED, text=text_of(field, random.Random(1000 + seed), words=10))
        found = names(rank(need, PEOPLE, INDEX, Weights(), seed="s", limit=5).matches)
        hits += sum(name.startswith(field) for name in found)
    assert hits >= 95  # of 100


def test_latin_words_find_people_too() -> None:
    works = [
        *WORKS,
        Work("en-1", "林", "Solid electrolyte interface of lithium metal anode"),
        Work("en-2", "谭", "Shrimp disease and water quality"),
    ]
    index = TextIndex.build(works)
    need = replace(NEED, text="solid electrolyte with low impedance")
    assert names(rank(need, [candidate("谭"), candidate("林")], index, Weights(), seed="s").matches) == [
        "林",
        "谭",
    ]


def assert_adds_up(match: Match) -> None:
    reasons = match.reasons
    assert match.score == reasons.text + sum(field.contribution for field in reasons.fields)
    by_terms = reasons.baseline + sum(term.contribution for term in reasons.terms)
    assert reasons.text == by_terms + reasons.other_terms + reasons.semantic
    assert reasons.text == sum(work.contribution for work in reasons.works) + reasons.other_works


@given(st.sampled_from(sorted(FIELDS)), st.integers(0, 10_000), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_reasons_add_up_to_the_score_both_ways(field: str, seed: int, blend: float) -> None:
    need = replace(NEED, text=text_of(field, random.Random(seed)), place=("44", "4407", "440703"))
    for match in rank(need, PEOPLE, INDEX, Weights(blend=blend), seed="s", limit=60).matches:
        assert_adds_up(match)
        # what is not shown is real too: few persons share more than ten terms, and none of it is negative
        assert match.reasons.other_terms >= -10
        if len(match.reasons.terms) < 10:
            assert abs(match.reasons.other_terms) <= 10


def test_the_terms_that_made_the_score_are_those_both_texts_have() -> None:
    best = rank(NEED, PEOPLE, INDEX, Weights(), seed="s").matches[0]
    asked = set(terms(NEED.text))
    offered = {term for work in WORKS if work.person == best.candidate for term in terms(work.text)}
    assert best.reasons.terms
    for term in best.reasons.terms:
        assert term.term in asked & offered
        assert term.contribution > 0
    assert all(set(work.terms) <= asked for work in best.reasons.works)
    assert [work.work.split("-")[0] for work in best.reasons.works] == [best.candidate] * len(
        best.reasons.works
    )


def test_the_score_is_that_of_the_plain_definition() -> None:
    """The index against TF-IDF written out: dense vectors, mean of all works blended with the best three."""
    vocabulary = sorted({term for work in WORKS for term in terms(work.text)})
    documents = [terms(work.text) for work in WORKS]
    df = {term: sum(term in set(document) for document in documents) for term in vocabulary}

    def vector(tokens: list[str]) -> NDArray[np.float64]:
        known = {term: tokens.count(term) for term in set(tokens)}
        weight = {
            term: (1 + np.log(count)) * (np.log((1 + len(WORKS)) / (1 + df.get(term, 0))) + 1)
            for term, count in known.items()
        }
        length = np.sqrt(sum(value**2 for value in weight.values()))
        return np.array([weight.get(term, 0.0) / length for term in vocabulary])

    asked = vector(terms(NEED.text))
    weights = Weights(fields=(), blend=0.3)
    scores = dict(rank(NEED, PEOPLE, INDEX, weights, seed="s").scores)
    for person in INDEX.persons[::7]:
        cosines = sorted(
            (float(vector(terms(w.text)) @ asked) for w in WORKS if w.person == person), reverse=True
        )
        mean, best = np.mean(cosines), np.mean(cosines[:3])
        z = (0.7 * mean + 0.3 * best - INDEX.calibration.mean) / INDEX.calibration.deviation
        assert scores[person] == pytest.approx(float(z) * weights.text, abs=1)


def test_calibration_is_of_works_of_different_persons() -> None:
    similarities = [
        INDEX.cosines(INDEX.query(work.text))[INDEX.work_person != INDEX.persons.index(work.person)]
        for work in sorted(WORKS, key=lambda each: (each.person, each.id))
    ]
    everything = np.concatenate(similarities)
    assert INDEX.calibration.mean == pytest.approx(everything.mean())
    assert INDEX.calibration.deviation == pytest.approx(everything.std())


@given(st.lists(st.floats(-3, 3), min_size=len(WORKS), max_size=len(WORKS)), st.floats(0, 1))
@settings(max_examples=20)
def test_shares_of_a_persons_works_add_up_to_one(work_values: list[float], blend: float) -> None:
    shares = work_shares(INDEX, np.array(work_values), blend=blend)
    assert np.add.reduceat(shares, INDEX.person_starts[:-1]) == pytest.approx(np.ones(len(INDEX.persons)))
    assert (shares >= 0).all()


def test_many_middling_works_do_not_hide_three_good_ones() -> None:
    good = [Work(f"g{n}", "专精者", "固态电解质界面阻抗循环寿命") for n in range(3)]
    others = [Work(f"h{n}", "专精者", "农村科普宣传") for n in range(30)]
    plain = [Work(f"p{n}", "泛泛者", "固态电解质概论与农村科普宣传活动") for n in range(3)]
    index = TextIndex.build([*WORKS, *good, *others, *plain])
    people = [candidate("专精者"), candidate("泛泛者")]
    by_mean = rank(NEED, people, index, Weights(blend=0.0), seed="s").matches
    by_best = rank(NEED, people, index, Weights(blend=1.0), seed="s").matches
    assert names(by_mean) == ["泛泛者", "专精者"]
    assert names(by_best) == ["专精者", "泛泛者"]


def test_same_inputs_same_answer_whatever_the_order() -> None:
    first = rank(NEED, PEOPLE, INDEX, Weights(), seed="2024-04")
    shuffled = random.Random(3).sample(PEOPLE, len(PEOPLE))
    rebuilt = TextIndex.build(random.Random(4).sample(WORKS, len(WORKS)))
    second = rank(NEED, shuffled, rebuilt, Weights(), seed="2024-04")
    assert second.scores == first.scores
    assert names(second.matches) == names(first.matches)


def test_ties_favour_nobody() -> None:
    people = [candidate(f"新人{number}") for number in range(6)]
    firsts = {rank(NEED, people, INDEX, Weights(), seed=str(seed)).matches[0].candidate for seed in range(60)}
    assert firsts == {person.id for person in people}
    assert rank(NEED, people, INDEX, Weights(), seed="1") == rank(
        NEED, people[::-1], INDEX, Weights(), seed="1"
    )


@pytest.mark.parametrize(
    ("asked", "offered", "likeness"),
    [
        ("430", "430.4030", 1000),
        ("430.40", "430.4030", 1000),
        ("430.4030", "430.4030", 1000),
        ("430.4030", "430.40", 700),
        ("430.4030", "430.4099", 700),
        ("430.40", "430.55", 400),
        ("430.40", "430", 400),
        ("430.40", "460.10", 100),
        ("210.50", "240.10", 100),
        ("430.40", "150.20", 0),
        ("630.10", "710.10", 0),
    ],
)
def test_disciplines_are_alike_by_level_and_group(asked: str, offered: str, likeness: int) -> None:
    assert discipline_likeness(asked, offered) == likeness


def test_each_field_moves_the_score_by_its_declared_weight() -> None:
    need = replace(
        NEED,
        disciplines=("430.40",),
        chains=("新能源电池",),
        place=("44", "4407", "440703"),
        kinds=("enterprise",),
    )
    plain = candidate("甲", kind="rural", load=2, capacity=4, rating=0)
    base = rank(need, [plain], INDEX, Weights(), seed="s").matches[0]
    changes: list[tuple[dict[str, object], int]] = [
        ({"disciplines": ("430.4030", "110")}, 300_000),
        ({"disciplines": ("430.10",)}, 120_000),
        ({"chains": ("新能源电池", "造纸")}, 200_000),
        ({"place": ("44", "4407", "440703")}, 80_000),
        ({"place": ("44", "4407", "440704")}, 48_000),
        ({"place": ("44", "4401")}, 24_000),
        ({"place": ("43",)}, 0),
        ({"kind": "enterprise"}, 100_000),
        ({"resolved": 8, "ended": 8}, 48_000),
        ({"resolved": 0, "ended": 8}, -48_000),
        ({"load": 0}, 30_000),
        ({"rating": 500}, 80_000),
        ({"rating": None}, 40_000),
    ]
    for change, difference in changes:
        match = rank(need, [replace(plain, **change)], INDEX, Weights(), seed="s").matches[0]  # type: ignore[arg-type]
        assert match.score - base.score == difference, change
        assert_adds_up(match)


def test_everybody_left_out_is_named_with_every_reason() -> None:
    tie = Conflict("某电池公司", "持股5%", "工商登记2024-01", valid_to=date(2024, 4, 1))
    need = replace(NEED, programme="企业科技特派员")
    people = [
        candidate("甲", conflicts=(tie,)),
        candidate("乙", load=2),
        candidate("丙", suspended="年度考核不合格"),
        candidate("丁", programmes=("农村科技特派员",), load=3, conflicts=(tie,)),
        candidate(
            "戊", conflicts=(replace(tie, valid_to=date(2024, 3, 31)), replace(tie, organisation="别家"))
        ),
    ]
    result = rank(need, people, INDEX, Weights(), seed="s")
    assert names(result.matches) == ["戊"]
    assert {each.candidate: [reason.code for reason in each.reasons] for each in result.excluded} == {
        "甲": ["conflict_of_interest"],
        "乙": ["over_capacity"],
        "丙": ["suspended"],
        "丁": ["conflict_of_interest", "over_capacity", "wrong_programme"],
    }
    assert result.considered == len(result.scores) + len(result.excluded)
    reason = exclusions(need, people[0])[0]
    assert (reason.evidence, "持股5%" in reason.zh, bool(reason.en)) == ("工商登记2024-01", True, True)


def test_a_candidate_without_works_or_a_need_without_known_words_is_still_ranked() -> None:
    for need in (NEED, replace(NEED, text=""), replace(NEED, text="zzz qqq")):
        result = rank(need, [candidate("无成果者"), *PEOPLE[:3]], INDEX, Weights(), seed="s")
        assert len(result.matches) == 4
        for match in result.matches:
            assert_adds_up(match)
    empty = rank(NEED, PEOPLE[:2], TextIndex.build([]), Weights(), seed="s")
    assert len(empty.matches) == 2
    unlike = rank(NEED, [candidate("无成果者"), *PEOPLE], INDEX, Weights(), seed="s")
    assert min(unlike.scores, key=lambda each: each[1])[1] == dict(unlike.scores)["无成果者"]


class HashedCharacters:
    """A small real embedding: a signed random projection of character counts. Enough to test the seam."""

    name = "hashed-characters-64"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for character in text:
                code = hashlib.sha256(character.encode()).digest()
                row[code[0] % 64] += 1 if code[1] & 1 else -1
        return rows


def test_an_embedding_adds_its_half_and_the_reasons_still_add_up() -> None:
    semantic = SemanticIndex.build(HashedCharacters(), INDEX, WORKS)
    with_it = rank(NEED, PEOPLE, INDEX, Weights(), seed="s", semantic=semantic, limit=60)
    without = rank(NEED, PEOPLE, INDEX, Weights(), seed="s", limit=60)
    assert (with_it.embedder, without.embedder) == ("hashed-characters-64", "none")
    assert with_it.scores != without.scores
    assert any(match.reasons.semantic for match in with_it.matches)
    assert not any(match.reasons.semantic for match in without.matches)
    for match in with_it.matches:
        assert_adds_up(match)
    assert sum(name.startswith("电池") for name in names(with_it.matches)[:5]) >= 4
    with pytest.raises(ValueError, match="same works"):
        SemanticIndex.build(HashedCharacters(), INDEX, WORKS[1:])


def test_a_need_against_a_thousand_persons_is_quick() -> None:
    """A fifth of the size that is measured by hand (5,000 persons × 5 works), with a wide margin for a busy machine."""
    rng = random.Random(9)
    works = [
        Work(f"w{p}-{n}", f"p{p}", text_of(rng.choice(sorted(FIELDS)), rng))
        for p in range(1000)
        for n in range(5)
    ]
    index = TextIndex.build(works)
    people = [candidate(person) for person in index.persons]
    started = time.process_time()
    rank(NEED, people, index, Weights(), seed="s")
    assert time.process_time() - started < 0.5
