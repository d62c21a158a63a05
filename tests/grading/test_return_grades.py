"""Grades go into the platform's own column, to the right people, and into no other cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace

import pytest

from grader.returning import grades
from grader.returning.grades import CANVAS, MOODLE, Asked, Filled, Marks, Platform
from grader.returning.people import People
from grader.roster import Roster, Student
from grader.sheet import Sheet

LESSON = "01_toy"
ROSTER = Roster(
    (
        Student("2026001", "王小明", "小明", "王", "wang@uni.example"),
        Student("2026002", "Ann Lee", "Ann", "Lee", "ann@uni.example", canvas="4712"),
        Student("2026003", "=HYPERLINK(1)", "x", "=HYPERLINK(1)", "-bo@uni.example"),
        Student("2026004", "Eve Nobody", "Eve", "Nobody"),
    )
)
SCORES = {"2026001": 4.5, "2026002": 2.0, "2026003": 0.0}
CANVAS_HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Toy (88),01_toy (99),Current Score\r\n"
CANVAS_EXPORT = (
    "\ufeff" + CANVAS_HEAD + ",,,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,10,5,(read only)\r\n"
    '"王, 小明",4711,2026001,wang,"A ""1""",1,,20\r\n'
    '"Lee, Ann",4712,2026002,ann,A,=2+3,3,30\r\n'
    '"=HYPERLINK(1), x",4713,2026003,bo,A,3,,\r\n'
    '"Nobody, Eve",4714,2026004,eve,A,4,,\r\n'
    '"Student, Test",4999,,abc,A,,,\r\n'
)
MOODLE_EXPORT = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Last modified (grade)",'
    '"Feedback comments"\n'
    'Participant 91,Xiaoming W.,,,"Submitted, late",,5.00,-,"<p>x</p>"\n'
    "Participant 92,Ann Lee,2026002,ann@uni.example,Submitted,,5.00,-,\n"
    "Participant 93,Eve Nobody,2026004,,No submission,,5.00,-,\n"
)


def asked(scores: Mapping[str, float] = SCORES, people: People | None = None, **more: object) -> Asked:
    marks = {LESSON: Marks(scores, frozenset(SCORES), 5.0)}
    return Asked(marks, people or People(ROSTER, {(LESSON, "2026001"): "91"}), **more)  # type: ignore[arg-type]


def fill(text: str, platform: Platform, what: Asked | None = None) -> Filled:
    parsed = Sheet.parse(text.encode())
    assert parsed is not None
    return grades.fill(parsed, platform, what or asked(), "export.csv")


def test_canvas_gets_its_own_file_back_with_one_column_filled() -> None:
    expected = (
        CANVAS_EXPORT.replace('"A ""1""",1,,20', '"A ""1""",1,4.5,20')
        .replace("=2+3,3,30", "=2+3,2,30")
        .replace("2026003,bo,A,3,,", "2026003,bo,A,3,0,")
    )
    filled = fill(CANVAS_EXPORT, CANVAS)
    assert filled.blob.decode() == expected  # a formula in somebody else's row is left as it is, too
    assert filled.todo == []
    (absent,) = filled.remarks
    assert "Nobody, Eve (2026004), Student, Test (4999)" in absent[1].en


def test_moodles_worksheet_is_filled_by_the_participants_numbers() -> None:
    filled = fill(MOODLE_EXPORT, MOODLE)
    expected = MOODLE_EXPORT.replace('late",,5.00', 'late",4.5,5.00').replace(
        "example,Submitted,,5.00", "example,Submitted,2,5.00"
    )
    assert filled.blob.decode() == expected
    assert [name for name, _ in filled.todo] == ["2026003 · 01_toy"]  # is not in the file
    assert filled.numbers == {(LESSON, "2026001"): "91", (LESSON, "2026002"): "92", (LESSON, "2026004"): "93"}


def test_a_worksheet_in_chinese() -> None:
    text = "标识符,全名,学号,成绩,最高分,最后修改(成绩)\r\n参与者91,王小明,,,5,-\r\n"
    assert fill(text, MOODLE).blob.decode() == text.replace("王小明,,,5", "王小明,,4.5,5")


def test_moodles_gradebook_export_is_filled_by_its_title() -> None:
    text = 'First name,Surname,ID number,Email address,"Assignment: The toy (Real)"\nAnn,Lee,2026002,,-\n'
    filled = fill(text, MOODLE, asked(titles={LESSON: {"en": "The toy", "zh": "玩具"}}))
    assert filled.blob.decode().splitlines()[1] == "Ann,Lee,2026002,,2"


def test_what_a_person_set_there_stays() -> None:
    text = CANVAS_EXPORT.replace("=2+3,3,30", "=2+3,EX,30").replace('"A ""1""",1,,20', '"A ""1""",1,N/A,20')
    filled = fill(text, CANVAS)
    assert filled.blob.decode() == text.replace("2026003,bo,A,3,,", "2026003,bo,A,3,0,")
    assert [name for name, _ in filled.remarks[:2]] == ["王, 小明 (2026001)", "Lee, Ann (2026002)"]


def test_a_score_that_is_not_final_is_not_written() -> None:
    filled = fill(CANVAS_EXPORT, CANVAS, asked({"2026002": 2.0}))
    assert filled.blob.decode() == CANVAS_EXPORT.replace("=2+3,3,30", "=2+3,2,30")
    assert "2 in this file" in filled.remarks[0][1].en  # who handed in and waits is not among the absent


@pytest.mark.parametrize(
    ("text", "platform", "written"),
    [
        (CANVAS_EXPORT.replace(",10,5,", ",10,100,"), CANVAS, "=2+3,40,30"),
        (MOODLE_EXPORT.replace("5.00", "100.00"), MOODLE, "example,Submitted,40,100.00"),
        (MOODLE_EXPORT.replace("5.00", '"100,00"'), MOODLE, 'example,Submitted,40,"100,00"'),
    ],
)
def test_another_maximum_is_no_small_matter(text: str, platform: Platform, written: str) -> None:
    with pytest.raises(ValueError, match=r"worth 5 points here and 100 there.*--scale"):
        fill(text, platform)
    assert written in fill(text, platform, asked(scale=True)).blob.decode()


def test_somebody_else_of_the_same_name_gets_nobodys_grade() -> None:
    other = CANVAS_EXPORT.replace('"Lee, Ann",4712,2026002,ann', '"Lee, Ann",4720,2026999,other')
    filled = fill(other, CANVAS)
    assert "=2+3,3,30" in filled.blob.decode()
    assert [name for name, _ in filled.todo] == ["2026002 · 01_toy"]


def test_two_rows_that_may_be_one_student_are_left_alone() -> None:
    people = People(Roster((Student("ann", "Ann Lee"),)))
    text = "Student,ID,SIS Login ID,Section,01_toy\nAnn Lee,1,x,A,\nAnn Lee,2,y,A,\n"
    one = Asked({LESSON: Marks({"ann": 2.0}, frozenset({"ann"}), 5.0)}, people)
    with pytest.raises(ValueError, match="nobody in it is known"):
        fill(text, CANVAS, one)
    more = Roster((*people.roster, Student("bo", "Bo Li")))
    two = Asked({LESSON: Marks({"ann": 2.0, "bo": 3.0}, frozenset({"ann", "bo"}), 5.0)}, People(more))
    filled = fill(text + "Bo Li,3,z,A,\n", CANVAS, two)
    assert filled.blob.decode() == text + "Bo Li,3,z,A,3\n"
    assert [name for name, _ in filled.todo][:1] == ["ann"]


def test_an_id_in_other_letters_is_the_same_person() -> None:
    people = People(Roster((Student("Ann01", "Ann Lee"), Student("bo02", "Bo Li"))))
    text = "Student,ID,SIS User ID,SIS Login ID,Section,01_toy\nAnn Lee,1,ann01,,A,\nBo Li,2,ｂｏ02,,A,\n"
    everybody = {"Ann01": 2.0, "bo02": 3.0}
    two = Asked({LESSON: Marks(everybody, frozenset(everybody), 5.0)}, people)
    for exact in ("", "x3"):  # whoever else has an id as it stands here
        more = text + f"Cy Xu,3,{exact},,A,\n"
        roster = Roster((*people.roster, Student("x3", "Cy Xu")))
        filled = fill(more, CANVAS, Asked(two.marks, People(roster)))
        assert filled.blob.decode() == more.replace("ann01,,A,", "ann01,,A,2").replace("ｂｏ02,,A,", "ｂｏ02,,A,3")
        assert filled.todo == []


def test_a_name_that_may_be_several_students_is_left_alone() -> None:
    two = Roster((Student("1", "Ann Lee"), Student("2", "Ann Lee"), Student("3", "Bo Li")))
    marks = Marks({"1": 1.0, "2": 2.0, "3": 3.0}, frozenset("123"), 5.0)
    text = "Student,ID,SIS Login ID,Section,01_toy\nAnn Lee,71,x,A,\nBo Li,72,y,A,\n"
    filled = fill(text, CANVAS, Asked({LESSON: marks}, People(two)))
    assert filled.blob.decode() == text.replace("72,y,A,", "72,y,A,3")
    assert "several of the graded students" in filled.todo[0][1].en


@pytest.mark.parametrize(
    ("head", "columns", "at"),
    [
        ("01_toy (99),Toy (1)", {}, 4),
        ("x,Homework 1: 01 Toy (2)", {}, 5),
        ("x,toy", {}, 5),
        ("x,玩具课 (5)", {}, 5),
        ("01_toy,Homework 3 (77)", {LESSON: "Homework 3"}, 5),
        ("01_toy,Homework 3 (77)", {LESSON: "Homework 3 (77)"}, 5),
    ],
)
def test_the_lessons_column(head: str, columns: Mapping[str, str], at: int) -> None:
    text = f"Student,ID,SIS User ID,Section,{head}\nx,1,2026001,A,,\n"
    filled = fill(text, CANVAS, asked(columns=columns, titles={LESSON: {"en": "A toy story", "zh": "玩具课"}}))
    assert filled.blob.decode().splitlines()[1].split(",").index("4.5") == at


@pytest.mark.parametrize(
    ("head", "columns", "message"),
    [
        ("x,y", {}, "no column for 01_toy.*Student, ID, SIS User ID, Section, x, y"),
        ("x 01_toy,y 01_toy", {}, "several columns may be that of 01_toy: x 01_toy, y 01_toy"),
        ("01_toy,y", {LESSON: "z"}, "no column for 01_toy"),
    ],
)
def test_a_column_that_is_not_clear_is_asked_for(head: str, columns: Mapping[str, str], message: str) -> None:
    text = f"Student,ID,SIS User ID,Section,{head}\nx,1,2026001,A,,\n"
    with pytest.raises(ValueError, match=message):
        fill(text, CANVAS, asked(columns=columns))


def test_a_worksheet_is_of_one_lesson() -> None:
    two = asked()
    two = replace(two, marks={**two.marks, "02_more": two.marks[LESSON]})
    with pytest.raises(ValueError, match="say with --lesson"):
        fill(MOODLE_EXPORT, MOODLE, two)


def rows(blob: bytes) -> list[list[str]]:
    assert blob.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(blob.decode("utf-8-sig"))))


def test_without_an_export_canvas_gets_what_its_import_needs() -> None:
    head, maxima, *people = rows(CANVAS.plain(asked()))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON]
    assert maxima == ["    Points Possible", "", "", "", "", "5"]
    assert people == [
        ["王小明", "", "2026001", "wang@uni.example", "", "4.5"],
        ["Ann Lee", "4712", "2026002", "ann@uni.example", "", "2"],
        ["'=HYPERLINK(1)", "", "2026003", "'-bo@uni.example", "", "0"],
        ["Eve Nobody", "", "2026004", "", "", ""],
    ]


def test_without_an_export_moodle_gets_ids_and_emails() -> None:
    head, first, _, third, last = rows(MOODLE.plain(asked()))
    assert head == ["ID number", "Email address", "First name", "Last name", LESSON]
    assert first == ["2026001", "wang@uni.example", "小明", "王", "4.5"]
    assert third == ["2026003", "'-bo@uni.example", "x", "'=HYPERLINK(1)", "0"]
    assert last == ["2026004", "", "Eve", "Nobody", ""]


@pytest.mark.parametrize("platform", [CANVAS, MOODLE])
def test_what_we_write_can_be_filled_again(platform: Platform) -> None:
    blob = platform.plain(asked())
    parsed = Sheet.parse(blob)
    assert parsed is not None
    assert grades.fill(parsed, platform, asked(), "export.csv").blob == blob
