"""Predictions: recorded before the answer shows, compared with what the run found, listed at the lesson's end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib import Text, predicting, prediction, predictions, reveal
from course_lib.predicting import FILE, tell
from tests.course_lib.test_explorer import run, still

STRIDE = Text(en="the stride of a.T", zh="a.T 的步幅")
CHOICES = [(4, 1), (1, 4), (3, 1)]
YES_NO = {True: Text(en="yes", zh="会"), False: Text(en="no", zh="不会")}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setenv("COURSE_LANG", "en")
    monkeypatch.setattr(predicting, "_asked", {})
    monkeypatch.setattr(predicting, "_kept", [])
    monkeypatch.chdir(tmp_path)
    yield


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "course.json").write_text('{"language": "en"}', encoding="utf-8")
    return tmp_path


def ask(mine: str | None = None) -> None:
    prediction("toy.stride", STRIDE, CHOICES, mine=mine)


def lines(bundle: Path) -> list[dict]:
    return [json.loads(line) for line in (bundle / FILE).read_text(encoding="utf-8").splitlines()]


def test_a_prediction_is_recorded_before_the_answer_and_told_afterwards(bundle: Path, capsys) -> None:
    ask()
    shown = capsys.readouterr().out
    assert "the stride of a.T" in shown and "b. (1, 4)" in shown
    assert not (bundle / FILE).exists(), "asking records nothing"
    ask(mine="c")
    assert "Recorded “(3, 1)”. Now run the next cell." in capsys.readouterr().out
    reveal("toy.stride", (1, 4))
    assert "✗ You predicted “(3, 1)”; it is “(1, 4)”." in capsys.readouterr().out
    assert [(e.get("prediction"), e.get("answer"), e["words"]) for e in lines(bundle)] == [
        ("toy.stride", None, "(3, 1)"),
        (None, "toy.stride", "(1, 4)"),
    ]


def test_one_that_comes_true(bundle: Path, capsys) -> None:
    ask(mine=" B ")
    reveal("toy.stride", (1, 4))
    assert "✓ As you predicted: “(1, 4)”." in capsys.readouterr().out


def test_the_last_word_before_the_answer_counts_and_none_after_it(bundle: Path, capsys) -> None:
    ask(mine="a")
    ask(mine="c")
    reveal("toy.stride", (1, 4))
    ask(mine="b")
    assert "Your prediction was “(3, 1)”." in capsys.readouterr().out
    told = tell(lines(bundle))["toy.stride"]
    assert (told.mine, told.late, told.answer, told.right) == ("(3, 1)", False, "(1, 4)", False)


def test_after_the_answer_a_prediction_is_shown_as_late_and_never_right(bundle: Path, capsys) -> None:
    ask()
    reveal("toy.stride", (1, 4))
    assert capsys.readouterr().out.count("✓") == 0
    ask(mine="b")
    assert "this one is not counted" in capsys.readouterr().out
    predictions("toy")
    shown = capsys.readouterr().out
    assert "– after the answer" in shown and "0 of 0 came true" in shown


def test_who_plays_with_the_numbers_afterwards_loses_nothing(bundle: Path, capsys) -> None:
    ask(mine="b")
    reveal("toy.stride", (1, 4))
    capsys.readouterr()
    reveal("toy.stride", (3, 1))
    reveal("toy.stride", (9, 9))
    assert capsys.readouterr().out == "" and len(lines(bundle)) == 2
    predictions("toy")
    assert "1 of 1 came true" in capsys.readouterr().out


def test_the_summary_has_the_wrong_ones_first_and_counts(bundle: Path, capsys) -> None:
    prediction("toy.enough", Text(en="enough?", zh="够吗？"), YES_NO, mine="a")
    reveal("toy.enough", True)
    ask(mine="a")
    reveal("toy.stride", (1, 4))
    prediction("other.thing", STRIDE, CHOICES, mine="a")
    prediction("toy.open", Text(en="open?", zh="没运行？"), YES_NO, mine="b")
    capsys.readouterr()
    predictions("toy")
    assert capsys.readouterr().out.splitlines() == [
        "Your predictions in this lesson",
        "the stride of a.T · (4, 1) · (1, 4) · ✗ no",
        "open? · no · ? not run yet · ? not run yet",
        "enough? · yes · yes · ✓ yes",
        "1 of 2 came true.",
    ]


def test_without_any_the_summary_says_so_to_a_student(bundle: Path, capsys) -> None:
    predictions("toy")
    assert "none of this lesson's predictions" in capsys.readouterr().out
    (bundle / "course.json").unlink()  # a reader of the built notebooks is nobody who forgot something
    predictions("toy")
    assert capsys.readouterr().out == ""


def test_both_languages(bundle: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("COURSE_LANG", "zh")
    ask(mine="c")
    reveal("toy.stride", (1, 4))
    predictions("toy")
    shown = capsys.readouterr().out
    assert "a.T 的步幅" in shown and "✗ 你的预测是“(3, 1)”" in shown and "2 次" not in shown
    assert "1 次预测中有 0 次与结果一致。" in shown and "predict" not in shown


def test_a_restarted_kernel_knows_what_was_recorded(bundle: Path, monkeypatch, capsys) -> None:
    ask(mine="c")
    monkeypatch.setattr(predicting, "_asked", {})
    capsys.readouterr()
    ask()
    assert "Recorded “(3, 1)”" in capsys.readouterr().out
    assert len(lines(bundle)) == 1, "asking again writes nothing"


def test_outside_a_bundle_the_kernel_remembers_and_no_file_appears(tmp_path: Path, capsys) -> None:
    ask(mine="b")
    reveal("toy.stride", (1, 4))
    assert "✓ As you predicted" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_while_nbgrader_runs_nothing_is_told_or_kept(bundle: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    ask(mine="b")
    reveal("toy.stride", (1, 4))
    predictions("toy")
    shown = capsys.readouterr().out
    assert shown.startswith("Before you run the next cell:") and shown.endswith("c. (3, 1)\n"), "the question alone"
    assert not (bundle / FILE).exists() and predicting._kept == []


def test_an_answer_that_was_no_choice_is_said(bundle: Path, capsys) -> None:
    ask(mine="a")
    reveal("toy.stride", (9, 9))
    assert "It came out as “(9, 9)”, which was none of the choices." in capsys.readouterr().out
    predictions("toy")
    assert "(9, 9) · ✗ no" in capsys.readouterr().out


def test_a_true_is_no_one(bundle: Path, capsys) -> None:
    prediction("toy.count", STRIDE, [0, 1], mine="b")
    reveal("toy.count", True)
    assert "none of the choices" in capsys.readouterr().out


@pytest.mark.parametrize("mine", ["z", "ab", "", 7])
def test_a_letter_that_is_none_is_refused_in_words(bundle: Path, capsys, mine: str) -> None:
    ask(mine=mine)
    assert "take one of a, b, c" in capsys.readouterr().out
    assert not (bundle / FILE).exists()


@pytest.mark.parametrize("choices", [[1], [], [1, 1], list(range(11))])
def test_choices_that_are_none_are_the_authors_mistake(choices: list) -> None:
    with pytest.raises(ValueError, match="choices that differ"):
        prediction("toy.bad", STRIDE, choices)


@pytest.mark.parametrize("damage", ["", "{", '"text"', '{"prediction": "toy.stride"}', '{"answer": 3, "choice": 1}'])
def test_a_damaged_file_costs_only_its_damaged_lines(bundle: Path, capsys, damage: str) -> None:
    ask(mine="c")
    with (bundle / FILE).open("a", encoding="utf-8") as file:
        file.write(damage)  # and no end of line
    reveal("toy.stride", (1, 4))
    assert "✗ You predicted “(3, 1)”" in capsys.readouterr().out
    capsys.readouterr()
    predictions("toy")
    assert "0 of 1 came true" in capsys.readouterr().out


def test_a_newer_release_may_order_the_choices_anew(bundle: Path, capsys) -> None:
    ask(mine="b")
    prediction("toy.stride", STRIDE, CHOICES[::-1])
    reveal("toy.stride", (1, 4))
    prediction("toy.stride", STRIDE, [(1, 4), (4, 1)])
    capsys.readouterr()
    predictions("toy")
    assert "(1, 4) · (1, 4) · ✓ yes" in capsys.readouterr().out


def test_a_choice_of_a_former_release_that_is_gone(bundle: Path, capsys) -> None:
    ask(mine="c")
    prediction("toy.stride", STRIDE, CHOICES[:2])
    reveal("toy.stride", (1, 4))
    predictions("toy")
    assert "0 of 1 came true" in capsys.readouterr().out


def test_a_disk_that_refuses_does_not_stop_the_lesson(bundle: Path, capsys) -> None:
    (bundle / FILE).mkdir()
    ask(mine="c")
    reveal("toy.stride", (1, 4))
    predictions("toy")


SOURCE = """
from course_lib import *
prediction("toy.stride", Text(en="the stride of a.T", zh="a.T 的步幅"), [(4, 1), (1, 4), (3, 1)])
"""
CHOOSE = """
import ipywidgets
from ipywidgets.widgets import widget
made = list(widget._instances.values())
buttons = next(w for w in made if isinstance(w, ipywidgets.RadioButtons))
status = [w for w in made if type(w) is ipywidgets.HTML]
print(buttons.index, *buttons.options[0])
buttons.index = 1
print(any("Recorded “(1, 4)”" in w.value and 'role="status"' in w.value for w in status))
"""
ANSWER = 'reveal("toy.stride", (1, 4))\npredictions("toy")\nprint(buttons.disabled)'


@pytest.mark.kernel
def test_in_a_notebook_buttons_record_and_the_still_page_is_always_the_same() -> None:
    [asked, chosen, told] = run(SOURCE, CHOOSE, ANSWER)
    assert [o.text for o in chosen] == ["None a. (4, 1) 0\nTrue\n"]
    assert "✓ As you predicted: “(1, 4)”" in told[0].text
    assert '<th scope="col"' in told[1].data["text/html"]
    [again] = run(SOURCE)
    assert still(again) == still(asked) and "c. (3, 1)" in asked[0].data["text/html"]
