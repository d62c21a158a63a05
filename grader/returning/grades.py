"""Grades as Canvas and Moodle import them.

With a platform's own export its column for the lesson is filled in, and every other byte stays. Without one the
smallest table is written that the platform's import takes.

What the platforms read, from their sources:

* Canvas (``lib/gradebook_importer.rb``, ``lib/gradebook_exporter.rb``): the first row is the head, "Student, ID, SIS
  User ID, SIS Login ID, Section", then assignments as "Title (id)", then read-only totals; a row whose first cell holds
  "Points Possible" gives the maxima, one of nothing but "Manual Posting" is passed over. A student is found by ID, else
  by the SIS columns, else by name; an assignment by the id in brackets, else by its exact title. "EX" is excused, "N/A"
  not assigned.
* Moodle, offline grading worksheet (``mod/assign/feedback/offline/importgradeslib.php``, ``mod/assign/
  gradingtable.php``): "Identifier" ("Participant 4711": the number in the folder names of its downloads), "Grade" and
  "Last modified (grade)" must be there, under their names in the site's language; a row that was changed in Moodle
  since that time is passed over, so that column is left as it came.
* Moodle, gradebook import (docs.moodle.org, "Grade import"): any table whose people are mapped by "ID number" or
  "Email address", one column for each grade.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from course_lib.text import Text
from grader.csv_text import written
from grader.naming import safe_id
from grader.person_names import bare, folded
from grader.returning.people import People
from grader.roster import Student
from grader.sheet import Sheet, harmless, number

NO_COLUMN = Text(
    en="{file}: no column for {lesson}; the columns are: {columns}. Name it with --column '{lesson}=…'.",
    zh="{file}：没有 {lesson} 的成绩列；现有的列：{columns}。请用 --column '{lesson}=……' 指明。",
)
TWO_COLUMNS = Text(
    en="{file}: several columns may be that of {lesson}: {columns}. Name it with --column '{lesson}=…'.",
    zh="{file}：有好几列都可能是 {lesson}：{columns}。请用 --column '{lesson}=……' 指明。",
)
ONE_LESSON = Text(
    en="{file} is the worksheet of one assignment: say with --lesson which of {lessons} it is.",
    zh="{file} 是单个作业的评分表：请用 --lesson 指明是 {lessons} 中的哪一课。",
)
OTHER_MAXIMUM = Text(
    en="{file}: {lesson} is worth {ours} points here and {theirs} there. Set the maximum there to {ours}, or say "
    "--scale to have the points converted.",
    zh="{file}：{lesson} 在这里满分 {ours} 分，在平台上满分 {theirs} 分。请把平台上的满分改为 {ours}，"
    "或加上 --scale 按比例换算。",
)
NO_PEOPLE = Text(
    en="{file}: nobody in it is known here. Is it the right class? A roster (--roster) may say who is who.",
    zh="{file}：其中没有一个人能对上。是这个班吗？名单（--roster）可以说明谁是谁。",
)
NOTHING_HANDED_IN = Text(
    en="{count} in this file without a submission, left as they were: {names}",
    zh="这份文件中有 {count} 人没有提交，保持原样：{names}",
)
NOT_THERE = Text(
    en="graded ({score}), but not in this file: enter the grade by hand, or say in a roster who this is",
    zh="已评分（{score} 分），但这份文件里没有此人：请手工录入，或在名单中写明是谁",
)
TWICE = Text(
    en="{names} in this file may all be this student: none was filled in; give a roster with ids or emails",
    zh="这份文件中的 {names} 都可能是这名学生，因此都没有填写；请提供带学号或邮箱的名单",
)
UNCLEAR = Text(
    en="may be several of the graded students ({students}): not filled in; give a roster with ids or emails",
    zh="可能是这几名学生中的任何一个（{students}），没有填写；请提供带学号或邮箱的名单",
)
SET_THERE = Text(
    en="says {value} for {lesson}: left so",
    zh="{lesson} 一栏写着 {value}，保持不变",
)
_SET = ("ex", "n/a")
_ID_BEHIND = re.compile(r"\s*\(\d+\)\s*$")


@dataclass(frozen=True)
class Marks:
    """A lesson's grades. scores: of those that are final; handed_in: everybody with a submission; most: the maximum."""

    scores: Mapping[str, float]
    handed_in: frozenset[str]
    most: float


@dataclass(frozen=True)
class Asked:
    """What is to be written. columns: names of columns, by lesson, that a person gave; titles: of the lessons."""

    marks: Mapping[str, Marks]
    people: People
    columns: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scale: bool = False


@dataclass
class Filled:
    """An export with its grades. numbers: of participants, by lesson and student."""

    blob: bytes = b""
    todo: list[tuple[str, Text]] = field(default_factory=list)
    remarks: list[tuple[str, Text]] = field(default_factory=list)
    numbers: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Platform:
    """How a platform's table is read. columns: the names that each column may have; maxima: of the row that holds them,
    if there is one; plain: the smallest table without an export."""

    columns: Mapping[str, tuple[str, ...]]
    number: str
    maxima: str
    plain: Callable[[Asked], bytes]


def fill(sheet: Sheet, platform: Platform, asked: Asked, file: str) -> Filled:
    """An export with the grades of the lessons in their columns. Raises ValueError where it does not fit."""
    at = {key: place for key, names in platform.columns.items() if (place := _place(sheet.head, names)) is not None}
    columns = _columns(sheet, at, asked, file)
    filled = Filled()
    rows = [n for n in range(1, len(sheet.rows)) if not _is_about(sheet, n)]
    who = _who(sheet, rows, at, platform, asked, filled, next(iter(columns)))
    if not who:
        raise ValueError(NO_PEOPLE.format(file=file).say("both"))
    values: list[tuple[int, int, str]] = []
    for lesson, column in columns.items():
        marks = asked.marks[lesson]
        factors = _factors(sheet, rows, at, column, marks.most, platform)
        strange = sorted({theirs for theirs, factor in factors.values() if abs(factor - 1) > 1e-9})
        if strange and not asked.scale:
            about = {"file": file, "lesson": lesson, "ours": number(marks.most)}
            raise ValueError(OTHER_MAXIMUM.format(theirs=", ".join(map(number, strange)), **about).say("both"))
        absent = []
        for row in rows:
            student = who.get(row)
            if student is None or student not in marks.handed_in:
                absent.append(_shown(sheet, row, at))
            elif student in marks.scores and len(sheet.rows[row]) > column:
                value = sheet.rows[row][column].value.strip()
                if folded(value) in _SET:
                    filled.remarks.append((_shown(sheet, row, at), SET_THERE.format(value=value, lesson=lesson)))
                else:
                    values.append((row, column, number(marks.scores[student] * factors.get(row, (0.0, 1.0))[1])))
        if absent:
            names = ", ".join(absent[:30]) + (" …" if len(absent) > 30 else "")
            filled.remarks.append((f"{file} · {lesson}", NOTHING_HANDED_IN.format(count=len(absent), names=names)))
        unclear = {name for name, _ in filled.todo}
        for student in sorted(set(marks.scores) - set(who.values()) - unclear):
            filled.todo.append((f"{student} · {lesson}", NOT_THERE.format(score=number(marks.scores[student]))))
        if platform.number == "moodle":
            given = {who[row]: _digits(_value(sheet, row, at, "moodle")) for row in who}
            filled.numbers |= {(lesson, student): digits for student, digits in given.items() if digits}
    filled.blob = sheet.changed(values)
    return filled


def _columns(sheet: Sheet, at: Mapping[str, int], asked: Asked, file: str) -> dict[str, int]:
    """Where each lesson's grades go. A worksheet has one column for them; an export of many lessons is filled for those
    that it has, and has to have one at least."""
    lessons = list(asked.marks)
    if "grade" in at and "moodle" in at:
        if len(lessons) > 1:
            raise ValueError(ONE_LESSON.format(file=file, lessons=", ".join(lessons)).say("both"))
        named = asked.columns.get(lessons[0])
        return {lessons[0]: at["grade"] if named is None else _named(sheet, named, lessons[0], file)}
    found = {}
    for lesson in lessons:
        if lesson in asked.columns:
            found[lesson] = _named(sheet, asked.columns[lesson], lesson, file)
            continue
        fitting = _fitting(sheet.head, lesson, asked.titles.get(lesson, {}))
        if len(fitting) > 1:
            names = ", ".join(sheet.head[place] for place in fitting)
            raise ValueError(TWO_COLUMNS.format(file=file, lesson=lesson, columns=names).say("both"))
        if fitting:
            found[lesson] = fitting[0]
    if not found:
        names = ", ".join(sheet.head)[:600]
        raise ValueError(NO_COLUMN.format(file=file, lesson=lessons[0], columns=names).say("both"))
    return found


def _named(sheet: Sheet, name: str, lesson: str, file: str) -> int:
    places = [n for n, head in enumerate(sheet.head) if name.strip() in (head, _ID_BEHIND.sub("", head))]
    if len(places) != 1:
        names = ", ".join(sheet.head)[:600]
        raise ValueError(NO_COLUMN.format(file=file, lesson=lesson, columns=names).say("both"))
    return places[0]


def _fitting(head: Sequence[str], lesson: str, titles: Mapping[str, str]) -> list[int]:
    """The columns that may be a lesson's: called as its id, its title or its name; else with the id, or with a title,
    among other words. The first of these rules that fits any column counts."""
    plain = [_flat(_ID_BEHIND.sub("", name)) for name in head]
    own, named = _flat(lesson), [_flat(title) for title in titles.values()]

    def called(names: Sequence[str]) -> list[int]:
        return [n for n, name in enumerate(plain) if name in names]

    def holding(names: Sequence[str]) -> list[int]:
        return [
            n for n, name in enumerate(plain) if any(re.search(rf"(?<!\w){re.escape(k)}(?!\w)", name) for k in names)
        ]

    rules = (called([own]), called(named), called([_flat(lesson.partition("_")[2])]), holding([own]), holding(named))
    return next(filter(None, rules), [])


def _who(
    sheet: Sheet,
    rows: Sequence[int],
    at: Mapping[str, int],
    platform: Platform,
    asked: Asked,
    filled: Filled,
    lesson: str,
) -> dict[int, str]:
    """The student of each row. One that may be several people, or a student who may be in several rows, is nobody's."""
    people = asked.people
    numbers = {number: student for (of, student), number in people.numbers.items() if of == lesson}
    ids = {form for student in people.roster for form in _forms(student.key, student.login)}
    shared = any(_ids(sheet, row, at) & ids for row in rows)  # their ids are the ids here
    found: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        given = {key: _value(sheet, row, at, key) for key in at}
        digits = _digits(given.get(platform.number, ""))
        if platform.number == "moodle" and digits in numbers:
            found[numbers[digits]].append(row)
            continue
        words = [given.get(key, "") for key in ("id", "email", "login")]
        name = given.get("name") or " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
        by_number = {"canvas": digits} if platform.number == "canvas" else {}
        fitting = people.roster.fitting(*filter(None, (*words, name)), **by_number)
        fitting = tuple(s for s in fitting if not _contradicts(s, given, digits, platform, shared))
        handed = [s for s in fitting if any(s.key in marks.handed_in for marks in asked.marks.values())]
        if len(fitting) == 1:
            found[fitting[0].key].append(row)
        elif len(handed) > 1:
            about = UNCLEAR.format(students=", ".join(s.shown for s in handed))
            filled.todo.append((_shown(sheet, row, at), about))
    who: dict[int, str] = {}
    for student, places in found.items():
        if len(places) == 1:
            who[places[0]] = student
        elif any(student in marks.handed_in for marks in asked.marks.values()):
            about = TWICE.format(names=" / ".join(_shown(sheet, row, at) for row in places))
            filled.todo.append((student, about))
    return who


def _contradicts(student: Student, given: Mapping[str, str], digits: str, platform: Platform, shared: bool) -> bool:
    """Whether a row is somebody else of the same name: another id where both write the same ids, another number,
    another email."""
    ids = _forms(given.get("id", ""), given.get("login", ""))
    if ids & _forms(student.key, student.id, student.login, student.email):
        return False
    if platform.number == "canvas" and student.canvas and digits:
        return _digits(student.canvas) != digits
    if student.email and given.get("email"):
        return folded(student.email) != folded(given["email"])
    return shared and bool(ids)


def _factors(
    sheet: Sheet, rows: Sequence[int], at: Mapping[str, int], column: int, most: float, platform: Platform
) -> dict[int, tuple[float, float]]:
    """The platform's maximum for each row, and what to multiply points with."""
    found: dict[int, tuple[float, float]] = {}
    whole = None
    for row in range(1, len(sheet.rows)):
        if platform.maxima and platform.maxima in sheet.rows[row][0].value and len(sheet.rows[row]) > column:
            whole = _float(sheet.rows[row][column].value)
    for row in rows:
        theirs = _float(_value(sheet, row, at, "most")) if "most" in at else whole
        if theirs and most:
            found[row] = (theirs, theirs / most)
    return found


def _is_about(sheet: Sheet, row: int) -> bool:
    """Whether a row is about the columns and not about a person: Canvas's maxima and posting rules."""
    values = [cell.value.strip() for cell in sheet.rows[row]]
    return "points possible" in folded(values[0]) or all(
        not value or value == "Muted" or value.startswith("Manual Posting") for value in values
    )


def _place(head: Sequence[str], names: Sequence[str]) -> int | None:
    heads = [bare(name) for name in head]
    return next((heads.index(name) for name in names if name in heads), None)


def _value(sheet: Sheet, row: int, at: Mapping[str, int], key: str) -> str:
    place = at.get(key)
    return sheet.rows[row][place].value.strip() if place is not None and place < len(sheet.rows[row]) else ""


def _ids(sheet: Sheet, row: int, at: Mapping[str, int]) -> set[str]:
    return _forms(_value(sheet, row, at, "id"), _value(sheet, row, at, "login"))


def _forms(*words: str) -> set[str]:
    """What an id or a login may stand as: as it was written, or as the gradebook has it, in small letters."""
    return {folded(form) for word in words if word for form in (word, safe_id(word))}


def _shown(sheet: Sheet, row: int, at: Mapping[str, int]) -> str:
    name = _value(sheet, row, at, "name") or " ".join(
        _value(sheet, row, at, key) for key in ("first_name", "last_name")
    )
    number = next((word for key in ("id", "moodle", "canvas") if (word := _value(sheet, row, at, key))), "")
    return f"{name.strip()} ({number})" if number else name.strip()


def _digits(word: str) -> str:
    found = re.search(r"\d+$", word.strip())
    return found[0] if found is not None else ""


def _float(word: str) -> float | None:
    try:
        return float(word.strip().replace(",", "."))
    except ValueError:
        return None


def _flat(name: str) -> str:
    return re.sub(r"[\s\-_.:]+", " ", folded(name)).strip()


def _cell(asked: Asked, lesson: str, student: str) -> str:
    scores = asked.marks[lesson].scores
    return number(scores[student]) if student in scores else ""


def _plain_canvas(asked: Asked) -> bytes:
    """Canvas's own head and row of maxima, one line for each student. Without the assignment's id Canvas goes by its
    title, and asks what to do with one that it does not know."""
    lessons = list(asked.marks)
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    head += [asked.columns.get(lesson, lesson) for lesson in lessons]
    rows = [["    Points Possible", "", "", "", "", *(number(asked.marks[lesson].most) for lesson in lessons)]]
    for student in asked.people.roster:
        about = [student.name or student.id, _digits(student.canvas), student.id, student.login or student.email, ""]
        rows.append([*map(harmless, about), *(_cell(asked, lesson, student.key) for lesson in lessons)])
    return written([head, *rows], "\r\n")


def _plain_moodle(asked: Asked) -> bytes:
    """For Moodle's gradebook import, which asks which column is whose."""
    lessons = list(asked.marks)
    head = ["ID number", "Email address", "First name", "Last name"]
    head += [asked.columns.get(lesson, lesson) for lesson in lessons]
    rows = []
    for student in asked.people.roster:
        name = (student.first_name, student.last_name) if student.last_name else (student.name, "")
        about = [student.id, student.email, *name]
        rows.append([*map(harmless, about), *(_cell(asked, lesson, student.key) for lesson in lessons)])
    return written([head, *rows], "\r\n")


# The names of columns without blanks and signs, as ``bare`` makes them.
CANVAS = Platform(
    {
        "name": ("student",),
        "last_name": ("lastname",),
        "first_name": ("firstname",),
        "canvas": ("id",),
        "id": ("sisuserid",),
        "login": ("sisloginid",),
    },
    "canvas",
    "Points Possible",
    _plain_canvas,
)
MOODLE = Platform(
    {
        "moodle": ("identifier", "标识符", "識別碼"),
        "name": ("fullname", "全名", "姓名"),
        "first_name": ("firstname", "名"),
        "last_name": ("lastname", "surname", "姓", "姓氏"),
        "id": ("idnumber", "学号", "id号码"),
        "email": ("emailaddress", "email", "电子邮件地址", "电子邮箱地址", "邮箱", "电子邮件"),
        "login": ("username", "用户名"),
        "grade": ("grade", "成绩", "分数", "成績"),
        "most": ("maximumgrade", "最高分", "最大成绩", "最高成绩"),
    },
    "moodle",
    "",
    _plain_moodle,
)
