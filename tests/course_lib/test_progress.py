"""Progress: what is written survives two writers and a torn line, and the table says the same in both languages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from course_lib import check, progress
from course_lib.progress import read, record, tabulate
from course_lib.text import Text
from grader.comments import has_cjk

CONTENTS = [
    {"id": "00_start", "title": {"en": "Lesson 00. Start", "zh": "第 00 课：开始"}, "points": {"start.a": 3}},
    {"id": "01_next", "title": {"en": "Next", "zh": "下一课"}, "points": {"next.a": 4, "next.b": 6}},
]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with a student at work in a lesson's folder."""
    (tmp_path / "course.json").write_text(json.dumps({"language": "en", "contents": CONTENTS}), encoding="utf-8")
    (tmp_path / "notebooks" / "00_start").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks" / "00_start")
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path


def entry(key: str, verdict: str, score: float, day: str = "2026-10-01") -> dict[str, Any]:
    return {"time": f"{day}T08:00:00+08:00", "exercise": key, "verdict": verdict, "score": score, "of": 4.0}


def test_a_check_is_one_readable_line(bundle: Path) -> None:
    record("next.a", "fail", 2, 4)
    record("next.a", "pass", 4.0, 4.0)
    lines = (bundle / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 2 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", first.pop("time"))
    assert first == {"exercise": "next.a", "verdict": "fail", "score": 2.0, "of": 4.0}


def test_nothing_is_kept_outside_a_bundle_or_at_grading(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    record("next.a", "pass", 4, 4)
    assert not (bundle / "progress.jsonl").exists()
    monkeypatch.delenv("NBGRADER_EXECUTION")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    record("next.a", "pass", 4, 4)
    assert list(elsewhere.iterdir()) == [] and progress.line("next.a") is None


def test_recording_never_raises(bundle: Path) -> None:
    (bundle / "progress.jsonl").mkdir()
    record("next.a", "pass", 4, 4)
    record("next.a", "pass", "many", object())  # type: ignore[arg-type]
    assert read(bundle) == []


def test_each_check_says_how_far_the_lesson_is(
    bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {"numpy_backprop.forward": 4, "numpy_backprop.init": 4}
    lesson = {"id": "01_numpy_backprop", "title": {"en": "Backprop", "zh": "反向传播"}, "points": points}
    (bundle / "course.json").write_text(json.dumps({"language": "en", "contents": [lesson]}), encoding="utf-8")
    record("numpy_backprop.init", "pass", 4, 4)
    report = check("numpy_backprop.forward")  # there is no answer yet
    assert capsys.readouterr().out.endswith("\n\nThis lesson so far: 4 of 8 points\n")
    assert '<p lang="en">This lesson so far: 4 of 8 points</p>' in report._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("COURSE_LANG", "zh")
    check("numpy_backprop.forward")
    assert capsys.readouterr().out.endswith("\n\n本课目前得分：4 / 8\n")
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    graded = check("numpy_backprop.forward")._repr_mimebundle_()
    assert graded["text/plain"] == "0.0" and "目前得分" not in graded["text/html"]


def test_a_line_that_was_cut_off_costs_only_itself(bundle: Path) -> None:
    record("next.a", "pass", 4, 4)
    with (bundle / "progress.jsonl").open("ab") as file:
        file.write('{"time": "2026-10-01T08:00:00", "exercise": "中'.encode()[:-1])
    record("next.b", "fail", 1, 6)
    with (bundle / "progress.jsonl").open("ab") as file:
        file.write(b'[]\n7\nnull\n{"time": 3, "score": 1, "of": 1}\n\n')
    record("start.a", "pass", 3, 3)
    assert [e["exercise"] for e in read(bundle)] == ["next.a", "next.b", "start.a"]


def test_many_writers_at_once_lose_nothing(bundle: Path) -> None:
    code = (
        "import os, sys; from course_lib.progress import record\n"
        "open(f'ready{sys.argv[1]}', 'w').close()\n"
        "while not os.path.exists('go'): pass\n"
        "for i in range(500): record(f'w{sys.argv[1]}.e{i}' + 'x' * 300, 'pass', i, 500)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(4)]
    while len(list(Path().glob("ready*"))) < 4:  # or the first would be done before the last begins
        assert all(one.poll() is None for one in running)
    Path("go").touch()
    assert [one.wait() for one in running] == [0] * 4
    lines = (bundle / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len({json.loads(line)["exercise"] for line in lines}) == 2000


def test_a_writer_that_is_killed_leaves_a_file_that_goes_on(bundle: Path) -> None:
    code = "from course_lib.progress import record\nwhile True: record('next.a', 'fail', 1, 4)"
    running = subprocess.Popen([sys.executable, "-c", code])
    while not read(bundle):
        assert running.poll() is None
    running.kill()
    running.wait()
    record("next.b", "pass", 6, 6)  # the lock went with the process that held it
    assert read(bundle)[-1]["exercise"] == "next.b"


def test_the_best_counts_and_what_was_not_judged_does_not() -> None:
    entries = [
        entry("next.a", "pass", 4.0),
        entry("next.a", "fail", 1.0, day="2026-10-03"),
        entry("next.b", "grader_error", 6.0, day="2026-10-09"),
        entry("start.a", "not_run", 0.0, day="2026-10-09"),
        entry("gone.a", "pass", 9.0),
    ]
    start, second = tabulate(CONTENTS, entries)
    assert (start.score, start.of, start.solved, start.last) == (0.0, 3.0, 0, "")
    assert (second.score, second.of, second.solved, second.last) == (4.0, 10.0, 1, "2026-10-03")
    # After an update the exercise may be worth less.
    assert tabulate(CONTENTS, [entry("start.a", "pass", 9.0)])[0].score == 3.0


def test_deleting_the_file_loses_only_the_record(bundle: Path) -> None:
    record("next.a", "pass", 4, 4)
    (bundle / "progress.jsonl").unlink()
    assert [row.score for row in progress.table(bundle)] == [0.0, 0.0]
    record("next.a", "pass", 4, 4)
    assert [row.score for row in progress.table(bundle)] == [0.0, 4.0]


def test_the_command_prints_the_table(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record("next.a", "pass", 4, 4)
    assert progress.main(["--lang", "en"]) == 0
    english = capsys.readouterr().out
    assert re.search(r"^01 Next +4 of 10 +1 of 2 +20\d\d-\d\d-\d\d$", english, re.M)
    assert re.search(r"^Lesson 00. Start +0 of 3 +0 of 1 +not yet$", english, re.M)
    assert re.search(r"^all lessons +4 of 13 +1 of 3", english, re.M) and not has_cjk(english)
    assert progress.main(["--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    assert re.search(r"^01 下一课 +4 / 10 +1 / 2", chinese, re.M) and "尚未开始" in chinese and "Next" not in chinese
    assert re.findall(r"\d+", english.split("\n\n")[1]) == re.findall(r"\d+", chinese.split("\n\n")[1])
    assert progress.main(["--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["lessons"]
    assert [(r["lesson"], r["score"], r["of"]) for r in rows] == [("00_start", 0, 3), ("01_next", 4, 10)]


def test_without_a_course_the_command_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert progress.main(["--lang", "both"]) == 1
    said = capsys.readouterr().out
    assert "course.json" in said and has_cjk(said)


def test_the_notebook_table_links_lessons_and_escapes(bundle: Path) -> None:
    rows = tabulate([{**CONTENTS[1], "title": {"en": "a < b", "zh": "甲 & 乙"}}], [])
    page = progress.as_html(rows, "both")
    assert '<a href="notebooks/01_next/01_next.ipynb">' in page and "01 a &lt; b" in page and "甲 &amp; 乙" in page
    assert 'lang="zh-CN"' in page and page.count("<tr>") == 3


def test_one_sentence_for_after_a_check(bundle: Path) -> None:
    record("next.a", "fail", 2, 4)
    said = progress.line("next.a")
    assert said == Text(en="This lesson so far: 2 of 10 points", zh="本课目前得分：2 / 10")
    assert progress.line("gone.a") is None


def test_a_check_records_itself(bundle: Path) -> None:
    """The real check, in a process of its own, with no answer given."""
    code = "from course_lib import check; check('tensors.cut')"
    environment = {k: v for k, v in os.environ.items() if k != "NBGRADER_EXECUTION"}
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment)
    (line,) = read(bundle)
    assert (line["exercise"], line["verdict"], line["score"]) == ("tensors.cut", "not_run", 0.0) and line["of"] > 0
