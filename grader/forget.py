"""Removes a student from a folder that a class was graded into: everything that is kept there of them.

1. ``.forgetting.json`` says who is being removed, and by which words they are known: a run that was cut off is finished
   by the next one, also where the gradebook has forgotten the name already
2. receipts and history first: what has no receipt is not graded; then submitted, autograded, feedback and return pages
3. the gradebook, through nbgrader's own API, in one transaction
4. lines of tables and logs, members of zips
5. the report, made anew from what is left
6. the database is written anew: what was removed is kept in free pages until then
7. every file is searched for what should be gone; then the note of step 1 goes
"""

from __future__ import annotations

import difflib
import html
import json
import re
import shutil
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Base
from sqlalchemy import create_engine, text

from course_lib.text import Text
from grader.course import Course, CourseError, find_course
from grader.course_folder import write_whole
from grader.csv_text import value_of
from grader.gradebook import Book
from grader.naming import label_in, safe_id
from grader.person_names import folded
from grader.receipts import ReceiptError, all_receipts, read_receipt, receipt_path
from grader.report import Findings, write_report
from grader.report_sources import Sources
from grader.returning import FOLDER, parcels
from grader.roster import FILE, Roster, read_roster
from grader.sheet import Sheet
from grader.transcript import names
from grader.whereabouts import GradebookError, GradebookGone, exists, file_of, named, ready, told, url_of

NOTE = ".forgetting.json"
LOCK_SECONDS = 5
STEPS = ("submitted", "autograded", "feedback")
RECORDS = ("receipts", "history")
UNKNOWN = Text(
    en="{out} holds nothing of {student}. Nearest: {near}", zh="{out} 里没有 {student} 的任何内容。相近的有：{near}"
)
NOBODY = Text(en="nobody", zh="无")
LEFT = Text(
    en="still holds {words}: it is somebody else's, or your own; look at it",
    zh="里面仍有 {words}：可能是别人的作业，也可能是你自己的文件，请查看",
)
BUSY = Text(
    en="{file} is in use: close formgrader and whatever else has it open, then say it again",
    zh="{file} 正在使用：请先关闭 formgrader 等程序，再运行一次",
)


class ForgetError(Exception):
    """Nobody was removed, or not everything; the message says why, in both languages."""


@dataclass(frozen=True)
class Person:
    """Whom to remove. words: their id, names, email and login; never one that is somebody else's, too. members: of the
    zips of pages, that are theirs."""

    student: str
    words: tuple[str, ...]
    members: tuple[str, ...] = ()


@dataclass
class Forgotten:
    """What was removed, or would be: paths or a server's database, and what of them. left: files that still hold their
    id or name. server: the database on a server, whose backups are not reached from here."""

    gone: list[tuple[Path | Text, str]] = field(default_factory=list)
    left: list[tuple[Path, Text]] = field(default_factory=list)
    server: Text | None = None


def find(out: Path, given: str) -> Person:
    """The student that is meant, by id. Raises ForgetError, naming the nearest ids, where there is nothing of them."""
    noted = _noted(out)
    if noted is not None and given in (noted.student, *noted.words):
        return noted
    known = _known(out)
    student = next((one for one in (given, safe_id(given)) if one in known), None)
    if student is None:
        by_name = {word: key for key, words in known.items() for word in words}
        close = difflib.get_close_matches(given, [*known, *by_name], 5, 0.5)
        near = ", ".join(dict.fromkeys(by_name.get(one, one) for one in close))
        raise ForgetError(UNKNOWN.format(out=out, student=given, near=near or NOBODY).say("both"))
    often = Counter(word for words in known.values() for word in set(map(folded, words)))
    mine = tuple(
        word for word in dict.fromkeys((student, *known[student])) if word == student or often[folded(word)] < 2
    )
    return Person(student, mine, tuple(_members(out, student)))


def forget(
    out: Path, person: Person, try_only: bool = False, done: Callable[[str], None] = lambda step: None
) -> Forgotten:
    """Removes a person from a folder. try_only: says what there is, and changes nothing.

    Raises ForgetError where something cannot be removed, OSError. Said again, it finishes.
    """
    out = out.resolve()
    url = url_of(out)
    work = Forgotten(server=named(url) if file_of(url) is None else None)
    if not try_only:
        write_whole(out / NOTE, json.dumps(vars(person), ensure_ascii=False).encode())
    for step in (_records, _folders, _gradebook, _tables, _logs, _zips):
        work.gone += step(out, person, try_only)
        done(step.__name__.strip("_"))
    if try_only:
        return work
    _report(out)
    done("report")
    _vacuum(url)
    done("vacuum")
    work.left = list(_left(out, person))
    (out / NOTE).unlink(missing_ok=True)
    return work


def _known(out: Path) -> dict[str, list[str]]:
    """Everybody of whom there is anything, with the words by which they are known."""
    found: dict[str, list[str]] = {}
    if exists(url_of(out)):
        with Book.of(out) as book:
            for key, about in names(book).items():
                found[key] = _names(about["first_name"], about["last_name"], about["email"])
    for step in STEPS:
        for path in (out / step).glob("*"):
            if path.is_dir():
                found.setdefault(path.name, [])
    for folder in RECORDS:
        for path in (out / folder).glob("*/*.json*"):
            found.setdefault(path.name.partition(".json")[0], [])
    for path in (out / FOLDER / "feedback").glob("*.html"):
        found.setdefault(path.stem, [])
    for receipt in all_receipts(out / "receipts"):
        label = label_in(receipt.file.split("/"))
        if label is not None:
            found[receipt.student].append(label.name)
    for student in _roster(out):
        words = [student.id, student.name, student.email, student.login]
        words += _names(student.first_name, student.last_name, "")
        found.setdefault(student.key, []).extend(words)
    return {key: list(dict.fromkeys(word for word in words if word.strip())) for key, words in found.items()}


def _names(first: str, last: str, email: str) -> list[str]:
    """A name in the orders in which tables and files have it."""
    if not first or not last:
        return [word for word in (first or last, email) if word]
    return [word for word in (f"{first} {last}", f"{last} {first}", f"{last}, {first}", last + first, email) if word]


def _roster(out: Path) -> Roster:
    try:
        return read_roster(out / FILE)
    except (OSError, ValueError):
        return Roster(())


def _noted(out: Path) -> Person | None:
    """Whom a run that was cut off had begun to remove."""
    try:
        tree = json.loads((out / NOTE).read_text(encoding="utf-8"))
        return Person(str(tree["student"]), tuple(map(str, tree["words"])), tuple(map(str, tree["members"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _members(out: Path, student: str) -> Iterator[str]:
    """The names of a student's members in Canvas's zips; in Moodle's the name itself says whose it is."""
    for folder in sorted((out / "receipts").glob("*")):
        try:
            receipt = read_receipt(receipt_path(out / "receipts", folder.name, student))
        except (ReceiptError, OSError):
            continue
        label = label_in(receipt.file.split("/"))
        number = label.user if label is not None and label.platform == "moodle" else ""
        for platform in parcels.PLATFORMS:
            if (name := parcels.member(platform, receipt, student, number)) is not None:
                yield name


def _records(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path, str]]:
    for folder in RECORDS:
        for path in sorted((out / folder).glob("*/*")):
            if re.fullmatch(re.escape(person.student) + r"\.(json|jsonl|tmp)(\.tmp)?", path.name):
                if not try_only:
                    path.unlink()
                yield path, ""


def _folders(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path, str]]:
    for path in [out / step / person.student for step in STEPS]:
        if path.is_dir():
            if not try_only:
                shutil.rmtree(path)
            yield path, ""
    for name in {person.student, safe_id(person.student)}:
        page = out / FOLDER / "feedback" / f"{name}.html"
        if page.is_file():
            if not try_only:
                page.unlink()
            yield page, ""


def _gradebook(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path | Text, str]]:
    url = url_of(out)
    if not exists(url):
        return
    with Book.of(out) as book:
        there = person.student in names(book) if try_only else book.remove(person.student)
    if there:
        yield file_of(url) or named(url), person.student


def _tables(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path, str]]:
    """Lines of the tables in the folder, a roster among them, and of the grades that were given back."""
    words = {folded(word) for word in person.words}

    def theirs(row: Sequence[str]) -> bool:
        return any(folded(value_of(cell)) in words for cell in row)

    for path in sorted([*out.glob("*.csv"), *(out / FOLDER).glob("*.csv")]):
        sheet = Sheet.parse(path.read_bytes())
        if sheet is None:
            continue
        count = sum(theirs([cell.value for cell in row]) for row in sheet.rows[1:])
        if count:
            if not try_only:
                write_whole(path, sheet.without(theirs))
            yield path, f"{count}"


def _logs(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path, str]]:
    """nbgrader's commands write what they do with whose submission to a log where they are run."""
    for path in sorted(out.glob("*.log")) + sorted(out.glob(".*.log")):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not any(_in(word, line) for word in person.words)]
        if len(kept) < len(lines):
            if not try_only:
                write_whole(path, b"".join(kept))
            yield path, f"{len(lines) - len(kept)}"


def _zips(out: Path, person: Person, try_only: bool) -> Iterator[tuple[Path, str]]:
    for path in sorted((out / FOLDER).glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            contents = {info.filename: archive.read(info) for info in archive.infolist()}
        kept = {name: data for name, data in contents.items() if not _is_theirs(name, data, person)}
        if len(kept) == len(contents):
            continue
        if not try_only and kept:
            write_whole(path, parcels.packed(kept))
        elif not try_only:
            path.unlink()
        yield path, f"{len(contents) - len(kept)}"


def _is_theirs(name: str, data: bytes, person: Person) -> bool:
    """Whether a member of a zip of pages is a person's: it is called so, or its page has their name in its title."""
    if name in person.members:
        return True
    titles = {f" · {html.escape(word)}</title>".encode() for word in person.words}
    return any(title in data for title in titles) or f"<small>{html.escape(person.student)}</small>".encode() in data


def _report(out: Path) -> None:
    """The report of those who are left. What it said of the files that arrived comes back with the next grading."""
    folder = out / "report"
    if not exists(url_of(out)):
        return
    if folder.is_dir():
        shutil.rmtree(folder)  # examples and counts of the old one may be the student's
    receipts = all_receipts(out / "receipts")
    with Book.of(out) as book:
        final = book.scores_of({receipt.lesson for receipt in receipts})
        people = [word for key, about in names(book).items() for word in (key, *about.values()) if word]
    sources = Sources(out, _course())
    write_report(folder, Findings(receipts, final, folder=folder, sources=sources, people=people))


def _course() -> Course | None:
    try:
        return find_course()
    except CourseError:
        return None


def _vacuum(url: str) -> None:
    path = file_of(url)
    if path is None:
        _vacuum_server(url)
        return
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("VACUUM")
    except sqlite3.OperationalError as error:
        raise ForgetError(f"{BUSY.format(file=path).say('both')} ({error})") from None


def _vacuum_server(url: str) -> None:
    """Takes each table for itself for a moment, and does not wait long for whoever has it open."""
    engine = create_engine(ready(url), isolation_level="AUTOCOMMIT")
    try:
        with told(url), engine.connect() as database:
            database.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            for table in Base.metadata.sorted_tables:
                database.execute(text(f'VACUUM (FULL) "{table.name}"'))
    except GradebookGone:
        raise
    except GradebookError as error:
        raise ForgetError(f"{BUSY.format(file=named(url)).say('both')} ({error})") from None
    finally:
        engine.dispose()


def _left(out: Path, person: Person) -> Iterator[tuple[Path, Text]]:
    """The files that still hold a word that tells who somebody is."""
    words = [word for word in person.words if _tells(word)]
    for path in sorted(out.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.name == NOTE:
            continue
        met = [word for word in words if any(_in(word, blob) for blob in _blobs(path))]
        if met or any(word in path.name for word in words):
            yield path, LEFT.format(words=", ".join(met) or person.student)


def _blobs(path: Path) -> Iterator[bytes]:
    blob = path.read_bytes()
    yield blob
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield info.filename.encode()
                yield archive.read(info)


def _in(word: str, blob: bytes) -> bool:
    """Whether a word stands in some bytes, as a word of its own, in the spellings of text, HTML and JSON."""
    spellings = {word, html.escape(word), json.dumps(word)[1:-1]}
    return any(
        re.search(rb"(?<![0-9A-Za-z_])" + re.escape(one.encode()) + rb"(?![0-9A-Za-z_])", blob) is not None
        for one in spellings
    )


def _tells(word: str) -> bool:
    """Whether a word is one that does not stand in every page: an id with digits, a whole name, an address."""
    return len(word) > 5 or any(c.isdigit() or c.isspace() or ord(c) > 0x2E7F for c in word)
