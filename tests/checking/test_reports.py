"""What a student reads: both languages, plain and HTML, hints one step at a time, nothing unescaped, nothing leaked."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.checking import packs
from course_lib.checking.check import CheckReport, check
from course_lib.checking.render_html import html
from course_lib.checking.render_text import plain
from course_lib.checking.results import ExerciseResult
from course_lib.checking.verdict import evaluate
from tests.checking.toy import inputs, observe_with, pack, right, squares

CJK = re.compile(r"[\u4e00-\u9fff]")


def result_of(function: Any) -> ExerciseResult:
    return evaluate(pack(), observe_with(function, list(inputs())))


def words_in(page: str) -> str:
    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.words: list[str] = []

        def handle_data(self, data: str) -> None:
            self.words.append(data)

    parser = Words()
    parser.feed(page)
    return " ".join(parser.words)


@pytest.mark.parametrize("render", [plain, lambda *a, **k: words_in(html(*a, **k))])
def test_a_failure_names_verdict_properties_case_expected_actual_difference_and_step(render: Any) -> None:
    report = render(result_of(squares), "en", hint=2)
    for part in (
        "not there yet",
        "twice the input",
        "its sum",
        "Smallest failing case: case 1",
        "First difference (twice the input)",
        "expected",
        "yours",
        "difference",
        "step 1 of 3",
        "question squares",
        'check("toy.double", hint=3)',
    ):
        assert part in report, part
    assert "neighbour" not in report, "the third step comes only on request"
    assert "neighbour squares" in render(result_of(squares), "en", hint=3)


def test_each_language_speaks_only_itself() -> None:
    english, chinese, both = (plain(result_of(lambda x: (x + 1, 0.0)), lang, hint=3) for lang in ("en", "zh", "both"))
    assert not CJK.search(english)
    for word in ("还差一点", "最小的反例", "应为", "你的结果"):
        assert word in chinese and word in both
    assert "not there yet" in both and "not there yet" not in chinese


def test_student_words_are_escaped() -> None:
    def hostile(x: np.ndarray) -> Any:
        raise ValueError("<script>alert(1)</script>")

    page = html(result_of(hostile), "both", hint=3)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_hidden_case_shows_neither_inputs_nor_outputs() -> None:
    secret = np.array([123456.0, 7.0])
    the_pack = pack(hidden=[secret])
    seen = observe_with(lambda x: right(x) if x.max() < 50 else (x, 0.0), [*inputs(), secret])
    result = evaluate(the_pack, seen)
    for report in (plain(result, "both", hint=3), html(result, "both", hint=3)):
        assert "hidden case" in report and "隐藏用例" in report
        assert "123456" not in report.replace(",", "") and "1.235e+05" not in report
        assert "246912" not in report and "2.469e+05" not in report


def test_the_bare_number_is_what_nbgrader_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    report = CheckReport(result_of(lambda x: (2 * x, 0.0)))
    assert "points" in report._repr_mimebundle_()["text/plain"]
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert report._repr_mimebundle_()["text/plain"] == "3.0"


def test_a_pack_travels_through_its_file(tmp_path: Path) -> None:
    the_pack = pack(hidden=[np.array([123456.0, 7.0])])
    path = packs.write_pack(the_pack, tmp_path)
    back = packs.read_pack("toy.double", tmp_path)
    assert len(back.cases) == 2, "hidden cases stay out of the file"
    assert back.properties == the_pack.properties and back.wrong[0].hint == the_pack.wrong[0].hint
    assert evaluate(back, observe_with(right, list(inputs()))).verdict == "pass"
    assert evaluate(back, observe_with(squares, list(inputs()))).misconception == "squares"
    assert b"123456" not in path.read_bytes()


@pytest.mark.parametrize(
    ("key", "word"),
    [("nothing.here", "There is no exercise"), ("", "not the name"), ("../../etc.passwd", "not the name")],
)
def test_an_unknown_exercise_is_said_in_words(key: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = check(key)
    assert report.result.verdict == "grader_error"
    assert word in capsys.readouterr().out


@pytest.mark.parametrize(("change", "word"), [(-1, "too old"), (1, "too new")])
def test_packs_of_another_age_are_two_different_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: int, word: str
) -> None:
    monkeypatch.setattr(packs, "SCHEMA_VERSION", packs.SCHEMA_VERSION + change)
    packs.write_pack(pack(), tmp_path)
    monkeypatch.undo()
    with pytest.raises(packs.PackError, match=word):
        packs.read_pack("toy.double", tmp_path)


def test_a_damaged_pack_is_named(tmp_path: Path) -> None:
    path = packs.write_pack(pack(), tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(packs.PackError, match=r"double\.safetensors is damaged"):
        packs.read_pack("toy.double", tmp_path)


def test_a_check_imports_no_torch() -> None:
    program = (
        "import sys, numpy as np, course_lib.checking.packs as p, pathlib; sys.path.insert(0, '.');"
        "import tests.checking.toy as toy, course_lib.checking.check as c; c._run(toy.pack(), {'double': toy.right});"
        "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
