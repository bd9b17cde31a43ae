"""Generated secrets, ports and folders."""

import socket
from base64 import b64decode
from pathlib import Path

import pytest

from kechuang_embedded.layout import Layout, write_atomically
from kechuang_embedded.ports import PortBook, free_ports, is_free
from kechuang_embedded.vault import Vault


def test_a_secret_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first, second = Vault(path), Vault(path)
    assert first.value("demo-client") == second.value("demo-client")
    assert first.value("a") != first.value("b")
    assert len(b64decode(Vault(path).key("indicators:master-key"))) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_ports_stay_the_same_and_give_way_to_strangers(tmp_path: Path) -> None:
    book = tmp_path / "ports.json"
    first = PortBook(book, "stack").port("gateway")
    assert PortBook(book, "stack").port("gateway") == first
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", first))
        stranger.listen()
        assert not is_free(first)
        assert PortBook(book, "stack", running=True).port("gateway") == first
        assert PortBook(book, "stack").port("gateway") != first
    assert PortBook(book, "stack").port("gateway", configured=18_080) == 18_080


def test_no_port_is_given_twice(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json", "stack")
    uses = [f"service-{number}" for number in range(20)]
    assert len({book.port(use) for use in uses}) == len(uses)
    found = free_ports()
    assert next(found) != next(found)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "status.json"
    write_atomically(path, "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"


def test_a_reset_removes_nothing_that_is_not_the_stacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kechuang_embedded.binaries.is_root", lambda: False)
    home = tmp_path / "chosen"
    layout = Layout(run=tmp_path / "run", state=home)
    layout.create()
    Vault(layout.secrets_file).value("a")
    (home / "thesis.docx").write_text("years of work")
    layout.clear()
    assert [path.name for path in home.iterdir()] == ["thesis.docx"]
    assert not layout.run.exists()


def test_root_is_told_when_the_database_could_not_reach_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kechuang_embedded.binaries.is_root", lambda: True)
    tmp_path.chmod(0o700)
    with pytest.raises(PermissionError, match="reachable by all users"):
        Layout(run=tmp_path / "run", state=tmp_path / "state").create()
