"""A second run over a class that has not changed writes no report; whatever a report tells brings it up to date."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.text import Text
from grader import report_state
from grader.course import find_course
from grader.report import Failure, Findings, write_report
from grader.report_sources import Sources
from grader.report_state import FILE, state_of
from tests.grading import classes
from tests.grading.classes import LESSON, Done

PAGES = ("index.html", f"{LESSON}.json", f"{LESSON}.html")
ANSWER = f"autograded/s1/{LESSON}/{LESSON}.ipynb"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    notebook = tmp_path / ANSWER
    notebook.parent.mkdir(parents=True)
    cells = [{"id": "forward", "cell_type": "code", "source": "def forward(): return 1"}]
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return tmp_path


def found(out: Path) -> Findings:
    receipts = [classes.receipt("s1", {"forward": Done(0.5, "odd")}), classes.receipt("s2", {})]
    return replace(classes.findings(receipts), folder=out / "report", sources=Sources(out, find_course()))


def written(out: Path, findings: Findings) -> set[str]:
    """The pages that were written now: all were made old before."""
    for name in PAGES:
        if (out / "report" / name).exists():
            os.utime(out / "report" / name, (1, 1))
    write_report(out / "report", findings)
    return {name for name in PAGES if (out / "report" / name).stat().st_mtime != 1}


def test_what_is_written_already_is_not_written_again(out: Path) -> None:
    assert written(out, found(out)) == set(PAGES)
    first = {name: (out / "report" / name).read_bytes() for name in PAGES}
    assert written(out, found(out)) == set()
    (out / "report" / FILE).unlink()
    assert written(out, found(out)) == set(PAGES)
    assert {name: (out / "report" / name).read_bytes() for name in PAGES} == first


def test_another_process_finds_the_same_state(out: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.grading.test_report_state import found, state_of\n"
        "print(state_of(found(Path(sys.argv[1]))))"
    )
    states = {
        subprocess.run(
            [sys.executable, "-c", code, str(out)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert states == {f"{state_of(found(out))}\n"}


def more(out: Path, name: str, text: str = "more") -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


CHANGES: dict[str, Callable[[Path, Findings], Findings | None]] = {
    "a receipt": lambda out, f: replace(f, receipts=[replace(f.receipts[0], seconds=9.0), *f.receipts[1:]]),
    "one submission more": lambda out, f: replace(f, receipts=[*f.receipts, classes.receipt("s3", {})]),
    "a person's score": lambda out, f: replace(f, final={(LESSON, "s1"): {"forward-check": 4.0}}),
    "a failure": lambda out, f: replace(f, failures=[Failure("s9", LESSON, "boom")]),
    "a refused file": lambda out, f: replace(f, refused=[("a.pdf", Text(en="no notebook", zh="不是笔记本"))]),
    "a remark": lambda out, f: replace(f, remarks=[("a", Text(en="late", zh="迟交"))]),
    "a name in the class": lambda out, f: replace(f, people=["Ann"]),
    "a title": lambda out, f: replace(f, titles={LESSON: {"en": "Other", "zh": "别的"}}),
    "an answer": lambda out, f: more(out, ANSWER, " "),
    "a line of history": lambda out, f: more(out, f"history/{LESSON}/s1.jsonl", "{}\n"),
    "a feedback page": lambda out, f: more(out, f"feedback/s1/{LESSON}/{LESSON}.html"),
    "a page cut off": lambda out, f: (out / "report" / f"{LESSON}.html").write_text("<html>") and None,
    "a page removed": lambda out, f: (out / "report" / "index.html").unlink(),
    "a state that is none": lambda out, f: (out / "report" / FILE).write_text("[]") and None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_a_report_tells_brings_it_up_to_date(
    out: Path, change: Callable[[Path, Findings], Findings | None]
) -> None:
    write_report(out / "report", found(out))
    assert written(out, change(out, found(out)) or found(out)) == set(PAGES)


def test_a_newer_grader_writes_its_own_pages(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(out / "report", found(out))
    monkeypatch.setattr(report_state, "_code", lambda: b"another")
    assert written(out, found(out)) == set(PAGES)


def test_the_code_of_every_page_is_in_it() -> None:
    paths = {path for pattern in report_state._CODE for path in report_state.GRADER.glob(pattern)}
    names = {path.relative_to(report_state.GRADER).as_posix() for path in paths}
    assert {"report.py", "report_data.py", "report_sources.py", "analysis/alike.py", "templates/report.html"} <= names


def test_without_sources_it_is_always_written(out: Path) -> None:
    findings = replace(found(out), sources=None)
    assert written(out, findings) == set(PAGES)
    assert written(out, findings) == set(PAGES)
    assert not (out / "report" / FILE).exists()
