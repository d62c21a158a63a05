"""The instructor's page and the table of grades: complete, in both languages, and no student's word is code in them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import nbformat
import pytest
from bs4 import BeautifulSoup

from course_lib.text import Text
from grader import charts
from grader.course import Course
from grader.marking import Marker
from grader.receipts import Receipt, exercise_receipt
from grader.report import Failure, Findings, grades_csv, render, render_overview
from grader.report_data import files, lesson_report
from tests.grading import toy

BAD = "<script>alert(1)</script>"


def receipt(marker: Marker, student: str, answers: dict[str, str], course: Course) -> Receipt:
    repaired = marker.open(nbformat.writes(toy.answered(course, answers)).encode())
    marked = marker.mark(repaired, toy.fake_run(marker.task(repaired)))
    packs = marker.judge.packs.values()
    exercises = [exercise_receipt(r, p.exercise_hash, p.properties) for r, p in zip(marked.results, packs, strict=True)]
    return Receipt(student, toy.LESSON, f"{student}.ipynb", "0", 3, "cpu", "bubblewrap", exercises, dict(marked.scores))


@pytest.fixture
def findings(marker: Marker, course: Course) -> Findings:
    negated = {**toy.BOTH, "double": toy.DOUBLE.replace("2", "-2")}
    receipts = [
        receipt(marker, "ann", toy.BOTH, course),
        receipt(marker, "bo", negated, course),
        receipt(marker, "cy", negated, course),
        receipt(marker, "=1+1", {}, course),
    ]
    problem = {"en": f"unreadable {BAD}", "zh": f"无法读取 {BAD}"}
    event = {"code": "output", "message": {"en": f"too long {BAD}", "zh": "太长"}, "cell": 1}
    receipts[2] = replace(receipts[2], events=[event], notes=[{"en": BAD, "zh": BAD}])
    receipts[3] = replace(receipts[3], problem=problem, file=BAD)
    final = {(r.lesson, r.student): {k: v or 0.0 for k, v in r.scores.items()} for r in receipts}
    final[toy.LESSON, "bo"] = {"double-check": 1.5, "total-check": 2.0}
    return Findings(
        receipts,
        final,
        {toy.LESSON: {"en": "Toy", "zh": "玩具"}},
        failures=[Failure(BAD, toy.LESSON, BAD)],
        refused=[(BAD, Text(en="a link", zh="链接"))],
        ignored=[(".DS_Store", Text(en="x", zh="某"))],
    )


def page_of(findings: Findings) -> str:
    return render(lesson_report(toy.LESSON, findings))


def test_the_page_holds_everything_in_both_languages(findings: Findings) -> None:
    page = BeautifulSoup(page_of(findings), "html.parser")
    said = page.get_text(" ")
    for words in (
        "Needs your attention",
        "需要你处理",
        "the sign is turned",
        "符号弄反了",
        "Doubling",
        "加倍",
        "Toy",
        "玩具",
    ):
        assert words in said
    rows = page.select("table.scores tbody tr")
    assert [row.select_one("th").get_text(" ").split()[0] for row in rows] == ["ann", "bo", "cy", "=1+1"]
    assert [row.select("td b")[0].get_text() for row in rows] == ["5", "3.5", "2", "0"]
    english = page.select("[lang=en]")
    assert len(english) == len(page.select("[lang=zh]")) + 1  # the page's own


def test_what_needs_a_person_comes_first(findings: Findings) -> None:
    page = page_of(findings)
    assert page.index("grader error") < page.index("unreadable") < page.index("file not graded") < page.index("Scores")


def test_misconceptions_are_counted_and_name_nobody(findings: Findings) -> None:
    page = BeautifulSoup(page_of(findings), "html.parser")
    (row,) = page.select(".misconception")
    assert "the sign is turned" in row.get_text()
    assert row.select(".many b")[0].get_text() == "2"
    assert not {"bo", "cy"} & set(row.get_text(" ").split())
    signs = page.select("table.scores tbody tr:nth-of-type(2) .sign")
    assert "the sign is turned / 符号弄反了" in [sign["title"] for sign in signs]  # there it is said who


def test_no_students_word_is_code(findings: Findings) -> None:
    page = BeautifulSoup(page_of(findings), "html.parser")
    assert page.find_all("script") == []
    assert str(page).count("&lt;script&gt;") >= 7
    assert page.select("img, iframe, object, link") == []
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert "default-src 'none'" in str(policy)


def test_the_page_needs_no_other_file(findings: Findings) -> None:
    page = page_of(findings)
    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page


def test_an_empty_class_has_a_page_too() -> None:
    findings = Findings([], {})
    assert "Grading report" in render_overview([], files(findings))
    assert "Grading report" in page_of(findings)


def test_the_table_of_grades(findings: Findings) -> None:
    rows = list(csv.DictReader(io.StringIO(grades_csv(findings).decode("utf-8-sig"))))
    assert [(r["student"], r["score"], r["toy.double"], r["status"]) for r in rows] == [
        ("ann", "5", "3", "graded"),
        ("bo", "3.5", "1.5", "graded"),  # a person's score counts
        ("cy", "2", "0", "graded"),
        ("'=1+1", "0", "0", "unreadable"),  # no formula for a spreadsheet
    ]


@pytest.mark.parametrize(
    ("scores", "most", "expected"),
    [
        ([], 3.0, [("0", 0), ("3", 0)]),
        ([3.0, 3.0, 1.5], 3.0, [("0", 0), ("1.5", 1), ("3", 2)]),
        ([0.0] * 4, 2.0, [("0", 4), ("2", 0)]),
    ],
)
def test_bins(scores: list[float], most: float, expected: list[tuple[str, int]]) -> None:
    assert charts.bins(scores, most) == expected


def test_many_scores_share_bins_and_none_is_lost() -> None:
    scores = [i / 10 for i in range(101)]
    counted = charts.bins(scores, 10.0)
    assert len(counted) == 8
    assert sum(count for _, count in counted) == 101
