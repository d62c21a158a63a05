"""A report's data: as its schema says, the page made from nothing else, and right for classes of every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator

from course_lib.text import Text
from grader.feedback import TEMPLATES
from grader.receipts import Receipt
from grader.report import Failure, render, write_report
from grader.report_data import Findings, lesson_report
from grader.report_sources import Sources
from tests.grading import classes
from tests.grading.classes import LESSON, Done, receipt

SCHEMA = json.loads((TEMPLATES / "report.schema.json").read_text("utf-8"))
BAD = "<script>alert(1)</script>"


class Known(Sources):
    """With the exercises' sizes, which a lesson of a course would say."""

    def places(self, lesson: str) -> dict[str, int]:
        return {f"{lesson.partition('_')[2]}.{name}": count for name, count in classes.WHERE.items()}


def everything() -> Findings:
    """A class of forty in which everything happens that a report can tell."""
    receipts = classes.as_receipts(classes.honest(40, 6))
    event = {"code": "output", "message": {"en": f"too long {BAD}", "zh": "太长"}, "cell": 2}
    receipts[0] = replace(receipts[0], events=[event, {**event, "cell": None}], notes=[{"en": BAD, "zh": BAD}])
    receipts[1] = replace(
        receipts[1], problem={"en": BAD, "zh": BAD}, file=BAD, traces={}, cell_ids=[], cell_seconds=[]
    )
    receipts[2] = receipt("grader-failed", {"forward": Done(verdict="grader_error")})
    for number in (7, 31):
        mine = {name: Done(0.0, f"{name}-their-own") for name in ("backward", "numeric_grad", "train", "init")}
        receipts[number] = receipt(f"student-{number:03}", mine)
    return classes.findings(
        receipts,
        failures=[Failure(BAD, LESSON, BAD)],
        refused=[(BAD, Text(en="a link", zh="链接"))],
        remarks=[(LESSON, Text(en="nobody is missing", zh="没有人缺交"))],
        sources=Known(Path("nowhere")),
    )


CLASSES: dict[str, list[Receipt]] = {
    "nobody": [],
    "one": [receipt("a", {})],
    "perfect": [receipt(f"s{n}", {}) for n in range(40)],
    "all zero": [receipt(f"s{n}", dict.fromkeys(classes.EXERCISES, Done(0.0, "same"))) for n in range(40)],
    "blank": [receipt(f"s{n}", dict.fromkeys(classes.EXERCISES, Done(0.0, verdict="not_run"))) for n in range(40)],
}


def check(report: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    errors = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(report)]
    assert errors == []


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_of_any_kind_is_as_the_schema_says_and_accuses_nobody(name: str) -> None:
    report = lesson_report(LESSON, classes.findings(CLASSES[name]))
    check(json.loads(json.dumps(report)))
    assert report["alike"]["found"] == []
    page = render(report)
    assert "nan" not in page.casefold().replace("pronan", "")
    assert ("No two submissions agree" in page) and ("没有哪两份提交" in page)


def test_a_class_in_which_everything_happens() -> None:
    report = lesson_report(LESSON, everything())
    check(json.loads(json.dumps(report)))
    assert [one["kind"] for one in report["attention"]] == ["failure", "grader_error", "unreadable"]
    assert [pair["students"] for pair in report["alike"]["found"]] == [["student-007", "student-031"]]
    assert report["exercises"][0]["n"] == 38  # without the unreadable file and the grader's own fault
    assert report["time"]["cells"][2]["limits"] == {"output": 1}
    assert report["limits"][0]["events"][0]["cell"] is None
    page = BeautifulSoup(render(report), "html.parser")
    assert page.find_all("script") == []
    said = page.get_text(" ")
    for words in ("A reason to talk, not a proof", "这是谈一谈的理由，不是证据", "student-007 · student-031"):
        assert words in said


def test_every_part_of_the_schema_is_described() -> None:
    def bare(tree: Any, where: str) -> list[str]:
        """Parts of an object about which nothing is said, neither there nor in what they refer to."""
        found = []
        for name, part in tree.get("properties", {}).items():
            told = {"description", "$ref", "const", "oneOf", "items"} & part.keys() or part.get("type") == "string"
            found += [] if told else [f"{where}.{name}"]
            found += bare(part, f"{where}.{name}") + bare(part.get("items", {}), f"{where}.{name}[]")
        return found

    assert bare(SCHEMA, "$") == []
    assert all(part["description"] for part in SCHEMA["$defs"].values())
    assert SCHEMA["properties"]["schema_version"]["const"] == 1


def test_the_page_is_made_from_what_was_written(tmp_path: Path) -> None:
    found = everything()
    index = write_report(tmp_path / "report", found)
    written = json.loads((tmp_path / "report" / f"{LESSON}.json").read_text("utf-8"))
    check(written)
    assert (tmp_path / "report" / f"{LESSON}.html").read_text("utf-8") == render(written)
    assert f'href="{LESSON}.html"' in index.read_text("utf-8")
    again = write_report(tmp_path / "again", everything())
    assert index.read_bytes() == again.read_bytes()


def test_a_changed_datum_changes_the_page() -> None:
    report = lesson_report(LESSON, everything())
    page = render(report)
    for part in ("summary", "distribution", "exercises", "misconceptions", "alike", "time", "limits", "students"):
        other = {**report, part: lesson_report(LESSON, classes.findings([]))[part]}
        if part == "exercises":
            other["students"] = [{**one, "exercises": []} for one in report["students"]]
        assert render(other) != page, part


def test_the_sections_stand_in_their_order() -> None:
    page = render(lesson_report(LESSON, everything()))
    order = (
        *("Needs your attention", "成绩分布", "难度与区分度", "Distribution per exercise", "Misconceptions met"),
        *("Submissions that behave alike", "Time used and limits hit", '<h2><span lang="en">Students'),
    )
    found = [page.index(words) for words in order]
    assert found == sorted(found)


def test_charts_are_said_in_both_languages() -> None:
    page = BeautifulSoup(render(lesson_report(LESSON, everything())), "html.parser")
    charts = page.select("svg[role=img]")
    assert len(charts) == 1 + 3 * len(classes.EXERCISES)
    for chart in charts:
        en, _, zh = str(chart["aria-label"]).partition(" / ")
        assert not any("\u4e00" <= c <= "\u9fff" for c in en)
        assert any("\u4e00" <= c <= "\u9fff" for c in zh)
        assert chart.title is not None
        assert chart.title.get_text() == chart["aria-label"]


def test_a_persons_points_count_for_the_difficulty() -> None:
    found = classes.findings([receipt("a", {"forward": Done(0.5, "x")})])
    found.final[LESSON, "a"]["forward-check"] = 3.0  # type: ignore[index]
    assert lesson_report(LESSON, found)["exercises"][0]["difficulty"] == 0.75


def test_answers_of_other_hidden_cases_are_not_compared() -> None:
    """The same mistake on other cases has other outputs; a chance hit of two hashes would mean nothing."""
    receipts = everything().receipts
    moved = [replace(r, seed=99) if r.student == "student-031" else r for r in receipts]
    assert lesson_report(LESSON, replace(everything(), receipts=moved))["alike"]["found"] == []


class _Answers(Sources):
    """A class in which everybody of whom a receipt says so gave an answer with their name all over it."""

    def __init__(self, answer: str) -> None:
        super().__init__(Path("nowhere"))
        self.given, self.asked = answer, 0

    def answer(self, lesson: str, student: str, exercise: str) -> str | None:
        self.asked += 1
        return self.given.replace("NAME", student.replace("-", "_"))


def test_examples_are_anonymous_escaped_and_always_the_same() -> None:
    receipts = [receipt(f"kim-{n}", {"forward": Done(0.0, "b", "no-relu")}) for n in range(12)]
    sources = _Answers("def NAME(x):\n    '''NAME'''\n    NAME = '<b>NAME</b>'  # NAME\n    return x < 1 > NAME")
    reports = [lesson_report(LESSON, classes.findings(r, sources=sources)) for r in (receipts, receipts[::-1])]
    assert sources.asked == 2  # one file for one example, however large the class
    (one,) = reports[0]["misconceptions"]
    assert one["example"] == "def v1(v2):\n    v1 = '…'\n    return v2 < 1 > v1"
    assert reports[1]["misconceptions"] == [one]
    page = render(reports[0])
    section = page[page.index("Misconceptions met") : page.index("Submissions that behave alike")]
    assert "kim" not in section
    assert "&lt; 1 &gt;" in section


def test_an_answer_that_stands_elsewhere_is_no_example(tmp_path: Path) -> None:
    folder = tmp_path / "autograded" / "a" / LESSON
    folder.mkdir(parents=True)
    cells = [
        {"id": "forward", "source": ["raise NotImplementedError()"]},
        {"id": "train", "source": ["def train", "():"]},
    ]
    (folder / f"{LESSON}.ipynb").write_text(json.dumps({"cells": cells}))
    sources = Sources(tmp_path)
    assert sources.answer(LESSON, "a", "forward") is None
    assert sources.answer(LESSON, "a", "train") == "def train():"
    assert sources.answer(LESSON, "a", "init") is None
    assert sources.answer(LESSON, "b", "train") is None
