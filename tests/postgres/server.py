"""A real PostgreSQL in a folder of its own, for the tests that need one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pwd

ROOM = 2 << 30  # bytes
ROLE, PASSWORD = "teacher", "s3cret-of-the-teacher"
# Not UTC, and passwords over TCP: as a server of a university would have it.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
timezone = 'Asia/Shanghai'
fsync = off
idle_in_transaction_session_timeout = '5s'
"""


def program(name: str) -> str | None:
    """A program on the path, or where Debian keeps PostgreSQL's; None where there is none."""
    places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


@dataclass(frozen=True)
class Server:
    """A server that listens on a port of this machine. folder: its own, of the user that it runs as."""

    folder: Path
    port: int

    def url(self, database: str) -> str:
        """Without the password, as it is written down."""
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        _as_owner("pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """mode: ``immediate`` leaves everything as it is, as a crash would."""
        _as_owner("pg_ctl", "-D", f"{self.folder}/data", "-m", mode, "-w", "stop")

    def new(self, database: str) -> str:
        """Makes a database that belongs to the role; returns its URL."""
        self.sql(f"CREATE DATABASE {database} OWNER {ROLE}")
        return self.url(database)

    def sql(self, statement: str) -> None:
        """As the server's administrator, who comes through the socket."""
        import psycopg

        with psycopg.connect(f"host={self.folder} port={self.port} user=admin dbname=postgres", autocommit=True) as db:
            db.execute(statement.encode())


@contextmanager
def running() -> Iterator[Server]:
    """A new server, started; it is stopped and its folder removed afterwards."""
    # A socket's path may have 107 bytes; each database is 300 files, which a busy disk is slow to make and remove.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=memory if roomy else "/tmp"))
    try:
        if os.getuid() == 0:
            os.chown(folder, _owner().pw_uid, _owner().pw_gid)
        initdb = ("-U", "admin", "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", "-N")
        _as_owner("initdb", "-D", f"{folder}/data", *initdb)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server = Server(folder, free.getsockname()[1])
        with (folder / "data" / "postgresql.conf").open("a") as config:
            config.write(SETTINGS.format(folder=folder, port=server.port))
        server.start()
        try:
            server.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd:
    """Who runs the server where the tests are run by root, whom it refuses."""
    import pwd

    names = {user.pw_name: user for user in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _as_owner(name: str, *words: str) -> None:
    found = program(name)
    assert found is not None, f"{name} is missing"
    drop = []
    if os.getuid() == 0:
        drop = ["setpriv", f"--reuid={_owner().pw_uid}", f"--regid={_owner().pw_gid}", "--clear-groups"]
    # To a file: the server inherits what its starter writes to, and a pipe would stay open as long as it runs.
    with tempfile.TemporaryFile() as said:
        ran = subprocess.run([*drop, found, *words], stdout=said, stderr=said, cwd="/", timeout=60, check=False)
        said.seek(0)
        assert ran.returncode == 0, said.read().decode(errors="replace")
