"""nbgrader's own commands, with our configuration, come to the scores of ``grader grade``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import determine_grade

from grader.batch import Options, grade_class
from grader.course import find_course
from grader.demo import differences
from grader.engine import Limits
from grader.sample_class import LESSON, Sample, sample_class, write_sample

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).resolve().parents[2]
SLOW = ("loops_for_ever", "prints_without_end")


def nbgrader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "GRADER_COURSE"}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def scores_in(path: Path) -> dict[str, dict[str, float]]:
    with Gradebook(f"sqlite:///{path}") as book:
        return {
            s.student.id: {g.name: g.score for n in s.notebooks for g in n.grades}
            for s in book.assignment_submissions(LESSON)
        }


def compare(folder: Path, samples: list[Sample]) -> None:
    """Grades the samples both ways, and says where the two or the deserved scores differ."""
    course = find_course(ROOT)
    for sample in samples:
        write_sample(course, sample, folder / "submitted")
    ours = grade_class(folder / "submitted", folder / "ours", course, Options(jobs=2, limits=Limits(cell_seconds=5.0)))
    assert differences(samples, ours.receipts) == []

    theirs = folder / "theirs"
    theirs.mkdir()
    (folder / "submitted").rename(theirs / "submitted")
    # The whole configuration that an instructor needs; no generate_assignment before it.
    (theirs / "nbgrader_config.py").write_text(
        "from grader.nbgrader_plugins import configure\n"
        f"configure(get_config(), source={os.path.relpath(ROOT / 'notebooks', theirs)!r})\n",
        encoding="utf-8",
    )
    done = nbgrader(theirs, "autograde", LESSON)
    opened = {sample.student: sample for sample in samples if sample.opens}
    assert done.returncode == (0 if len(opened) == len(samples) else 1), done.stderr[-3000:]
    expected = scores_in(folder / "ours" / "gradebook.db")
    got = scores_in(theirs / "gradebook.db")
    assert {name: got[name] for name in opened} == {name: expected[name] for name in opened}
    assert sum(sum(scores.values()) for scores in got.values()) > 0
    for student in opened:
        notebook = nbformat.read(theirs / "autograded" / student / LESSON / f"{LESSON}.ipynb", as_version=4)
        read = {c.id: determine_grade(c)[0] for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")}
        assert read == got[student]

    done = nbgrader(theirs, "generate_feedback", LESSON)
    assert done.returncode == 0, done.stderr[-3000:]
    for student in opened:
        folder_of_page = theirs / "feedback" / student / LESSON
        assert [p.name for p in folder_of_page.iterdir()] == [f"{LESSON}.html"]  # and never the lesson's source
        page = (folder_of_page / f"{LESSON}.html").read_text("utf-8")
        assert "你的得分" in page
        assert "BEGIN SOLUTION" not in page


def test_the_same_scores_both_ways(tmp_path: Path) -> None:
    samples = [s for s in sample_class(find_course(ROOT)) if s.student not in SLOW]
    compare(tmp_path, samples)


@pytest.mark.long
def test_the_same_scores_both_ways_for_the_slow_ones(tmp_path: Path) -> None:
    compare(tmp_path, [s for s in sample_class(find_course(ROOT)) if s.student in SLOW])
