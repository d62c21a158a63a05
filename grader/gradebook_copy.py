"""A gradebook, copied row by row from one database into another: nbgrader's own tables, in the order in which they
refer to each other. From SQLite to PostgreSQL, back, or into a file of its own for a rehearsal."""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Assignment, Base, Course, Student
from sqlalchemy import Connection, create_engine, insert, select, text

from course_lib.text import Text
from grader.gradebook import Book
from grader.whereabouts import GradebookError, exists, file_of, named, read_url, ready, told, url_of, write_down

ROWS = 5000  # at a time
NOTHING = Text(en="there is no gradebook in {name}", zh="{name}里没有成绩册")
NOT_EMPTY = Text(
    en="{name} holds lessons or students already: name an empty database",
    zh="{name}里已有课程或学生：请指定一个空的数据库",
)
OLD = Text(
    en="the gradebook in {name} was made by another version of nbgrader: run `nbgrader db upgrade` on it first",
    zh="{name}里的成绩册是另一版本的 nbgrader 建立的：请先对它运行 `nbgrader db upgrade`",
)


def move(out: Path, given: str) -> tuple[str, str]:
    """Copies a folder's gradebook to a URL, and writes down that it is there. Returns the old and the new URL; the old
    one is left as it is. Raises GradebookError, and then the folder goes on with the old one."""
    source, target = url_of(out), read_url(given, out)
    copy(source, target)
    write_down(out, target)
    return source, target


def copy(source: str, target: str) -> None:
    """Every row, in one transaction. Raises GradebookError where there is nothing to copy, the target is not empty, or
    a server does not take it."""
    if not exists(source):
        raise GradebookError(NOTHING.format(name=named(source)))
    with Book(target):
        """Makes nbgrader's tables where there are none."""
    reading, writing = create_engine(ready(source)), create_engine(ready(target))
    if file_of(source) is None:
        reading = reading.execution_options(isolation_level="REPEATABLE READ")  # one moment, whoever else is writing
    try:
        with told(source), reading.connect() as old, told(target), writing.begin() as new:
            if any(new.execute(select(table.id).limit(1)).first() for table in (Assignment, Student)):
                raise GradebookError(NOT_EMPTY.format(name=named(target)))
            if _version(old) != _version(new):
                raise GradebookError(OLD.format(name=named(source)))
            there = set(new.execute(select(Course.id)).scalars())
            for table in Base.metadata.sorted_tables:
                for rows in old.execute(select(table)).mappings().partitions(ROWS):
                    fresh = [dict(row) for row in rows if table is not Course.__table__ or row["id"] not in there]
                    if fresh:
                        new.execute(insert(table), fresh)
    finally:
        reading.dispose()
        writing.dispose()


def _version(database: Connection) -> str:
    return str(database.execute(text("SELECT version_num FROM alembic_version")).scalar())
