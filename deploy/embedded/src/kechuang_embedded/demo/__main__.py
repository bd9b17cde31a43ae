"""`make demo`: a synthetic city for each of the four named ones, then the main story through the gateway."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kechuang.ids import new_id
from kechuang_embedded.demo.client import Api, RefusedError, WaitedInVainError
from kechuang_embedded.demo.load import SEED, Size, load_city
from kechuang_embedded.demo.story import Printed, Result, Story
from kechuang_embedded.demo.synthetic import CITIES
from kechuang_embedded.demo.watching import Clock
from kechuang_embedded.layout import Layout

CLOCK_START: Final = "2024-03-01T08:30:00+08:00"
_STEP: Final = 10  # per cent
_LONG: Final = 300.0  # seconds for what the load leaves behind in the queues
_MANY: Final = 500  # of what this many are loaded, every fifth part is told where there is no terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Start anew, load, tell; leaves the stack running."""
    asked = _parser().parse_args(arguments)
    began = time.monotonic()
    environment = dict(os.environ)
    if not asked.keep:
        _start_anew(environment)
    stack = json.loads(Layout.of(environment).stack_file.read_text(encoding="utf-8"))
    run = f"demo-{new_id()[:13]}"
    try:
        _load(stack, asked, run)
        print("\n讲述主线 The main story, through", stack["gateway"])
        result = Story(stack, run=run, teller=Printed()).tell()
    except (RefusedError, WaitedInVainError) as error:
        print(f"\n演示中断 The demonstration stopped: {error}", file=sys.stderr)
        return 1
    _write(asked.result, result)
    return _farewell(stack, result, time.monotonic() - began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kechuang_embedded.demo", description=__doc__)
    size = Size()
    parser.add_argument("--cities", default=",".join(each.key for each in CITIES), help="separated by commas")
    parser.add_argument(
        "--organisations", type=int, default=size.organisations, help="of the story's city; half elsewhere"
    )
    parser.add_argument(
        "--persons", type=int, default=size.persons, help="of the story's city; half elsewhere"
    )
    parser.add_argument("--filers", type=int, default=size.filers, help="enterprises with three filed years")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--result", type=Path, help="write what happened as JSON to this file")
    parser.add_argument(
        "--keep", action="store_true", help="use the running stack as it is, without clearing anything"
    )
    return parser


def _start_anew(environment: Mapping[str, str]) -> None:
    """A demonstration starts on an empty stack: the clock never goes back."""
    layout = Layout.of(environment)
    if layout.secrets_file.exists():
        print(
            "清除上次演示的数据，重新开始（业务时钟不会倒退，所以需要新的数据）。\n"
            f"Clearing the data of the stack in {layout.state}; the clock never goes back, so it starts anew."
        )
        _command(environment, "reset")
    print(f"启动 Starting; the business clock begins at {CLOCK_START}")
    _command({**environment, "KECHUANG_CLOCK_START": CLOCK_START}, "up")


def _command(environment: Mapping[str, str], name: str) -> None:
    done = subprocess.run([sys.executable, "-m", "kechuang_embedded", name], env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def _load(stack: Mapping[str, Any], asked: argparse.Namespace, run: str) -> None:
    whole = Size(organisations=asked.organisations, persons=asked.persons, filers=asked.filers)
    chosen = set(asked.cities.split(","))
    for city in CITIES:
        if city.key in chosen:
            size = whole if city is CITIES[0] else whole.half
            print(f"\n装载 Loading {city.name} {city.english}")
            started = time.monotonic()
            asyncio.run(load_city(stack, city, size, run=run, told=_Bar(), seed=asked.seed))
            print(f"   {time.monotonic() - started:.0f} s")
    print("\n等待各服务处理完全部事件 Waiting until every service has taken everything in", flush=True)
    started = time.monotonic()
    with Api(stack, run=run, patience=_LONG) as api:
        Clock(api).settle()
    print(f"   {time.monotonic() - started:.0f} s")


class _Bar:
    """Progress in the terminal: one line that grows, or a line for every tenth where it is no terminal."""

    def __init__(self) -> None:
        self._shown: tuple[str, int] = ("", -1)

    def __call__(self, what: str, done: int, of: int) -> None:
        tenth = done * 100 // of // _STEP if of else _STEP
        if (what, tenth) == self._shown:
            return
        self._shown = (what, tenth)
        if sys.stdout.isatty():
            end = "\n" if done == of else ""
            print(f"\r   {what:32} {'█' * tenth}{'░' * (_STEP - tenth)} {done}/{of}", end=end, flush=True)
        elif done == of or (of >= _MANY and tenth and tenth % 2 == 0):
            print(f"   {what}: {done}/{of}", flush=True)


def _write(path: Path | None, result: Result) -> None:
    if path is not None:
        path.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")


def _farewell(stack: Mapping[str, Any], result: Result, seconds: float) -> int:
    print("\n指标与复核 Indicators beside a recount from the owning services' lists")
    for code, (figure, recount) in result.counts.items():
        print(f"   {'=' if figure == recount else '≠'} {code:32} {figure:>12} {recount:>12}")
    gateway = stack["gateway"]
    print(f"\n用时 In {seconds:.0f} s. 可打开 Addresses to open:")
    for path in ("/docs", "/api/openapi.json", "/api/health", "/api/v1/progress?area=440700"):
        print(f"   {gateway}{path}")
    print('   令牌 a token: make token A="--principal city_officer"; stop: make down; clear: make reset')
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
