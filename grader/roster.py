"""The class list, ``students.csv``: who is in the class, and which of them a name or a number means."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course_lib.text import Text
from grader.csv_text import decoded, delimiter_of, value_of
from grader.naming import safe_id
from grader.person_names import bare, folded, joined, parts, squashed, tokens

FILE = "students.csv"
MAX_BYTES = 5 * 2**20
MAX_WORDS = 4  # of a name that is looked for inside a longer one

# What the columns are called: by hand, by nbgrader, and in Moodle's and Canvas's own exports.
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "studentid", "studentnumber", "studentno", "idnumber", "学号", "学生学号", "学生id", "学籍号"),
    "name": ("name", "fullname", "studentname", "student", "displayname", "姓名", "学生姓名", "全名"),
    "first_name": ("firstname", "givenname", "first", "名", "名字"),
    "last_name": ("lastname", "surname", "familyname", "last", "姓", "姓氏"),
    "email": ("email", "emailaddress", "mail", "邮箱", "电子邮箱", "电子邮件", "邮件地址", "电子邮件地址"),
    "login": ("login", "loginid", "username", "sisloginid", "用户名", "登录名", "账号", "帐号"),
    "moodle": ("moodle", "moodleid", "identifier", "participant", "moodle编号", "标识符"),
    "canvas": ("canvas", "canvasid", "canvasuserid", "canvas编号"),
    "language": ("language", "lang", "preferredlanguage", "语言", "反馈语言"),
}
_SIS = "sisuserid"  # where Canvas has it, its "ID" is Canvas's own number
_UNIQUE = ("id", "email", "login", "moodle", "canvas")
_NOT_PEOPLE = ("pointspossible", "studenttest")  # rows of Canvas's export

WHAT_FILE = Text(
    en="{file}: this is not a list in CSV form. Save it as “CSV UTF-8” in your spreadsheet.",
    zh="{file}：这不是 CSV 格式的名单。请在电子表格软件中另存为“CSV UTF-8”。",
)
NO_ID_COLUMN = Text(
    en="{file}, line 1: no column is called “id” or “学号”; there are: {columns}. Add one with each student's id.",
    zh="{file} 第 1 行：没有名为“id”或“学号”的列；现有的列：{columns}。请增加一列，填写每名学生的学号。",
)
TWO_COLUMNS = Text(
    en="{file}, line 1: the columns {columns} mean the same. Rename or remove one of them.",
    zh="{file} 第 1 行：{columns} 这几列含义相同。请改名或删去其中一列。",
)
NO_ID = Text(
    en="{file}, line {line}: no id for {name}. Fill it in or remove the line.",
    zh="{file} 第 {line} 行：{name} 没有学号。请填写学号，或删去这一行。",
)
DUPLICATE = Text(
    en="{file}, line {line}: the {column} “{value}” stands in line {other} already. Correct one of the two lines or "
    "remove it.",
    zh="{file} 第 {line} 行：{column}“{value}”已经出现在第 {other} 行。请更正或删去其中一行。",
)


@dataclass(frozen=True)
class Student:
    """One line of the roster. id: as written; moodle, canvas: the platforms' numbers; language: of the feedback, en, zh
    or both, empty where the roster does not say; line: in the file."""

    id: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    login: str = ""
    moodle: str = ""
    canvas: str = ""
    language: str = ""
    line: int = 0

    @property
    def key(self) -> str:
        """The id in the form that paths and the gradebook have."""
        return safe_id(self.id)

    @property
    def shown(self) -> str:
        """The name and the id, for people."""
        return f"{self.name} ({self.id})" if self.name else self.id


@dataclass(frozen=True)
class Roster:
    """A class. source: the file that it was read from."""

    students: tuple[Student, ...]
    source: Path | None = None

    def __len__(self) -> int:
        return len(self.students)

    def __iter__(self) -> Iterator[Student]:
        return iter(self.students)

    def find(self, *words: str, moodle: str = "", canvas: str = "") -> Student | None:
        """The one student that is meant; None where it is nobody, or may be several."""
        fitting = self.fitting(*words, moodle=moodle, canvas=canvas)
        return fitting[0] if len(fitting) == 1 else None

    def fitting(self, *words: str, moodle: str = "", canvas: str = "") -> tuple[Student, ...]:
        """All who may be meant. words: names, ids, emails or logins, also with other words around them; the first that
        fits anybody counts, and later ones decide where it fits several. moodle, canvas: a platform's number."""
        for number in (("moodle", moodle), ("canvas", canvas)):
            if number in self._numbers:
                return (self._numbers[number],)
        several: tuple[Student, ...] = ()
        for word in words:
            here = self._meant(word)
            if several:
                here = tuple(student for student in here if student in several)
            if len(here) == 1:
                return here
            several = here or several
        return several

    @cached_property
    def _numbers(self) -> dict[tuple[str, str], Student]:
        digits = [("moodle", re.sub(r"\D", "", s.moodle), s) for s in self.students]
        digits += [("canvas", re.sub(r"\D", "", s.canvas), s) for s in self.students]
        return {(platform, number): student for platform, number, student in digits if number}

    @cached_property
    def _marks(self) -> dict[str, tuple[Student, ...]]:
        """Students by what belongs to one of them alone: id, login, email."""
        return _index((mark, s) for s in self.students for mark in (*map(folded, (s.id, s.login, s.email)), s.key))

    @cached_property
    def _names(self) -> dict[str, tuple[Student, ...]]:
        """Students by their names, written together as Canvas does, in either order."""
        both = [(s, (s.name, s.first_name + s.last_name, s.last_name + s.first_name)) for s in self.students]
        return _index((form, s) for s, names in both for name in names for form in squashed(name))

    def _meant(self, word: str) -> tuple[Student, ...]:
        """Those whom one word fits. Where it holds one's id and another's name, both: a person has to look."""
        words = tokens(word)[:30]
        marked = self._marks.get(folded(word)) or _union(self._marks.get(w, ()) for w in words if _is_number_like(w))
        named = _union(self._names.get(form, ()) for form in squashed(word))
        for length in range(MAX_WORDS, 0, -1):  # of two names of which one holds the other, the longer is meant
            if not named:
                runs = ("".join(words[at : at + length]) for at in range(len(words) - length + 1))
                named = _union(self._names.get(form, ()) for run in runs for form in squashed(run))
        if not marked:
            return named
        return tuple(student for student in marked if student in named) or _union((marked, named))


def read_roster(path: Path) -> Roster:
    """The roster in a CSV file: commas, semicolons or tabs; UTF-8, UTF-16 or what a Chinese Windows writes.

    Raises OSError where it cannot be read, ValueError where it is not a list, has no ids, or has one of them twice;
    the message names the file, the line and what to do.
    """
    rows = _rows(path)
    if not rows:
        raise ValueError(WHAT_FILE.format(file=path).say("both"))
    columns = _columns(path, rows[0][1])
    students = []
    for line, row in rows[1:]:
        given = {key: value_of(row[at]) for key, at in columns.items() if at < len(row)}
        if not given.get("id"):
            name = given.get("name") or next((word for word in given.values() if word), "")
            if not name or bare(name) in _NOT_PEOPLE:
                continue
            raise ValueError(NO_ID.format(file=path, line=line, name=name).say("both"))
        students.append(_student(given, line))
    for column in _UNIQUE:
        _no_duplicates(path, students, column)
    return Roster(tuple(students), path)


def nearest_roster(places: Sequence[Path]) -> Path | None:
    """The first ``students.csv`` in some folders."""
    return next((place / FILE for place in places if (place / FILE).is_file()), None)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The lines that hold anything, each with its number."""
    with path.open("rb") as file:
        blob = file.read(MAX_BYTES + 1)
    content = decoded(blob)
    if len(blob) > MAX_BYTES or content is None:
        raise ValueError(WHAT_FILE.format(file=path).say("both"))
    reader = csv.reader(io.StringIO(content.text, newline=""), delimiter=delimiter_of(content.text))
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error:
        raise ValueError(WHAT_FILE.format(file=path).say("both")) from None


def _columns(path: Path, head: Sequence[str]) -> dict[str, int]:
    """Where each column stands. Raises ValueError without one of ids, or with two of a kind."""
    found: dict[str, int] = {}
    names = [bare(name) for name in head]
    for key, known in COLUMNS.items():
        if _SIS in names and key in ("id", "canvas"):
            known = (_SIS,) if key == "id" else (*known, "id")
        at = [place for place, name in enumerate(names) if name in known]
        if len(at) > 1:
            raise ValueError(TWO_COLUMNS.format(file=path, columns=", ".join(head[place] for place in at)).say("both"))
        if at:
            found[key] = at[0]
    if "id" not in found:
        raise ValueError(NO_ID_COLUMN.format(file=path, columns=", ".join(head)[:300]).say("both"))
    return found


def _student(given: dict[str, str], line: int) -> Student:
    """A student with both the whole name and its parts, of whichever the roster has."""
    first, last, name = given.get("first_name", ""), given.get("last_name", ""), given.get("name", "")
    if name and not (first or last):
        first, last = parts(name)
    if not name or "," in name:
        name = joined(first, last)
    rest = {key: given.get(key, "") for key in ("email", "login", "moodle", "canvas")}
    return Student(given["id"], name, first, last, **rest, language=_language(given.get("language", "")), line=line)


def _language(word: str) -> str:
    """``en``, ``zh`` or ``both`` of what people write; empty for anything else, which is no reason to refuse a list."""
    known = {"en": ("en", "english", "英文", "英语"), "zh": ("zh", "chinese", "中文", "汉语"), "both": ("both", "双语")}
    language = re.split(r"[-_]", folded(word))[0]
    return next((code for code, words in known.items() if language in words), "")


def _no_duplicates(path: Path, students: Sequence[Student], column: str) -> None:
    seen: dict[str, Student] = {}
    for student in students:
        value = getattr(student, column)
        key = folded(student.key if column == "id" else value)
        if key and key in seen:
            about = {"column": column, "value": value, "line": student.line, "other": seen[key].line}
            raise ValueError(DUPLICATE.format(file=path, **about).say("both"))
        seen[key] = student


def _index(pairs: Iterator[tuple[str, Student]]) -> dict[str, tuple[Student, ...]]:
    found: dict[str, dict[Student, None]] = {}
    for word, student in pairs:
        if word:
            found.setdefault(word, {})[student] = None
    return {word: tuple(students) for word, students in found.items()}


def _union(several: Iterator[Sequence[Student]] | Sequence[Sequence[Student]]) -> tuple[Student, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(several)))


def _is_number_like(token: str) -> bool:
    """Whether a word among others may be an id. One of letters alone may be the first name of somebody else."""
    return "@" in token or (any(c.isdigit() for c in token) and (len(token) > 3 or not token.isdigit()))
