"""Where the gradebook of a folder is: in its ``gradebook.db``, or where its ``nbgrader_config.py`` says.

nbgrader's own setting ``CourseDirectory.db_url`` is the one home of that URL, so that nbgrader's commands, formgrader
and ours open the same gradebook. A password is never written there: PostgreSQL's own library finds it in
``PGPASSWORD``, ``~/.pgpass`` or a service file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from course_lib.text import Text, TextError
from grader.course_folder import CONFIG, read_config, write_whole

DRIVER = "postgresql+psycopg"
FILE = "gradebook.db"
PASSWORDS = ("password", "sslpassword")
CONNECT_SECONDS = "10"
LINES = """
# The gradebook's database. The password is not written here: it belongs in ~/.pgpass or PGPASSWORD.
# 成绩册所在的数据库。密码不写在这里，请放进 ~/.pgpass 或环境变量 PGPASSWORD。
get_config().CourseDirectory.db_url = {url!r}  # noqa: F821
"""
HEAD = '"""Written by `grader`: nbgrader\'s commands and its formgrader page read it in this folder."""\n'
NO_URL = Text(
    en="this is no database URL; write one like {driver}://USER@HOST/DATABASE (the password belongs in ~/.pgpass or "
    "PGPASSWORD)",
    zh="这不是数据库地址；应写成 {driver}://用户@主机/数据库（密码请放进 ~/.pgpass 或环境变量 PGPASSWORD）",
)
NO_DRIVER = Text(
    en="the gradebook is in {name}, and the driver for it is missing: pip install 'psycopg[binary]' (for PostgreSQL, "
    "write the URL as {driver}://…)",
    zh="成绩册在{name}，而本机缺少相应的驱动：pip install 'psycopg[binary]'（PostgreSQL 的地址写成 {driver}://……）",
)
NOT_REACHED = Text(
    en="the gradebook in {name} cannot be opened, so nothing was changed. Is the server running, is the address right, "
    "is the password in ~/.pgpass or PGPASSWORD? The server's words: {words}",
    zh="无法打开{name}里的成绩册，因此没有改动任何内容。服务器在运行吗？地址对吗？"
    "密码放进 ~/.pgpass 或 PGPASSWORD 了吗？服务器的原话：{words}",
)
GONE = Text(
    en="the connection to the gradebook in {name} is lost, and the work stopped. What was done so far is kept: say the "
    "same again when the server is back. The server's words: {words}",
    zh="与{name}里成绩册的连接断开了，工作因此停止。已完成的都已保存：服务器恢复后，重新运行同一条命令即可。"
    "服务器的原话：{words}",
)
REFUSED = Text(
    en="the gradebook in {name} did not take this: {words}",
    zh="{name}里的成绩册没有接受这次写入：{words}",
)
OTHER = Text(
    en="the gradebook of {out} is in {now}, not in {given}. To move it there, with everything in it: "
    "grader move-gradebook {out} URL",
    zh="{out} 的成绩册在{now}，不在{given}。要把它连同全部内容搬过去，请运行：grader move-gradebook {out} 地址",
)
UNREAD = Text(
    en="{file} cannot be read, so it is not known where the gradebook is: {error}",
    zh="无法读取 {file}，因此不知道成绩册在哪里：{error}",
)
NOT_TAKEN = Text(
    en="{file} names another gradebook further down or reads its settings elsewhere; write this there yourself: {line}",
    zh="{file} 在后面又指定了另一本成绩册，或从别处读取设置；请自己在其中写上：{line}",
)
PASSWORD_USED = Text(
    en="The password in the URL is used for this run and not written down: for the next one put it into ~/.pgpass or "
    "PGPASSWORD.",
    zh="地址中的密码只用于本次运行，不会写入文件：下次运行前请把它放进 ~/.pgpass 或环境变量 PGPASSWORD。",
)
AT = Text(en="database {database} at {place}", zh="数据库 {database}（{place}）")
SOCKET = Text(en="this machine's server", zh="本机的服务器")


class GradebookError(TextError):
    """The gradebook cannot take what it is given; ``text`` says why, in both languages."""


class GradebookGone(GradebookError):
    """The server of the gradebook is out of reach: nobody's scores can be saved until it is back."""


def url_of(out: Path) -> str:
    """The URL of a folder's gradebook; ``sqlite:///OUT/gradebook.db`` where nothing else is said there.

    Raises GradebookError where the folder's configuration names one and cannot be read.
    """
    out = out.resolve()
    return _written(out) or f"sqlite:///{out / FILE}"


def chosen(out: Path, given: str | None = None) -> str:
    """``url_of``, or the URL that is given for it: with its password, which is not written down.

    Raises GradebookError where the folder has another gradebook already.
    """
    now = url_of(out)
    if given is None:
        return now
    wanted = read_url(given, out)
    if safe(wanted) == safe(now):
        return wanted
    if _written(out.resolve()) or exists(now):
        raise GradebookError(OTHER.format(out=out, now=named(now), given=named(wanted)))
    return wanted


def write_down(out: Path, url: str) -> None:
    """Writes where a folder's gradebook is into its ``nbgrader_config.py``, without a password.

    Raises GradebookError where what stands there would overrule it.
    """
    out = out.resolve()
    plain = safe(url)
    if plain == safe(url_of(out)):
        return
    config = out / CONFIG
    before = config.read_bytes() if config.is_file() else None
    lines = LINES.format(url=plain)
    write_whole(config, (HEAD.encode() if before is None else before.rstrip() + b"\n") + lines.encode())
    if plain == safe(url_of(out)):
        return
    if before is not None:
        write_whole(config, before)
    raise GradebookError(NOT_TAKEN.format(file=config, line=lines.strip().splitlines()[-1].partition("  #")[0]))


def exists(url: str) -> bool:
    """Whether there is a gradebook at a URL. Raises GradebookError where that cannot be found out."""
    path = file_of(url)
    if path is not None:
        return path.is_file()
    with reached(url):
        engine = create_engine(ready(url))
        try:
            return bool(inspect(engine).has_table("assignment"))
        finally:
            engine.dispose()


def file_of(url: str) -> Path | None:
    """The file that an SQLite URL names; None for a server's."""
    parts = make_url(url)
    return Path(parts.database or FILE) if parts.get_backend_name() == "sqlite" else None


def read_url(given: str, out: Path | None = None) -> str:
    """A URL as a person writes it, with the driver that is installed and a file's whole path (a short one counts from
    the folder ``out``). Raises GradebookError where it is none; the words never repeat it, it may hold a password."""
    try:
        parts = make_url(given.strip())
        if parts.drivername in ("postgresql", "postgres"):
            parts = parts.set(drivername=DRIVER)
        parts.get_dialect()
    except (ArgumentError, ValueError):  # a database that SQLAlchemy does not know; a port that is no number
        raise GradebookError(NO_URL.format(driver=DRIVER)) from None
    except ModuleNotFoundError:
        raise GradebookError(NO_DRIVER.format(name=named(given), driver=DRIVER)) from None
    if parts.get_backend_name() == "sqlite":
        parts = parts.set(database=str(((out or Path.cwd()) / (parts.database or FILE)).resolve()))
    return parts.render_as_string(hide_password=False)


def safe(url: str) -> str:
    """The URL without its password."""
    return _without_password(make_url(url)).render_as_string(hide_password=False)


def holds_password(url: str) -> bool:
    parts = make_url(url)
    return parts.password is not None or bool(set(parts.query) & set(PASSWORDS))


def ready(url: str) -> str:
    """The URL to connect with: a server that does not answer is given up after a few seconds."""
    parts = make_url(url)
    if parts.get_backend_name() != "postgresql" or "PGCONNECT_TIMEOUT" in os.environ:
        return url
    timeout = {"connect_timeout": CONNECT_SECONDS, **parts.query}
    return parts.set(query=timeout).render_as_string(hide_password=False)


def named(url: str) -> Text:
    """Where that is, for people: the file, or the database with its host and port. Never a password."""
    path = file_of(url)
    if path is not None:
        return Text(en=str(path), zh=str(path))
    parts = make_url(url)
    host = parts.host or parts.query.get("host") or os.environ.get("PGHOST")
    port = parts.port or parts.query.get("port") or os.environ.get("PGPORT") or 5432
    service = parts.query.get("service")
    database = parts.database or parts.query.get("dbname") or os.environ.get("PGDATABASE") or parts.username or "?"
    if service and not parts.database:
        return AT.format(database="?", place=f"service={service}")
    return AT.format(database=database, place=f"{host}:{port}" if host else SOCKET)


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Opening a gradebook: what a server or its driver has against it becomes a GradebookError. A file's errors stay
    what they are."""
    try:
        yield
    except ModuleNotFoundError:
        if file_of(url) is not None:
            raise
        raise GradebookError(NO_DRIVER.format(name=named(url), driver=DRIVER)) from None
    except Exception as error:
        found = None if file_of(url) is not None else _refusal(error)
        if found is None:
            raise
        raise GradebookError(NOT_REACHED.format(name=named(url), words=_words(found, url))) from None


@contextmanager
def told(url: str) -> Iterator[None]:
    """Working with a server: it went away (GradebookGone), or it refused something (GradebookError)."""
    try:
        yield
    except Exception as error:
        found = None if file_of(url) is not None else _refusal(error)
        if found is None:
            raise
        state = getattr(found.orig, "sqlstate", None)
        # Without a state there was no answer; 08 is the connection, 53 what the server lacks, 57 its administrator.
        silent = isinstance(found, OperationalError) and (state is None or state[:2] in ("08", "53", "57"))
        words = _words(found, url)
        if found.connection_invalidated or silent:
            raise GradebookGone(GONE.format(name=named(url), words=words)) from None
        raise GradebookError(REFUSED.format(name=named(url), words=words)) from None


def _refusal(error: BaseException | None) -> DBAPIError | None:
    """The database's own error: nbgrader puts one of its own over it."""
    while error is not None and not isinstance(error, DBAPIError):
        error = error.__cause__ or error.__context__
    return error


def _words(error: DBAPIError, url: str) -> str:
    """What the server said, in one line; the values of a statement are a student's and are left out."""
    words = " ".join(str(error.orig).split())[:300]
    parts = make_url(url)
    for secret in (parts.password, *(parts.query.get(key) for key in PASSWORDS), os.environ.get("PGPASSWORD")):
        if secret:
            words = words.replace(str(secret), "***")
    return words


def _without_password(parts: URL) -> URL:
    bare = URL.create(parts.drivername, parts.username, None, parts.host, parts.port, parts.database)
    return bare.set(query={key: value for key, value in parts.query.items() if key not in PASSWORDS})


def _written(out: Path) -> str | None:
    """What the folder's configuration says, if anything."""
    config = out / CONFIG
    try:
        said = str(read_config(config).CourseDirectory.get("db_url", ""))
    except ValueError as error:
        # Of a gradebook it may say nothing at all: then only what it does say of late penalties is not known.
        if b"db_url" in config.read_bytes():
            why = error.__context__ or error
            raise GradebookError(UNREAD.format(file=config, error=f"{type(why).__name__}: {why}")) from None
        return None
    return read_url(said, out) if said else None
