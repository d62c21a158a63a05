"""The roster is read as schools write it, names the line that is wrong, and never guesses between two people."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.roster import Roster, Student, nearest_roster, read_roster

CLASS = """学号,姓名,邮箱,login,canvas,moodle
20260001,王小明,xm.wang@uni.example,xmwang,4711,Participant 91
20260002,Ann Lee,ann.lee@uni.example,alee,4712,参与者 92
20260003,Ann Lee,ann2@uni.example,alee2,4713,
20260004,"Núñez, José",jose@uni.example,jnunez,4714,94
20260005,欧阳娜,,,,
s6,王小,,wx,,
s7,Jörg Weiß,,,,
"""


def written(tmp_path: Path, text: str | bytes, name: str = "students.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    return read_roster(written(tmp_path, CLASS))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, comma: str) -> None:
    text = "学号,姓名,邮箱\r\n\r\n20260001,王小明,x@uni.example\r\n".replace(",", comma)
    (student,) = read_roster(written(tmp_path, text.encode(encoding)))
    assert student == Student("20260001", "王小明", "小明", "王", "x@uni.example", line=3)


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("id,first_name,last_name,email", "a1,Ann,Lee,a@x", ("a1", "Ann Lee", "Ann", "Lee", "a@x")),
        ("Student ID;Full Name", "a1;Ann Mary Lee", ("a1", "Ann Mary Lee", "Ann Mary", "Lee", "")),
        ("ID,Name", '="0042","Lee, Ann"', ("0042", "Ann Lee", "Ann", "Lee", "")),
        ("学号,姓,名", "7,欧阳,娜娜", ("7", "欧阳娜娜", "娜娜", "欧阳", "")),
        ("学号\t姓名", "7\t欧阳娜", ("7", "欧阳娜", "娜", "欧阳", "")),
        (
            "Identifier,Full name,ID number,Email address",
            "Participant 91,Ann Lee,a1,a@x",
            ("a1", "Ann Lee", "Ann", "Lee", "a@x"),
        ),
        ("Student,ID,SIS User ID,SIS Login ID", '"Lee, Ann",4711,a1,alee', ("a1", "Ann Lee", "Ann", "Lee", "")),
        ("ＩＤ,NAME", "ａ1,Plato", ("ａ1", "Plato", "", "Plato", "")),
    ],
)
def test_columns_in_both_languages_and_of_both_platforms(
    tmp_path: Path, head: str, row: str, expected: tuple[str, ...]
) -> None:
    (student,) = read_roster(written(tmp_path, f"{head}\n{row}\n"))
    assert (student.id, student.name, student.first_name, student.last_name, student.email) == expected


def test_rows_of_canvas_that_are_nobody_are_left_out(tmp_path: Path) -> None:
    text = 'Student,ID,SIS User ID\n"    Points Possible",,\n"Lee, Ann",4711,a1\n"Student, Test",99,\n'
    (student,) = read_roster(written(tmp_path, text))
    assert (student.id, student.canvas) == ("a1", "4711")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,email\nAnn,a@x\n", ["line 1", "学号", "name, email", "第 1 行"]),
        ("id,name\n1,Ann\n\n1,Bo\n", ["line 4", "line 2", "“1”", "第 4 行"]),
        ("id,name\nAB,Ann\nab,Bo\n", ["line 3", "line 2"]),
        ("id,email\n1,A@x\n2,a@x\n", ["line 3", "email"]),
        ("id,name\n1,Ann\n,Bo\n", ["line 3", "Bo"]),
        ("id,学号\n1,2\n", ["line 1", "id, 学号"]),
        ("", ["CSV"]),
        (b"PK\x03\x04rest", ["CSV"]),
        (b"\xff\xff\xff", ["CSV"]),
        ("id,name\n1,A\0nn\n", ["CSV"]),
    ],
)
def test_what_is_wrong_is_said_with_the_line(tmp_path: Path, text: str | bytes, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        read_roster(written(tmp_path, text))
    message = str(caught.value)
    assert all(word in message for word in ["students.csv", *words]), message
    assert len(message.splitlines()) == 2  # both languages


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("20260001", "20260001"),
        ("XM.Wang@uni.example", "20260001"),
        ("xmwang", "20260001"),
        ("王小明", "20260001"),
        ("小明王", "20260001"),
        ("王小明 作业", "20260001"),
        ("王小明20260001", "20260001"),
        ("２０２６０００１", "20260001"),
        ("Group 3-王小明", "20260001"),
        ("王小", "s6"),
        ("wangxiaoming", None),
        ("JÖRG WEISS", "s7"),
        ("núñezjosé", "20260004"),
        ("nunezjose", "20260004"),
        ("JOSE NUNEZ", "20260004"),
        ("Nu\u0301n\u0303ez  Jose\u0301", "20260004"),
        ("Ann Lee", None),
        ("leeann", None),
        ("Ann Lee 20260003", "20260003"),
        ("Ann", None),
        ("王小明 20260002", None),  # one's name, another's id
        ("王小明_欧阳娜", None),
        ("", None),
        ("2026", None),
    ],
)
def test_words_that_mean_somebody(roster: Roster, word: str, expected: str | None) -> None:
    found = roster.find(word)
    assert (found.id if found is not None else None) == expected


def test_of_two_people_of_one_name_a_later_word_decides(roster: Roster) -> None:
    assert [student.id for student in roster.fitting("Ann Lee")] == ["20260002", "20260003"]
    assert roster.find("Ann Lee", "alee2") == roster.students[2]
    assert roster.find("Ann Lee", "20260001") is None  # neither of the two
    assert roster.find("Ann Lee", canvas="4713") == roster.students[2]


def test_numbers_count_on_their_own_platform_only(roster: Roster) -> None:
    assert roster.find(canvas="4711") == roster.find(moodle="91") == roster.students[0]
    assert roster.find(moodle="92") == roster.students[1]
    assert roster.find(moodle="4711") is None
    assert roster.find(canvas="") is None


def test_every_student_is_found_by_each_mark(roster: Roster) -> None:
    for student in roster:
        for mark in filter(None, (student.id, student.email, student.login)):
            assert roster.find(mark) == student, mark


def test_a_short_number_is_no_id_inside_other_words(tmp_path: Path) -> None:
    numbered = read_roster(written(tmp_path, "id\n1\n2\n"))
    assert numbered.find("2") == numbered.students[1]
    assert numbered.find("homework 2") is None


def test_the_nearest_roster(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert nearest_roster([tmp_path / "a", tmp_path]) is None
    path = written(tmp_path, CLASS)
    assert nearest_roster([tmp_path / "a", tmp_path / "none", tmp_path]) == path
