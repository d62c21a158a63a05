"""What really arrives, file by file: each odd file with the account that it must get, and no file without one."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from course_lib.text import Text
from grader import collect as module
from grader import reasons
from grader.collect import collect
from tests.grading.odd_files import (
    LESSONS,
    NOTEBOOK,
    ROSTER,
    SECOND,
    Content,
    Odd,
    account,
    accounted,
    build,
    folder,
    link_to,
    pipe,
    zipped,
)

MOODLE = "Ann Lee_4711_assignsubmission_file"
TOY = "01_toy.ipynb"
GBK = "王小明_01_toy.ipynb".encode("gb18030")
INNER = zipped({TOY: NOTEBOOK})

# A place's files and what becomes of each. A folder stands for all that is in it where nothing in it is looked at.
FOLDERS: dict[str, tuple[Mapping[str, Content], Mapping[str, str]]] = {
    "moodle's folder": ({f"{MOODLE}_/{TOY}": NOTEBOOK}, {f"{MOODLE}_/{TOY}": "Ann_Lee 01_toy"}),
    "moodle's folder without its last line": ({f"{MOODLE}/{TOY}": NOTEBOOK}, {f"{MOODLE}/{TOY}": "Ann_Lee 01_toy"}),
    "moodle, flat": ({f"{MOODLE}_{TOY}": NOTEBOOK}, {f"{MOODLE}_{TOY}": "Ann_Lee 01_toy"}),
    "moodle, flat, a name that says nothing": (
        {f"{MOODLE}_homework.ipynb": SECOND},
        {f"{MOODLE}_homework.ipynb": "Ann_Lee 02_more"},
    ),
    "moodle, typed text": (
        {f"{MOODLE}_/{TOY}": NOTEBOOK, "Ann Lee_4711_assignsubmission_onlinetext_/onlinetext.html": b"x"},
        {
            f"{MOODLE}_/{TOY}": "Ann_Lee 01_toy",
            "Ann Lee_4711_assignsubmission_onlinetext_/onlinetext.html": "ignored: ONLINE_TEXT",
        },
    ),
    "moodle, two people of one name": (
        {f"{MOODLE}_/{TOY}": NOTEBOOK, f"{MOODLE.replace('4711', '4799')}_/{TOY}": NOTEBOOK},
        {
            f"{MOODLE}_/{TOY}": "Ann_Lee_4711 01_toy",
            f"{MOODLE.replace('4711', '4799')}_/{TOY}": "Ann_Lee_4799 01_toy",
        },
    ),
    "moodle, handed in as a zip": (
        {f"{MOODLE}_/work.zip": INNER},
        {f"{MOODLE}_/work.zip/{TOY}": "Ann_Lee 01_toy"},
    ),
    "several lessons in one folder": (
        {f"{MOODLE}_/{TOY}": NOTEBOOK, f"{MOODLE}_/02_more.ipynb": NOTEBOOK},
        {f"{MOODLE}_/{TOY}": "Ann_Lee 01_toy", f"{MOODLE}_/02_more.ipynb": "Ann_Lee 02_more"},
    ),
    "canvas": ({f"leeann_4711_9912_{TOY}": NOTEBOOK}, {f"leeann_4711_9912_{TOY}": "leeann 01_toy"}),
    "canvas, late": (
        {f"leeann_LATE_4711_9912_{TOY}": NOTEBOOK},
        {f"leeann_LATE_4711_9912_{TOY}": "leeann 01_toy late"},
    ),
    "canvas, handed in three times": (
        {f"leeann_4711_9912_01_toy{again}.ipynb": NOTEBOOK for again in ("-2", "-1", "")},
        {
            "leeann_4711_9912_01_toy-2.ipynb": "leeann 01_toy",
            "leeann_4711_9912_01_toy-1.ipynb": "superseded",
            "leeann_4711_9912_01_toy.ipynb": "superseded",
        },
    ),
    "canvas, ten times": (
        {f"leeann_4711_9912_01_toy{again}.ipynb": NOTEBOOK for again in ("-10", "-9")},
        {"leeann_4711_9912_01_toy-10.ipynb": "leeann 01_toy", "leeann_4711_9912_01_toy-9.ipynb": "superseded"},
    ),
    "canvas, a later upload of another name": (
        {"leeann_4711_10001_my_toy.ipynb": NOTEBOOK, f"leeann_4711_9912_{TOY}": NOTEBOOK},
        {"leeann_4711_10001_my_toy.ipynb": "leeann 01_toy", f"leeann_4711_9912_{TOY}": "superseded"},
    ),
    "canvas, anonymous": (
        {f"anon_4711_9912_{TOY}": NOTEBOOK, f"anon_4712_9913_{TOY}": NOTEBOOK},
        {f"anon_4711_9912_{TOY}": "anon_4711 01_toy", f"anon_4712_9913_{TOY}": "anon_4712 01_toy"},
    ),
    "canvas, a zip": (
        {"leeann_4711_9912_work.zip": zipped({"work/02_more.ipynb": NOTEBOOK})},
        {"leeann_4711_9912_work.zip/work/02_more.ipynb": "leeann 02_more"},
    ),
    "a canvas download in a folder of its own": (
        {"download/leeann_4711_9912_01_toy.ipynb": NOTEBOOK, "download/wangbo_4712_9913_01_toy.ipynb": NOTEBOOK},
        {
            "download/leeann_4711_9912_01_toy.ipynb": "leeann 01_toy",
            "download/wangbo_4712_9913_01_toy.ipynb": "wangbo 01_toy",
        },
    ),
    "a name that is Chinese": ({"王小明_01_toy.ipynb": NOTEBOOK}, {"王小明_01_toy.ipynb": "王小明 01_toy"}),
    "the lesson first": ({"01_toy 王小明.ipynb": NOTEBOOK}, {"01_toy 王小明.ipynb": "王小明 01_toy"}),
    "the lesson in the middle": ({"ann_01_toy_last.ipynb": NOTEBOOK}, {"ann_01_toy_last.ipynb": "ann_last 01_toy"}),
    "a lesson written with blanks": ({"ann 01 Toy.ipynb": NOTEBOOK}, {"ann 01 Toy.ipynb": "ann 01_toy"}),
    "blanks": ({"ann/my  work 01_toy .ipynb": NOTEBOOK}, {"ann/my  work 01_toy .ipynb": "ann 01_toy"}),
    "a Mac's accents": ({"Jose\u0301/01_toy.ipynb": NOTEBOOK}, {"Jose\u0301/01_toy.ipynb": "José 01_toy"}),
    "a Mac's accents in nbgrader's tree": (
        {"Jose\u0301/01_toy/01_toy.ipynb": NOTEBOOK},
        {"Jose\u0301/01_toy/01_toy.ipynb": "José 01_toy"},
    ),
    "the only student's folder": (
        {f"{MOODLE}_/a/{TOY}": NOTEBOOK, f"{MOODLE}_/b/{TOY}": NOTEBOOK},
        {f"{MOODLE}_/a/{TOY}": "superseded", f"{MOODLE}_/b/{TOY}": "Ann_Lee 01_toy"},
    ),
    "zips by their names": (
        {"ann.zip": INNER, "bo.zip": INNER},
        {f"ann.zip/{TOY}": "ann 01_toy", f"bo.zip/{TOY}": "bo 01_toy"},
    ),
    "a name in GBK": (
        {"王小明_01_toy.ipynb".encode("gb18030").decode("utf-8", "surrogateescape"): NOTEBOOK},
        {"王小明_01_toy.ipynb": "王小明 01_toy"},
    ),
    "a name in no encoding": ({"ann\udcff_01_toy.ipynb": NOTEBOOK}, {"ann?_01_toy.ipynb": "ann-093e8d 01_toy"}),
    "a name that clears the screen": (
        {"ann/\x1b[2J 01_toy.ipynb": NOTEBOOK},
        {"ann/\ufffd[2J 01_toy.ipynb": "ann 01_toy"},
    ),
    ".ipynb.txt": ({"ann_01_toy.ipynb.txt": NOTEBOOK}, {"ann_01_toy.ipynb.txt": "ann 01_toy"}),
    ".ipynb.json": ({"ann_01_toy.ipynb.json": NOTEBOOK}, {"ann_01_toy.ipynb.json": "ann 01_toy"}),
    ".ipynb(1).txt": ({"ann_01_toy.ipynb(1).txt": NOTEBOOK}, {"ann_01_toy.ipynb(1).txt": "ann 01_toy"}),
    ".IPYNB": ({"ann_01_TOY.IPYNB": NOTEBOOK}, {"ann_01_TOY.IPYNB": "ann 01_toy"}),
    ".ipynb.zip": ({"ann_01_toy.ipynb.zip": INNER}, {f"ann_01_toy.ipynb.zip/{TOY}": "ann 01_toy"}),
    ".ipynb.zip that is no zip": ({"ann_01_toy.ipynb.zip": NOTEBOOK}, {"ann_01_toy.ipynb.zip": "ann 01_toy"}),
    "copies": (
        {f"ann/01_toy{mark}.ipynb": NOTEBOOK for mark in (" - 副本", "-Copy1", "(2)", "")},
        {
            "ann/01_toy.ipynb": "ann 01_toy",
            **{f"ann/01_toy{mark}.ipynb": "superseded" for mark in (" - 副本", "-Copy1", "(2)")},
        },
    ),
    "two notebooks of one lesson, none of the right name": (
        {"ann/old 01_toy.ipynb": NOTEBOOK, "ann/new 01_toy.ipynb": NOTEBOOK, f"bo/{TOY}": NOTEBOOK},
        {"ann/old 01_toy.ipynb": "superseded", "ann/new 01_toy.ipynb": "ann 01_toy", f"bo/{TOY}": "bo 01_toy"},
    ),
    "ids that end in numbers": (
        {"class-01.ipynb": SECOND, "class-02.ipynb": SECOND},
        {"class-01.ipynb": "class-01 02_more", "class-02.ipynb": "class-02 02_more"},
    ),
}

REFUSED: dict[str, tuple[Mapping[str, Content], Mapping[str, str]]] = {
    "an empty notebook, graded as nothing": (
        {f"ann/{TOY}": b"", f"bo/{TOY}": NOTEBOOK},
        {f"ann/{TOY}": "ann 01_toy", f"bo/{TOY}": "bo 01_toy"},
    ),
    "an empty notebook after a full one": (
        {"ann/old 01_toy.ipynb": NOTEBOOK, f"ann/{TOY}": b""},
        {"ann/old 01_toy.ipynb": "ann 01_toy", f"ann/{TOY}": "superseded"},
    ),
    "an empty notebook of no lesson": ({"ann/homework.ipynb": b""}, {"ann/homework.ipynb": "EMPTY"}),
    "other kinds of files": (
        {f"ann_01_toy.{ending}": b"x" for ending in ("pdf", "docx", "py", "html", "json", "txt", "ipynb.pdf")},
        {f"ann_01_toy.{e}": "NOT_NOTEBOOK" for e in ("pdf", "docx", "py", "html", "json", "txt", "ipynb.pdf")},
    ),
    "a file without an ending": ({"ann/01_toy": NOTEBOOK}, {"ann/01_toy": "NOT_NOTEBOOK"}),
    "other archives": (
        {f"ann_01_toy.{ending}": b"x" for ending in ("rar", "7z", "tar.gz", "tgz", "tar", "RAR")},
        {f"ann_01_toy.{ending}": "PACKED" for ending in ("rar", "7z", "tar.gz", "tgz", "tar", "RAR")},
    ),
    "a damaged zip": ({"ann.zip": INNER[:-30]}, {"ann.zip": "BROKEN"}),
    "an empty file called zip": ({"ann.zip": b""}, {"ann.zip": "BROKEN"}),
    "a zip with nothing in it": ({"ann.zip": zipped({})}, {"ann.zip": "NO_FILES"}),
    "a zip with a folder in it": ({"ann.zip": zipped({"work/": b""})}, {"ann.zip": "NO_FILES"}),
    "nobody's notebook": (
        {TOY: NOTEBOOK, "01_toy (1).ipynb": NOTEBOOK},
        {TOY: "NO_STUDENT", "01_toy (1).ipynb": "NO_STUDENT"},
    ),
    "no lesson": ({"ann/homework.ipynb": NOTEBOOK}, {"ann/homework.ipynb": "NO_LESSON"}),
    "an empty folder": ({"ann": folder, f"bo/{TOY}": NOTEBOOK}, {"ann": "NOTHING", f"bo/{TOY}": "bo 01_toy"}),
    "links": (
        {"ann/01_toy.ipynb": link_to("/etc/passwd"), "bo": link_to("/etc"), "c.zip": link_to("nowhere")},
        {"ann/01_toy.ipynb": "LINK", "bo": "LINK", "c.zip": "LINK"},
    ),
    "a pipe": ({"ann/01_toy.ipynb": pipe}, {"ann/01_toy.ipynb": "SPECIAL"}),
    "what Jupyter and systems leave behind": (
        {
            f"ann/{TOY}": NOTEBOOK,
            "ann/.ipynb_checkpoints/01_toy-checkpoint.ipynb": NOTEBOOK,
            "__MACOSX/ann/._01_toy.ipynb": b"x",
            "ann/._01_toy.ipynb": b"x",
            ".DS_Store": b"x",
            "ann/Thumbs.db": b"x",
            "ann/desktop.ini": b"x",
        },
        {
            f"ann/{TOY}": "ann 01_toy",
            "ann/.ipynb_checkpoints": "ignored: SYSTEM",
            "__MACOSX": "ignored: SYSTEM",
            "ann/._01_toy.ipynb": "ignored: SYSTEM",
            ".DS_Store": "ignored: SYSTEM",
            "ann/Thumbs.db": "ignored: SYSTEM",
            "ann/desktop.ini": "ignored: SYSTEM",
        },
    ),
    "the whole bundle as a zip": (
        {
            "ann.zip": zipped(
                {
                    "course/notebooks/01_toy/01_toy.ipynb": NOTEBOOK,
                    "course/notebooks/02_more/02_more.ipynb": NOTEBOOK,
                    "course/course_lib/text.py": b"x",
                    "course/course.json": b"{}",
                    "course/START.ipynb": NOTEBOOK,
                }
            )
        },
        {
            "ann.zip/course/notebooks/01_toy/01_toy.ipynb": "ann 01_toy",
            "ann.zip/course/notebooks/02_more/02_more.ipynb": "ann 02_more",
            "ann.zip/course/course_lib/text.py": "ignored: BUNDLE",
            "ann.zip/course/course.json": "ignored: BUNDLE",
            "ann.zip/course/START.ipynb": "ignored: BUNDLE",
        },
    ),
    "nbgrader's tree with its time": (
        {f"submitted/ann/01_toy/{TOY}": NOTEBOOK, "submitted/ann/01_toy/timestamp.txt": b"2026-03-01 12:00:00 UTC"},
        {f"ann/01_toy/{TOY}": "ann 01_toy", "ann/01_toy/timestamp.txt": "ignored: STAMP"},
    ),
    "a folder and a zip of one name": (
        {f"ann/{TOY}": NOTEBOOK, "ann.zip": INNER},
        {f"ann/{TOY}": "ann 01_toy", f"ann.zip/{TOY}": "superseded"},
    ),
}

# Members of a zip. What stands in the table without a reason was found by its raw name.
ZIPS: dict[str, tuple[Mapping[str, bytes | Odd], Mapping[str, str]]] = {
    "a tree in a folder of its own": (
        {f"class/submitted/ann/01_toy/{TOY}": NOTEBOOK},
        {f"class/submitted/ann/01_toy/{TOY}": "ann 01_toy"},
    ),
    "a zip of one level": ({"ann.zip": INNER}, {f"ann.zip/{TOY}": "ann 01_toy"}),
    "zips of two levels": (
        {f"{MOODLE}_/all.zip": zipped({"inner.zip": INNER})},
        {f"{MOODLE}_/all.zip/inner.zip/{TOY}": "Ann_Lee 01_toy"},
    ),
    "zips of three levels": (
        {"ann.zip": zipped({"b.zip": zipped({"c.zip": INNER})})},
        {"ann.zip/b.zip/c.zip": "NESTED"},
    ),
    "a damaged zip inside": ({"ann.zip": INNER[:-30]}, {"ann.zip": "BROKEN"}),
    "an empty zip inside": ({"ann.zip": zipped({})}, {"ann.zip": "NO_FILES"}),
    "a name in UTF-8 without the mark": (
        {"1": Odd(raw="王小明_01_toy.ipynb".encode())},
        {"王小明_01_toy.ipynb": "王小明 01_toy"},
    ),
    "a name in GBK": ({"1": Odd(raw=GBK)}, {"王小明_01_toy.ipynb": "王小明 01_toy"}),
    "a rare character in GBK": (
        {"1": Odd(raw="王玥_01_toy.ipynb".encode("gb18030"))},
        {"王玥_01_toy.ipynb": "王玥 01_toy"},
    ),
    "a name of an old PC": (
        {"1": Odd(raw="André_01_toy.ipynb".encode("cp437")), "2": Odd(raw="Andrés_01_toy.ipynb".encode("cp437"))},
        {"André_01_toy.ipynb": "André 01_toy", "Andrés_01_toy.ipynb": "Andrés 01_toy"},
    ),
    "Windows' strokes": ({"1": Odd(raw=b"ann\\01_toy\\01_toy.ipynb")}, {f"ann/01_toy/{TOY}": "ann 01_toy"}),
    "the same name twice": (
        {"1": Odd(raw=f"ann/{TOY}".encode()), "2": Odd(b"", raw=f"ann/{TOY}".encode())},
        {f"ann/{TOY}": "ann 01_toy", f"ann/{TOY} #2": "superseded"},
    ),
    "paths that lead out": (
        {
            f"../{TOY}": NOTEBOOK,
            f"ann/../../{TOY}": NOTEBOOK,
            f"/etc/{TOY}": NOTEBOOK,
            "1": Odd(raw=rb"C:\ann\01_toy.ipynb"),
            "2": Odd(raw=rb"..\01_toy.ipynb"),
            "3": Odd(raw=b"ann\0/01_toy.ipynb"),
            "4": Odd(raw=b"//server/01_toy.ipynb"),
        },
        {
            f"../{TOY}": "UNSAFE",
            f"ann/../../{TOY}": "UNSAFE",
            f"/etc/{TOY}": "UNSAFE",
            f"C:/ann/{TOY}": "UNSAFE",
            f"../{TOY} #2": "UNSAFE",
            f"ann\ufffd/{TOY}": "UNSAFE",
            f"//server/{TOY}": "UNSAFE",
        },
    ),
    "a very long name": ({"a" * 400 + ".ipynb": NOTEBOOK}, {"a" * 300 + "…": "LONG_NAME"}),
    "a link": ({f"ann/{TOY}": Odd(b"/etc/passwd", mode=stat.S_IFLNK | 0o777)}, {f"ann/{TOY}": "LINK"}),
    "a device and a pipe": (
        {f"ann/{TOY}": Odd(mode=stat.S_IFCHR | 0o644), f"bo/{TOY}": Odd(mode=stat.S_IFIFO | 0o644)},
        {f"ann/{TOY}": "SPECIAL", f"bo/{TOY}": "SPECIAL"},
    ),
    "a password": (
        {f"ann/{TOY}": Odd(flag=1), "bo.zip": Odd(INNER, flag=1)},
        {f"ann/{TOY}": "LOCKED", "bo.zip": "LOCKED"},
    ),
    "an odd way of packing": ({f"ann/{TOY}": Odd(method=zipfile.ZIP_LZMA)}, {f"ann/{TOY}": "ODD_PACKING"}),
    "a damaged file": (
        {f"ann/{TOY}": Odd(damaged=True), f"bo/{TOY}": NOTEBOOK},
        {f"ann/{TOY}": "BROKEN_FILE", f"bo/{TOY}": "bo 01_toy"},
    ),
    "a Mac's shadow files": (
        {f"ann/{TOY}": NOTEBOOK, f"__MACOSX/ann/._{TOY}": b"x"},
        {f"ann/{TOY}": "ann 01_toy", f"__MACOSX/ann/._{TOY}": "ignored: SYSTEM"},
    ),
    "an empty folder": ({f"ann/{TOY}": NOTEBOOK, "bo/": b""}, {f"ann/{TOY}": "ann 01_toy", "bo": "NOTHING"}),
}

ROSTERED: dict[str, tuple[Mapping[str, Content], Mapping[str, str]]] = {
    "by id": ({"20260001_01_toy.ipynb": NOTEBOOK}, {"20260001_01_toy.ipynb": "20260001 01_toy"}),
    "by name": ({"王小明 01_toy.ipynb": NOTEBOOK}, {"王小明 01_toy.ipynb": "20260001 01_toy"}),
    "by email": ({f"ann2@uni.example/{TOY}": NOTEBOOK}, {f"ann2@uni.example/{TOY}": "20260003 01_toy"}),
    "by moodle's number": (
        {f"Xiaoming_91_assignsubmission_file_/{TOY}": NOTEBOOK},
        {f"Xiaoming_91_assignsubmission_file_/{TOY}": "20260001 01_toy"},
    ),
    "by canvas's number": (
        {f"leeann_4713_9912_{TOY}": NOTEBOOK, f"leeann_late_4712_9913_{TOY}": NOTEBOOK},
        {f"leeann_4713_9912_{TOY}": "20260003 01_toy", f"leeann_late_4712_9913_{TOY}": "20260002 01_toy late"},
    ),
    "by canvas's way of writing": (
        {f"núñezjosé_4999_9912_{TOY}": NOTEBOOK},
        {f"núñezjosé_4999_9912_{TOY}": "20260004 01_toy"},
    ),
    "one student under two names": (
        {f"20260001/{TOY}": NOTEBOOK, f"王小明_77_assignsubmission_file_/{TOY}": NOTEBOOK},
        {f"20260001/{TOY}": "superseded", f"王小明_77_assignsubmission_file_/{TOY}": "20260001 01_toy"},
    ),
    "two of one name": ({f"Ann Lee/{TOY}": NOTEBOOK}, {f"Ann Lee/{TOY}": "AMBIGUOUS"}),
    "two of one name, and an id": (
        {f"{MOODLE}_/20260003_01_toy.ipynb": NOTEBOOK},
        {f"{MOODLE}_/20260003_01_toy.ipynb": "20260003 01_toy"},
    ),
    "one's name and another's id": (
        {"王小明_20260004_01_toy.ipynb": NOTEBOOK},
        {"王小明_20260004_01_toy.ipynb": "MIXED_UP"},
    ),
    "somebody else": ({f"bo/{TOY}": NOTEBOOK}, {f"bo/{TOY}": "bo 01_toy"}),
    "somebody else with a classmate's file": (
        {f"Bo Wang_55_assignsubmission_file_/20260001_{TOY}": NOTEBOOK},
        {f"Bo Wang_55_assignsubmission_file_/20260001_{TOY}": "Bo_Wang 01_toy"},
    ),
    "a folder around the students'": (
        {f"week 1/王小明/{TOY}": NOTEBOOK, f"week 1/20260002/{TOY}": NOTEBOOK},
        {f"week 1/王小明/{TOY}": "20260001 01_toy", f"week 1/20260002/{TOY}": "20260002 01_toy"},
    ),
    "the only student's folder": (
        {f"王小明/a/{TOY}": NOTEBOOK, f"王小明/b/{TOY}": NOTEBOOK},
        {f"王小明/a/{TOY}": "superseded", f"王小明/b/{TOY}": "20260001 01_toy"},
    ),
    "the roster itself": (
        {"students.csv": b"id\n1\n", f"20260001/{TOY}": NOTEBOOK},
        {"students.csv": "ignored: ROSTER", f"20260001/{TOY}": "20260001 01_toy"},
    ),
}


@pytest.mark.parametrize("name", [*FOLDERS, *REFUSED])
def test_in_a_folder(tmp_path: Path, name: str) -> None:
    files, expected = {**FOLDERS, **REFUSED}[name]
    assert accounted(build(tmp_path, files)) == expected


@pytest.mark.parametrize("name", [name for name in FOLDERS if "encoding" not in name and "GBK" not in name])
def test_the_same_files_in_a_zip(tmp_path: Path, name: str) -> None:
    files, expected = FOLDERS[name]
    place = tmp_path / "download.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for minute, (path, content) in enumerate(files.items()):
            assert isinstance(content, bytes)
            archive.writestr(zipfile.ZipInfo(path, (2026, 3, 31, 12, minute, 0)), content)
    assert accounted(place) == expected


@pytest.mark.parametrize("name", ZIPS)
def test_in_a_zip(tmp_path: Path, name: str) -> None:
    members, expected = ZIPS[name]
    place = tmp_path / "download.zip"
    place.write_bytes(zipped(members))
    assert accounted(place) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["download.zip"]


@pytest.mark.parametrize("name", ROSTERED)
def test_with_a_roster(tmp_path: Path, name: str) -> None:
    files, expected = ROSTERED[name]
    assert accounted(build(tmp_path, files), ROSTER) == expected


def test_the_tables_are_long_enough() -> None:
    files = sum(len(expected) for table in (FOLDERS, REFUSED, ZIPS, ROSTERED) for _, expected in table.values())
    assert files >= 100


def zip_of(**members: bytes) -> bytes:
    return zipped({f"{name}_01_toy.ipynb": data for name, data in members.items()})


def test_a_bomb_is_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 10**6)
    build(tmp_path, {"bomb.zip": zip_of(**{f"s{n}": bytes(300_000) for n in range(4)}), f"ann/{TOY}": NOTEBOOK})
    assert accounted(tmp_path) == {"bomb.zip": "BOMB", f"ann/{TOY}": "ann 01_toy"}


def test_a_students_bomb_does_not_stop_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 10**6)
    inner = zip_of(**{f"s{n}": bytes(60_000) for n in range(2)})
    place = tmp_path / "class.zip"
    place.write_bytes(zipped({"bo.zip": inner, "ci.zip": zipped({"a.zip": inner, "b.zip": INNER}), "ann.zip": INNER}))
    assert accounted(place) == {"bo.zip": "BOMB", "ci.zip": "BOMB", f"ann.zip/{TOY}": "ann 01_toy"}


def test_bytes_are_counted_over_all_archives_of_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 10**6)
    place = tmp_path / "class.zip"
    place.write_bytes(zipped({f"s{n}.zip": zip_of(x=bytes(90_000)) for n in range(12)}))
    assert accounted(place) == {"class.zip": "BOMB"}


def test_files_are_counted_over_all_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 10)
    crowd = zipped({f"{n}.txt": b"" for n in range(6)})
    place = tmp_path / "class.zip"
    place.write_bytes(zipped({"a.zip": crowd, "b.zip": crowd}))
    assert accounted(place) == {"class.zip": "CROWDED"}
    build(tmp_path / "folder", {f"{n}/{TOY}": NOTEBOOK for n in range(20)})
    found = account(collect(tmp_path / "folder", LESSONS))
    assert found.pop("folder") == "TOO_MANY"
    assert len(found) == 10


def test_a_claimed_size_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger or smaller than it is: what counts is what is read."""
    monkeypatch.setattr(module, "MAX_UNPACKED", 10**6)
    blob = bytearray(zip_of(ann=NOTEBOOK))
    at = blob.index(b"PK\x01\x02") + 24
    blob[at : at + 4] = (2**31).to_bytes(4, "little")
    (tmp_path / "large.zip").write_bytes(blob)
    blob[at : at + 4] = (3).to_bytes(4, "little")
    (tmp_path / "small.zip").write_bytes(blob)
    assert accounted(tmp_path / "large.zip") == {"ann_01_toy.ipynb": "ann 01_toy"}
    assert accounted(tmp_path / "small.zip") == {"ann_01_toy.ipynb": "BROKEN_FILE"}


def test_a_list_of_contents_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader import arrivals

    monkeypatch.setattr(arrivals, "_DIRECTORY", 2**17)
    (tmp_path / "ann.zip").write_bytes(zipped({f"{n:0200d}.txt": b"" for n in range(1000)}))
    assert accounted(tmp_path) == {"ann.zip": "BROKEN"}


def test_what_was_unpacked_is_what_was_handed_in(tmp_path: Path) -> None:
    place = tmp_path / "class.zip"
    place.write_bytes(zipped({f"{MOODLE}_/a.zip": zipped({"b.zip": zipped({TOY: b'{"deep": 1}'})})}))
    (submission,) = collect(place, LESSONS).submissions
    assert submission.read() == submission.read() == b'{"deep": 1}'
    assert list(tmp_path.iterdir()) == [place]


def test_who_is_missing_and_who_is_a_stranger(tmp_path: Path) -> None:
    files = {f"20260001/{TOY}": NOTEBOOK, f"bo/{TOY}": NOTEBOOK, "20260002/02_more.ipynb": NOTEBOOK}
    found = collect(build(tmp_path, files), LESSONS, roster=ROSTER)
    assert [student.id for student in found.missing()] == ["20260003", "20260004"]
    assert [student.id for student in found.missing("01_toy")] == ["20260002", "20260003", "20260004"]
    said = {name: what.en for name, what in found.remarks}
    assert "not on the roster" in said[f"bo/{TOY}"]
    assert said["01_toy"].startswith("no submission from 3 of 4 students: Ann Lee (20260002), ")
    assert collect(tmp_path, LESSONS).missing() == []


def test_every_reason_says_what_to_do_in_both_languages() -> None:
    """A refusal is of no use to an instructor who is not told how to go on."""
    advice = {key: text for key, text in vars(reasons).items() if isinstance(text, Text)}
    for key in {word for _, table in REFUSED.values() for word in table.values() if word.isupper()}:
        assert len(advice[key].en.replace(";", ".").split(". ")) > 1, key
        assert "请" in advice[key].zh, key


def test_who_handed_in_an_empty_file_is_graded_and_named(tmp_path: Path) -> None:
    build(tmp_path, {f"ann/{TOY}": b"", f"bo/{TOY}": NOTEBOOK})
    found = collect(tmp_path, LESSONS)
    assert [one.student for one in found.submissions] == ["ann", "bo"]
    assert found.notes == [(f"ann/{TOY}", reasons.EMPTY)]
