"""The supervisor with small programs: order, readiness, restarts, and what is left when it is killed itself."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kechuang_embedded.processes import end_left_over, identity, lives, read_status, run_to_end
from kechuang_embedded.supervisor import AlreadyRunningError, Program, StartError, Step, Supervisor

# Writes its name into `journal` when it starts and, asked to stop, when it ends.
PROGRAM = """
import os, signal, sys, time
name, folder, ready_after = sys.argv[1], sys.argv[2], float(sys.argv[3])
def note(line):
    with open(folder + "/journal", "a") as journal:
        journal.write(line + "\\n")
def stop(*_):
    note("stop " + name)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("start " + name)
time.sleep(ready_after)
open(f"{folder}/{name}.ready", "w").write(str(os.getpid()))
print("listening", flush=True)
while True:
    signal.pause()
"""


def program(folder: Path, name: str, ready_after: float = 0.0, **options: object) -> Program:
    async def ready() -> None:
        pid = (folder / f"{name}.ready").read_text()
        if identity(int(pid)) is None:
            raise ConnectionError("that was an earlier one")

    command = [sys.executable, "-c", PROGRAM, name, str(folder), str(ready_after)]
    return Program(name, command, ready=ready, **options)  # type: ignore[arg-type]


def supervise(folder: Path, stages: list) -> Supervisor:
    return Supervisor(lambda: stages, status=folder / "status.json", lock=folder / "lock", logs=folder)


def journal(folder: Path) -> list[str]:
    path = folder / "journal"
    return path.read_text().splitlines() if path.exists() else []


def pid_of(folder: Path, name: str) -> int:
    noted = read_status(folder / "status.json")["programs"][name]["process"]
    return int(noted["pid"]) if noted else 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - files and processes send no events
            await asyncio.sleep(0.01)


async def running(folder: Path, work: Awaitable[None]) -> asyncio.Task[None]:
    task = asyncio.ensure_future(work)
    await until(lambda: read_status(folder / "status.json")["state"] == "running" or task.done())
    assert not task.done(), task.exception()
    return task


async def test_each_stage_waits_until_the_one_before_is_ready_and_the_stop_goes_back(tmp_path: Path) -> None:
    async def between() -> None:
        with (tmp_path / "journal").open("a") as lines:
            lines.write(f"step {(tmp_path / 'slow.ready').exists()}\n")

    stages = [[program(tmp_path, "slow", 0.3)], Step("between", between), [program(tmp_path, "last")]]
    task = await running(tmp_path, supervise(tmp_path, stages).run())
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert journal(tmp_path) == ["start slow", "step True", "start last", "stop last", "stop slow"]
    assert read_status(tmp_path / "status.json")["state"] == "stopped"


async def test_what_is_killed_comes_back(tmp_path: Path) -> None:
    task = await running(tmp_path, supervise(tmp_path, [[program(tmp_path, "service")]]).run())
    for restarts in (1, 2):
        killed = pid_of(tmp_path, "service")
        os.kill(killed, signal.SIGKILL)

        def back(killed: int = killed, restarts: int = restarts) -> bool:
            state = read_status(tmp_path / "status.json")["programs"]["service"]
            return (state["state"], state["restarts"]) == ("running", restarts) and (
                state["process"]["pid"] != killed
            )

        await until(back)
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert journal(tmp_path) == ["start service"] * 3 + ["stop service"]


async def test_a_program_that_ends_at_once_fails_the_start_and_nothing_stays(tmp_path: Path) -> None:
    async def never() -> None:
        raise ConnectionError

    faulty = Program("faulty", [sys.executable, "-c", "import sys; sys.exit('no such setting')"], ready=never)
    stages = [[program(tmp_path, "engine")], [faulty]]
    with pytest.raises(StartError, match="no such setting"):
        await supervise(tmp_path, stages).run()
    assert journal(tmp_path) == ["start engine", "stop engine"]
    assert read_status(tmp_path / "status.json")["state"] == "failed"


async def test_a_failed_step_fails_the_start_with_what_it_said(tmp_path: Path) -> None:
    async def migrate() -> None:
        await run_to_end(
            [sys.executable, "-c", "import sys; sys.exit('no such column')"], {}, tmp_path / "m.log"
        )

    with pytest.raises(StartError, match="no such column"):
        await supervise(tmp_path, [[program(tmp_path, "engine")], Step("migrations", migrate)]).run()


async def test_who_ignores_the_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    deaf = program(tmp_path, "deaf", stop_signal=signal.SIGCONT, grace=0.3)
    task = await running(tmp_path, supervise(tmp_path, [[deaf]]).run())
    pid = pid_of(tmp_path, "deaf")
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert identity(pid) is None
    assert journal(tmp_path) == ["start deaf"]


async def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    task = await running(tmp_path, supervise(tmp_path, [[program(tmp_path, "service")]]).run())
    with pytest.raises(AlreadyRunningError):
        await supervise(tmp_path, [[program(tmp_path, "second")]]).run()
    os.kill(os.getpid(), signal.SIGTERM)
    await task
    assert "start second" not in journal(tmp_path)


async def test_a_stop_during_the_start_ends_what_was_started(tmp_path: Path) -> None:
    stages = [[program(tmp_path, "first")], [program(tmp_path, "endless", 3600)]]
    task = asyncio.create_task(supervise(tmp_path, stages).run())
    await until(lambda: "start endless" in journal(tmp_path))
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 10)
    assert sorted(journal(tmp_path)[2:]) == ["stop endless", "stop first"]


SUPERVISOR = """
import asyncio, importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("these", sys.argv[1])
these = importlib.util.module_from_spec(spec)
spec.loader.exec_module(these)
folder = Path(sys.argv[2])
asyncio.run(these.supervise(folder, [[these.program(folder, "one"), these.program(folder, "two")]]).run())
"""


async def test_a_killed_supervisor_takes_its_programs_along(tmp_path: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, __file__, str(tmp_path)
    )
    status = tmp_path / "status.json"
    await until(lambda: read_status(status)["state"] == "running")
    noted = [each["process"] for each in read_status(status)["programs"].values()]
    assert all(lives(each) for each in noted)
    supervisor.kill()
    await supervisor.wait()
    await end_left_over(status)
    assert not any(lives(each) for each in noted)
    assert "stop one" not in journal(tmp_path)
    task = await running(tmp_path, supervise(tmp_path, [[program(tmp_path, "one")]]).run())
    os.kill(os.getpid(), signal.SIGTERM)
    await task


def test_long_logs_are_rotated_while_the_program_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kechuang_embedded.supervisor._LOG_LIMIT", 8)
    log = tmp_path / "service.log"
    log.write_text("the first life\n")
    with log.open("a") as still_open:
        Supervisor._rotate(log)
        still_open.write("the second life\n")
    assert log.read_text() == "the second life\n"
    Supervisor._rotate(log)
    assert [path.read_text() for path in sorted(tmp_path.glob("service.log.*"))] == [
        "the second life\n",
        "the first life\n",
    ]


def test_a_reused_process_id_is_somebody_else() -> None:
    me = identity(os.getpid())
    assert me is not None
    assert lives(me)
    assert not lives(me | {"started": me["started"] - 1})
    assert not lives(None)
