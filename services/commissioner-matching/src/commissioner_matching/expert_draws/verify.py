"""Repeats the record of an expert draw 专家抽取 and says what is wrong with it. Standard library only, one page.

    python verify.py record.json        prints nothing and exits 0 when the record holds

Written apart from `sequence.py`, on purpose: a mistake there is not repeated here.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any


def _sequence(key: str, names: list[str], algorithm: str) -> list[str]:
    names, order = list(names), []
    for i in range(len(names)):
        count = i.to_bytes(2, "big")
        value = hashlib.new(algorithm.removeprefix("rfc3797-"), count + key.encode() + count).hexdigest()
        order.append(names.pop(int(value, 16) % len(names)))
    return order


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"{number}." for number in sorted(value)) + "/"
    return re.sub("[^A-Z0-9]", "", value.upper()) + "/"


def _places(record: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """Who sits, by the published rules alone."""
    people = {each["id"]: each for each in record["pool"]}
    limit = record["rules"]["per_employer"] or len(order)
    free = {stratum["kind"]: stratum["places"] for stratum in record["rules"]["strata"]}
    seats: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    skipped: list[dict[str, Any]] = []

    def full(name: str) -> bool:
        same = [s for s in seats if people[s["candidate"]]["employer"] == people[name]["employer"]]
        return len(same) >= int(limit)

    def take(kind: str, name: str, replaces: str) -> None:
        seats.append(
            {"kind": kind, "candidate": name, "position": order.index(name) + 1, "replaces": replaces}
        )
        history.append(seats[-1])

    for position, name in enumerate(order, start=1):
        if not any(free.values()):
            break
        kinds = [kind for kind in people[name]["kinds"] if free.get(kind)]
        why = (
            "recused" if people[name]["recusal"] else "kind_full" if not kinds
            else "employer_limit" if full(name) else ""
        )  # fmt: skip
        if why:
            skipped.append({"candidate": name, "position": position, "reason": why})
        else:
            take(kinds[0], name, "")
            free[kinds[0]] -= 1
    unfilled = [kind for kind, places in free.items() for _ in range(places)]
    out: set[str] = set()
    for gone in record["withdrawals"]:
        left = next(s for s in seats if s["candidate"] == gone["candidate"])
        seats.remove(left)
        out.add(left["candidate"])
        sitting = {s["candidate"] for s in seats}
        for name in order:
            able = left["kind"] in people[name]["kinds"] and not people[name]["recusal"]
            if able and name not in out and name not in sitting and not full(name):
                take(left["kind"], name, left["candidate"])
                break
        else:
            unfilled.append(left["kind"])
    return {"seats": seats, "history": history, "skipped": skipped, "unfilled": unfilled}


def _honest(record: dict[str, Any]) -> list[str]:
    """Secrets and instants: committed, then frozen, then public value and reveals."""
    wrong = []
    commitments = {each["officer"]: each for each in record["commitments"]}
    reveals = {each["officer"]: each for each in record["reveals"]}
    if len(commitments) != 2 or commitments.keys() != reveals.keys():  # noqa: PLR2004 - two officers
        return ["secrets: not of two officers who both committed and revealed"]
    for officer, each in commitments.items():
        secret = reveals[officer]["secret"].lower()
        bound = f"kechuang-draw|{record['draw']}|{officer}|{secret}"
        if hashlib.sha256(bound.encode()).hexdigest() != each["digest"]:
            wrong.append(f"secrets: {officer} revealed another secret than committed to")
        if not each["committed_at"] < record["frozen_at"] < reveals[officer]["revealed_at"]:
            wrong.append(f"time: {officer} did not commit before and reveal after the freeze")
    if not record["frozen_at"] < record["public_value"]["published_at"]:
        wrong.append("time: the public value existed when the pool was frozen")
    return wrong


def verify(record: dict[str, Any]) -> list[str]:
    """Complaints; an empty list means that the record follows from pool, rules, secrets and public value."""
    wrong = []
    frozen = {name: record[name] for name in ("draw", "rules", "pool")}
    spelled = json.dumps(frozen, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if hashlib.sha256(spelled.encode()).hexdigest() != record["pool_digest"]:
        wrong.append("pool: not the one whose digest was published")
    names = [each["id"] for each in record["pool"]]
    if names != sorted(set(names)):
        wrong.append("pool: not in the order of ids")
    wrong += _honest(record)
    reveals = sorted(record["reveals"], key=lambda each: str(each["officer"]))
    secrets = [each["secret"] for each in reveals]
    key = "".join(map(_spelled, [record["pool_digest"], *secrets, record["public_value"]["value"]]))
    if key != record["key"]:
        wrong.append("key: not made of pool digest, secrets and public value")
    order = _sequence(key, names, record["rules"]["algorithm"])
    if order != record["sequence"]:
        wrong.append("sequence: not the one that RFC 3797 gives")
    try:
        expected = _places(record, order)
    except StopIteration:
        return [*wrong, "withdrawals: somebody withdrew who did not sit"]
    return wrong + [f"{part}: not by the rules" for part in expected if expected[part] != record[part]]


if __name__ == "__main__":
    complaints = verify(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stderr.writelines(f"{complaint}\n" for complaint in complaints)
    sys.exit(bool(complaints))
