"""Due dates and penalties are nbgrader's: set once, counted for everybody, and by the plugin that is configured."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties

from grader.commands.grade import command
from grader.course import Course
from grader.gradebook import Book
from grader.lateness import CONFIG, Late, in_words, one_lesson, read_config, read_due, settle, settle_class
from grader.transcript import transcripts
from tests.grading import returned, toy
from tests.grading.returned import ANN, BO, WANG

DUE = datetime.datetime.fromisoformat("2026-10-01T23:59+08:00")  # BO's came at 10:00 UTC on the day after: 18:01 late
SECONDS = (18 * 60 + 1) * 60.0
PER_DAY = '\nget_config().AssignLatePenalties.plugin_class = "grader.lateness.PerDay"  # noqa: F821\n'


@pytest.fixture
def book(class_out: Path) -> Iterator[Book]:
    with Book.at(class_out / "gradebook.db") as opened:
        yield opened


def say(out: Path, lines: str) -> None:
    with (out / CONFIG).open("a", encoding="utf-8") as file:
        file.write(lines)


def test_a_due_date_says_who_is_late_and_by_itself_costs_nothing(class_out: Path, book: Book) -> None:
    assert settle_class(book, class_out, [toy.LESSON], DUE) == [Late(BO, toy.LESSON, SECONDS, 0.0, 0.0)]
    found = transcripts(book, toy.LESSON)
    assert (found[BO].late, found[BO].penalty, found[BO].score) == (SECONDS, 0.0, 3.0)
    assert (found[WANG].handed_in, found[WANG].late) == (None, 0.0)  # nobody knows when
    with Gradebook(book.url) as db:
        assert db.find_assignment(toy.LESSON).duedate == datetime.datetime(2026, 10, 1, 15, 59)  # UTC


def test_the_plugin_that_is_configured_takes_off_what_it_says(class_out: Path, book: Book) -> None:
    say(class_out, PER_DAY)
    (late,) = settle_class(book, class_out, [toy.LESSON], DUE)
    assert late.penalty == pytest.approx(0.3)
    assert transcripts(book, toy.LESSON)[BO].score == pytest.approx(2.7)
    page = class_out / "feedback" / BO / toy.LESSON / f"{toy.LESSON}.html"
    assert "−0.3" in BeautifulSoup(page.read_text("utf-8"), "html.parser").get_text()
    before = page.stat().st_mtime_ns
    (again,) = settle_class(book, class_out, [toy.LESSON])
    assert (again.penalty, again.before) == (late.penalty, late.penalty)
    assert page.stat().st_mtime_ns == before  # nothing to say anew


def test_a_page_is_not_made_anew_of_hidden_tests(class_out: Path, book: Book) -> None:
    path = class_out / "autograded" / BO / toy.LESSON / f"{toy.LESSON}.ipynb"
    path.write_text(
        path.read_text("utf-8").replace('check(\\"toy.double\\")', "assert double(3) == 6  # HIDDEN"), "utf-8"
    )
    assert "HIDDEN" in path.read_text("utf-8")
    page = class_out / "feedback" / BO / toy.LESSON / f"{toy.LESSON}.html"
    before = page.read_text("utf-8")
    say(class_out, PER_DAY)
    assert settle_class(book, class_out, [toy.LESSON], DUE)[0].penalty == pytest.approx(0.3)
    assert page.read_text("utf-8") == before


def test_a_later_due_date_or_an_extension_gives_the_points_back(class_out: Path, book: Book) -> None:
    say(class_out, PER_DAY)
    settle_class(book, class_out, [toy.LESSON], DUE)
    settle_class(book, class_out, [toy.LESSON], DUE + datetime.timedelta(days=2))
    assert transcripts(book, toy.LESSON)[BO].penalty == 0.0
    settle_class(book, class_out, [toy.LESSON], DUE)
    with Gradebook(book.url) as db:
        db.grant_extension(toy.LESSON, BO, days=1)
    assert settle_class(book, class_out, [toy.LESSON]) == []
    assert transcripts(book, toy.LESSON)[BO].score == 3.0


@pytest.mark.parametrize(
    "lines", ["", PER_DAY, '\nget_config().LateSubmissionPlugin.penalty_method = "zero"  # noqa\n']
)
def test_the_penalty_is_the_one_that_nbgrader_gives(class_out: Path, book: Book, lines: str, tmp_path: Path) -> None:
    say(class_out, lines)
    settle_class(book, class_out, [toy.LESSON], DUE)
    ours = transcripts(book, toy.LESSON)[BO].penalty
    url = f"sqlite:///{shutil.copy(class_out / 'gradebook.db', tmp_path / 'theirs.db')}"
    with Gradebook(url) as db:
        db.find_submission_notebook(toy.LESSON, toy.LESSON, BO).late_submission_penalty = 77.0
        db.db.commit()
    about = {"notebook": toy.LESSON, "assignment": toy.LESSON, "student": BO, "db_url": url}
    rule = AssignLatePenalties(config=read_config(class_out / CONFIG))
    rule.preprocess(nbformat.v4.new_notebook(), {"nbgrader": about})
    with Gradebook(url) as db:
        theirs = db.find_submission_notebook(toy.LESSON, toy.LESSON, BO).late_submission_penalty
    assert ours == pytest.approx(theirs or 0.0)


def test_a_plugin_beside_the_configuration_is_found(class_out: Path, book: Book) -> None:
    (class_out / "strict_here.py").write_text(
        "from nbgrader.plugins import BasePlugin\nclass Strict(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 1000\n"
    )
    say(class_out, '\nget_config().AssignLatePenalties.plugin_class = "strict_here.Strict"\n')
    (late,) = settle_class(book, class_out, [toy.LESSON], DUE)
    assert late.penalty == 3.0  # never more than was reached


def test_a_configuration_that_cannot_be_read_is_named_and_nothing_changes(class_out: Path, book: Book) -> None:
    say(class_out, "\n1/0\n")
    with pytest.raises(ValueError, match=r"nbgrader_config.py cannot be read.*ZeroDivisionError"):
        settle_class(book, class_out, [toy.LESSON], DUE)
    with Gradebook(book.url) as db:
        assert db.find_assignment(toy.LESSON).duedate is None


def test_a_run_that_is_cut_off_does_it_again(class_out: Path, book: Book) -> None:
    say(class_out, PER_DAY)

    def power_goes(student: str, penalty: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settle(book, toy.LESSON, class_out / CONFIG, DUE, power_goes)
    seen: list[str] = []
    settle(book, toy.LESSON, class_out / CONFIG, DUE, lambda student, penalty: seen.append(student))
    assert seen == [BO]


def test_grading_sets_it_and_grading_again_keeps_it(course: Course, tmp_path: Path) -> None:
    place = returned.make_class(tmp_path / "in", course)
    out = tmp_path / "out"
    out.mkdir()
    (out / CONFIG).write_text(
        "from pathlib import Path\nfrom grader.nbgrader_plugins import configure\n"
        "configure(get_config(), root=Path(__file__).parent)\n" + PER_DAY
    )
    first = returned.grade(place, out, course, due=DUE)
    second = returned.grade(place, out, course)
    for outcome in (first, second):
        assert [(late.student, late.seconds) for late in outcome.late] == [(BO, SECONDS)]
    assert second.graded == []
    with Book.at(out / "gradebook.db") as book:
        assert transcripts(book, toy.LESSON)[BO].penalty == pytest.approx(0.3)


def test_a_plugin_that_fails_costs_nobody_the_report(course: Course, tmp_path: Path) -> None:
    place, out = returned.make_class(tmp_path / "in", course), tmp_path / "out"
    out.mkdir()
    (out / CONFIG).write_text("1/0")
    outcome = returned.grade(place, out, course, due=DUE)
    (failure,) = outcome.failures
    assert "ZeroDivisionError" in failure.message
    assert not outcome.complete
    assert len(outcome.graded) == 3
    assert (out / "report/index.html").is_file()


def test_one_due_date_for_several_lessons_is_refused_before_anything_is_graded(tmp_path: Path) -> None:
    course = toy.make_course(tmp_path / "course")
    shutil.copytree(tmp_path / "course/notebooks/01_toy", tmp_path / "course/notebooks/02_more")
    (tmp_path / "course/notebooks/02_more/01_toy.py").rename(tmp_path / "course/notebooks/02_more/02_more.py")
    for lesson in ("01_toy", "02_more"):
        returned.hand_in(tmp_path / "in", f"ann/{lesson}/{lesson}.ipynb", toy.answered(course, toy.BOTH))
    with pytest.raises(ValueError, match=r"01_toy, 02_more.*--lesson"):
        returned.grade(tmp_path / "in", tmp_path / "out", course, None, due=DUE)
    assert not (tmp_path / "out").exists()


def test_the_platforms_word_is_kept_where_no_time_is_known(course: Course, tmp_path: Path) -> None:
    returned.hand_in(tmp_path / "in", "leeann_LATE_4712_9912_01_toy.ipynb", toy.answered(course, toy.BOTH))
    outcome = returned.grade(tmp_path / "in", tmp_path / "out", course, due=DUE)
    assert [receipt.late for receipt in outcome.receipts] == [True]
    assert outcome.late == []
    assert outcome.receipts[0].student == ANN


@pytest.mark.parametrize("given", ["2026-10-01", "2026-10-01T23:59", "soon", ""])
def test_a_due_date_without_its_distance_from_utc_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"2026-10-01T23:59\+08:00"):
        read_due(given)
    done = CliRunner().invoke(command, [str(tmp_path), "--out", str(tmp_path / "out"), "--due", given])
    assert done.exit_code == 1
    assert "截止时间要写明钟点和时区" in done.output
    assert not (tmp_path / "out").exists()


def test_a_due_date_is_that_of_one_lesson() -> None:
    one_lesson({"01_toy"})
    with pytest.raises(ValueError, match="01_toy, 02_more"):
        one_lesson({"01_toy", "02_more"})


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (1, "1 min", "1 分钟"),
        (3599, "1 h", "1 小时"),
        (3540, "59 min", "59 分钟"),
        (SECONDS, "18 h 1 min", "18 小时 1 分钟"),
        (48 * 3600, "2 days", "2 天"),
        (49 * 3600 + 1, "2 days 1 h", "2 天 1 小时"),
    ],
)
def test_how_late_in_words(seconds: float, en: str, zh: str) -> None:
    assert in_words(seconds) == type(in_words(1))(en, zh)
