"""A PostgreSQL and a Redis of one's own: on loopback, in private folders, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from tests.chaos import clock
from tests.ports import free_port

PASSWORD = "gatehouse-chaos"
STARTS_WITHIN = 60.0


def postgresql_programs() -> Path | None:
    """The folder of the newest PostgreSQL on this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


def missing() -> str:
    """Why the suite cannot run here; empty when it can."""
    if postgresql_programs() is None:
        return "there is no initdb"
    if shutil.which("redis-server") is None:
        return "there is no redis-server"
    return "" if clock.compiler() else "there is no C compiler for the clock that jumps"


def until(condition: Callable[[], bool], *, within: float, what: str) -> None:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {within:.0f} s")
        time.sleep(0.1)


class Server:
    """A child process that is started, frozen, ended and started again."""

    name = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        user = _unprivileged()
        with (self.folder / "log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,
                **user,  # type: ignore[arg-type]
            )
        until(self.answers, within=STARTS_WITHIN, what=f"the start of {self.name}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
                self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def environment(self) -> Mapping[str, str]:
        jumping = {n: os.environ[n] for n in ("CHAOS_CLOCK", "LD_PRELOAD") if n in os.environ}
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder), **jumping}

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Redis(Server):
    """Without persistence: what ends takes its messages along."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        _make_private(self.folder)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return [str(shutil.which("redis-server")), *words, "--dir", str(self.folder)]

    def answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(redis.Redis.from_url(self.url, socket_timeout=1).ping())
        return False


class PostgreSQL(Server):
    """With the two logins of a production installation."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        programs = postgresql_programs()
        assert programs is not None
        self.programs = programs
        self.data = self.folder / "data"
        _make_private(self.folder)

    def make(self) -> None:
        subprocess.run(
            [str(self.programs / "initdb"), "-D", str(self.data), "-U", "root", "-A", "trust",
             "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(),
            **_unprivileged(),  # type: ignore[arg-type]
        )  # fmt: skip

    def copy(self, data: Path) -> None:
        shutil.copytree(data, self.data)
        for path in (self.data, *self.data.rglob("*")):
            _give_away(path)
        self.data.chmod(0o700)

    @property
    def superuser(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=root dbname=gatehouse connect_timeout=3"

    def url(self, role: str) -> str:
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/gatehouse"

    def command(self) -> list[str]:
        # Processes are killed here, the machine is not: without fsync nothing else changes.
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "max_connections": 200,
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), *words]

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.superuser.replace("dbname=gatehouse", "dbname=postgres")).close()
            return True
        return False

    def make_database(self) -> None:
        where = self.superuser.replace("dbname=gatehouse", "dbname=postgres")
        with psycopg.connect(where, autocommit=True) as database:
            for role in ("gatehouse_owner", "gatehouse"):
                database.execute(f"create role {role} login password '{PASSWORD}'".encode())
            database.execute("grant gatehouse to gatehouse_owner")
            database.execute("create database gatehouse owner gatehouse_owner")

    def restart(self) -> None:
        """A fast shutdown, as `pg_ctl restart` does: every connection is cut."""
        self.end(signal.SIGINT)
        self.start()


def _unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    name = next(n for n in ("postgres", "nobody") if n in {p.pw_name for p in pwd.getpwall()})
    person = pwd.getpwnam(name)
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    _give_away(folder)


def _give_away(folder: Path) -> None:
    user = _unprivileged()
    if user:
        os.chown(folder, int(str(user["user"])), int(str(user["group"])))
