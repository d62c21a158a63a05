"""A merge keeps what a student wrote, brings what the release has, and says which of the two happened."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.text import LANGUAGES
from course_lib.updating.given import GivenNotebook, Tree
from course_lib.updating.merging import Event, Merged, merge
from course_lib.updating.opened import Unreadable, as_bytes, open_notebook
from tests.course_lib.histories import (
    RELEASE_EDITS,
    ROUGH_EDITS,
    Release,
    Student,
    cell,
    code,
    edits,
    exercise,
    lesson,
    prose,
    sources,
)

BASE = lesson()


def changed(notebook: GivenNotebook, *names: str, more: str = " v2") -> GivenNotebook:
    """The lesson with other texts in some cells."""
    assert set(names) <= set(notebook.by_id)
    cells = [
        replace(c, texts={side: text + more for side, text in c.texts.items()}) if c.id in names else c
        for c in notebook.cells
    ]
    return replace(notebook, cells=tuple(cells))


def without(notebook: GivenNotebook, *names: str) -> GivenNotebook:
    return replace(notebook, cells=tuple(c for c in notebook.cells if c.id not in names))


def update(
    student: Tree, new: GivenNotebook, base: GivenNotebook | None = BASE, language: str = "en", spoke: str = "en"
) -> Merged:
    """One update; once more it must change nothing."""
    before = copy.deepcopy(student)
    merged = merge(student, base, new, language, spoke)
    assert student == before
    again = merge(merged.notebook, new, new, language, language)
    assert again.notebook == merged.notebook
    assert {event.kind for event in again.events} <= {"kept"}
    return merged


def at_work(**texts: str) -> Tree:
    """The English notebook with other texts in some cells (one_check for one-check)."""
    notebook = BASE.render("en")
    for name, text in texts.items():
        cell(notebook, name.replace("_", "-"))["source"] = text
    return notebook


def own(text: str, kind: str = "markdown", **more: Any) -> Tree:
    made = {"cell_type": kind, "id": "5f3a", "metadata": {}, "source": text}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {}) | more


def test_what_was_left_alone_becomes_the_release() -> None:
    new = changed(BASE, "title-en", "show", "one", "one-check", "imports")
    merged = update(BASE.render("en"), new)
    assert merged.notebook == new.render("en")
    assert {event.kind for event in merged.events} == {"corrected"} and len(merged.events) == 5


def test_an_answer_stays_where_only_the_course_around_it_changed() -> None:
    new = changed(BASE, "card-en", "one-check")
    merged = update(at_work(one="def one(x):\n    return x"), new)
    assert cell(merged.notebook, "one")["source"] == "def one(x):\n    return x"
    assert cell(merged.notebook, "one-check")["source"].endswith("v2")
    assert cell(merged.notebook, "card-en")["source"] == "en card v2"
    assert Event("kept", "one") in merged.events
    assert len(merged.notebook["cells"]) == len(BASE.render("en")["cells"])


@pytest.mark.parametrize("name", ["one", "show", "card-en"])
def test_where_both_changed_both_are_there_and_only_the_students_runs(name: str) -> None:
    new = changed(BASE, name)
    merged = update(at_work(**{name.replace("-", "_"): "mine"}), new)
    assert Event("conflict", name) in merged.events
    assert cell(merged.notebook, name)["source"] == "mine"
    ids = [c["id"] for c in merged.notebook["cells"]]
    beside = merged.notebook["cells"][ids.index(name) + 1]
    assert new.by_id[name].texts["en"] in beside["source"]
    assert beside["cell_type"] == "markdown" and "nbgrader" not in beside["metadata"]
    assert "new version of the cell above" in beside["source"] and "新版本" in beside["source"]


def test_the_words_beside_follow_the_next_release_and_go_when_they_are_taken_over() -> None:
    second, third = changed(BASE, "one"), changed(BASE, "one", more=" v3")
    first = update(at_work(one="mine"), second).notebook
    then = update(first, third, base=second).notebook
    assert sum("new version of the cell above" in text for text in sources(then)) == 1
    assert any("v3" in text for text in sources(then)) and not any("v2" in text for text in sources(then))
    cell(then, "one")["source"] = third.by_id["one"].texts["en"]
    assert update(then, third, base=third).notebook == third.render("en")


def test_words_beside_that_the_student_wrote_into_are_theirs() -> None:
    second, third = changed(BASE, "one"), changed(BASE, "one", more=" v3")
    first = update(at_work(one="mine"), second).notebook
    cell(first, "new-one")["source"] += "\nmy thoughts"
    then = update(first, third, base=second).notebook
    assert sum("my thoughts" in text for text in sources(then)) == 1
    assert sum("new version of the cell above" in text for text in sources(then)) == 2


def test_a_check_is_always_the_courses_and_what_was_written_into_it_is_kept() -> None:
    merged = update(at_work(one_check='check("toy.one", hint=3)  # why?'), BASE)
    assert cell(merged.notebook, "one-check")["source"] == BASE.by_id["one-check"].texts["en"]
    assert any("hint=3)  # why?" in text for text in sources(merged.notebook))
    assert merged.events == (Event("restored", "one-check"),)


def test_of_imports_both_run() -> None:
    merged = update(at_work(imports="import toy, mine"), changed(BASE, "imports"))
    code = [c["source"] for c in merged.notebook["cells"] if c["cell_type"] == "code"]
    assert code[:2] == ["import toy  # en v2", "import toy, mine"]


def test_a_cell_that_left_the_course_stays_where_it_was_changed() -> None:
    new = without(BASE, "one", "one-check", "show")
    merged = update(at_work(one="my answer"), new)
    (kept,) = [c for c in merged.notebook["cells"] if c["source"] == "my answer"]
    assert kept["cell_type"] == "code" and "nbgrader" not in kept["metadata"]
    assert {(e.kind, e.cell) for e in merged.events} == {
        ("dropped", "one"),
        ("removed", "one-check"),
        ("removed", "show"),
    }
    index = merged.notebook["cells"].index(kept)
    assert "no longer part of the course" in merged.notebook["cells"][index - 1]["source"]


def test_what_was_deleted_comes_back_where_it_counts_or_changed() -> None:
    notebook = BASE.render("en")
    gone = {"imports", "one", "two-check", "show", "title-en", "more-en"}
    notebook["cells"] = [c for c in notebook["cells"] if c["id"] not in gone]
    merged = update(notebook, changed(BASE, "title-en"))
    assert gone - {c["id"] for c in merged.notebook["cells"]} == {"show", "more-en"}
    assert {e.cell for e in merged.events if e.kind == "returned"} == {"imports", "one", "two-check", "title-en"}


def test_the_students_cells_stay_behind_their_neighbours() -> None:
    notebook = BASE.render("en")
    order = ["note 0", "title-en", "note 1", "one", "note 2", "note 3", "show", "note 4"]
    cells = {c["id"]: c for c in notebook["cells"]}
    notebook["cells"] = [cells[name] if name in cells else own(name) for name in order]
    new = replace(BASE, cells=(*prose("first", "first"), *reversed(without(BASE, "show").cells)))
    told = [c["id"] if c["id"] in new.by_id else c["source"] for c in update(notebook, new).notebook["cells"]]
    assert told[0] == "note 0" and told[told.index("title-en") + 1] == "note 1"
    assert told[told.index("one") + 1 :][:3] == ["note 2", "note 3", "note 4"]


@pytest.mark.parametrize("path", [("zh", "en"), ("both", "en"), ("zh", "both", "en"), ("both", "zh", "en")])
def test_through_languages_and_back_nothing_moves(path: tuple[str, ...]) -> None:
    notebook = at_work(one="def one(x):\n    return x  # 我的", title_en="en title, and mine", show="print('mine')")
    notebook["cells"].insert(1, own("behind the title"))
    notebook["cells"].append(own("at the end", "code"))
    first = update(notebook, BASE).notebook
    now = first
    for language in path:
        now = merge(now, BASE, BASE, language, now["metadata"]["course"]["language"]).notebook
        assert {"behind the title", "at the end", "print('mine')", "en title, and mine"} <= set(sources(now))
    assert now == first


def test_outputs_stay_with_their_text_in_their_language() -> None:
    notebook = at_work(one="mine")
    notebook["cells"].append(own("1 + 1", "code"))
    for c in notebook["cells"]:
        if c["cell_type"] == "code":
            c["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    now = update(notebook, changed(BASE, "one-check"), language="en").notebook
    assert [c["id"] for c in now["cells"] if c["cell_type"] == "code" and not c["outputs"]] == ["one-check"]
    then = merge(now, BASE, BASE, "zh", "en").notebook
    assert [c["source"] for c in then["cells"] if c.get("outputs")] == ["1 + 1"]


def test_a_copied_answer_that_is_whole_is_the_answer() -> None:
    """As in the grader: the last complete one counts, and the other stays as a cell of the student's."""
    notebook = at_work(one="def one(x):\n    return 'first'")
    twin = copy.deepcopy(cell(notebook, "one")) | {"id": "77aa", "source": "def one(x):\n    return 'second'"}
    draft = copy.deepcopy(twin) | {"id": "77ab", "source": "thinking"}
    notebook["cells"] += [twin, draft]
    now = update(notebook, changed(BASE, "title-en")).notebook
    assert cell(now, "one")["source"].endswith("'second'")
    marked = [c for c in now["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "one"]
    assert len(marked) == 1 and {"thinking", "def one(x):\n    return 'first'"} <= set(sources(now))


def test_lost_ids_are_found_by_marks_by_text_and_by_likeness() -> None:
    notebook = at_work(one="def one(x):\n    return x", title_en="en title!")
    for c in notebook["cells"]:
        del c["id"]
    notebook["nbformat_minor"] = 4
    merged = update(notebook, changed(BASE, "more-en"))
    assert [c["id"] for c in merged.notebook["cells"]] == [c.id for c in BASE.cells if not c.id.endswith("-zh")]
    assert cell(merged.notebook, "title-en")["source"] == "en title!" and merged.notebook["nbformat_minor"] == 5


def test_settings_of_the_student_stay_and_marks_are_the_courses() -> None:
    notebook = at_work(one="mine")
    cell(notebook, "one")["metadata"] |= {"collapsed": True, "nbgrader": {"grade_id": "one", "points": 99}}
    notebook["metadata"]["kernelspec"] = {"name": "my-env"}
    now = update(notebook, changed(BASE, "title-en")).notebook
    assert cell(now, "one")["metadata"] == {"collapsed": True, **BASE.by_id["one"].metadata}
    assert now["metadata"]["kernelspec"] == {"name": "my-env"}


def test_without_a_base_all_that_differs_is_the_students() -> None:
    notebook = at_work(one="mine", show="old text")
    notebook["cells"].insert(0, own("note"))
    new = replace(changed(BASE, "card-en"), cells=(*changed(BASE, "card-en").cells, code("extra", "extra")))
    merged = update(notebook, new, base=None)
    assert {"mine", "old text", "note", "en card", "en card v2", "extra  # en"} <= {
        text.split("\n\n")[-1] for text in sources(merged.notebook)
    }


def test_a_new_exercise_is_there_with_its_marks() -> None:
    new = replace(BASE, cells=(*BASE.cells, *exercise("three", "third")))
    merged = update(at_work(one="mine"), new)
    assert [e for e in merged.events if e.kind == "added"] == [Event("added", "three"), Event("added", "three-check")]
    assert merged.notebook["cells"][-2:] == new.render("en")["cells"][-2:]


@pytest.mark.parametrize("seed", range(4))
def test_a_file_that_anybody_may_have_written_raises_nothing_but_unreadable(seed: int) -> None:
    dice = random.Random(seed)
    odd: list[Any] = [None, True, -1, 1e999, "", "\ud83d", [], {}, [[]], {"a": []}, ["x", 3], {"grade_id": []}]

    def damaged(tree: Any) -> Any:
        if dice.random() < 0.02:
            return dice.choice(odd)
        if isinstance(tree, dict):
            return {k: damaged(v) for k, v in tree.items() if dice.random() > 0.01}
        return [damaged(v) for v in tree] if isinstance(tree, list) else tree

    merged = 0
    for _ in range(300):
        blob = json.dumps(damaged(at_work(one="mine"))).encode()
        try:
            student = open_notebook(blob)
        except Unreadable:
            continue
        merged += 1
        now = merge(student, dice.choice([BASE, None]), changed(BASE, "one"), "zh", "en").notebook
        assert open_notebook(as_bytes(now)) == now
        assert {c.id for c in BASE.cells if c.counts} <= {c["id"] for c in now["cells"]}
    assert merged > 30


# Histories: several releases, languages and an untidy student, one after the other

STEP = st.tuples(edits(ROUGH_EDITS), edits(RELEASE_EDITS, 3), st.sampled_from(LANGUAGES))


def live(language: str, steps: list[tuple[Any, Any, str]]) -> None:
    release = Release()
    base, spoke = release.notebook, language
    student = Student(base.render(language))
    for mine, theirs, then in steps:
        student.edit(mine)
        release.edit(theirs)
        before = student.notebook
        student.notebook = update(before, release.notebook, base, then, spoke).notebook
        hold(student, before, release.notebook, then, same=then == spoke)
        base, spoke = release.notebook, then


def hold(student: Student, before: Tree, new: GivenNotebook, language: str, same: bool) -> None:
    now = student.notebook
    assert student.words_in(now) == student.words_in(before)
    ids = [c["id"] for c in now["cells"]]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if name in new.by_id] == [c.id for c in new.cells if c.id in ids]
    marks = [c["metadata"]["nbgrader"]["grade_id"] for c in now["cells"] if "nbgrader" in c["metadata"]]
    assert sorted(marks) == sorted(c.marks["grade_id"] for c in new.cells if c.marks)
    outputs = {c["source"] for c in before["cells"] if c.get("outputs")}
    for c in now["cells"]:
        course = new.by_id.get(c["id"])
        if course is None:
            continue
        if course.counts:
            assert c["cell_type"] == course.kind
        for name, value in course.metadata.items():
            assert name == "tags" or c["metadata"][name] == value
        if course.locked:
            assert c["source"] == course.texts[language]
        # Without ids, a copy of what the course once said cannot be told from something that the student wrote.
        theirs = any(word in c["source"] for word in student.typed) or (
            student.lost_ids and c["source"] in sources(before)
        )
        assert theirs or c["source"] == course.texts[language]
        assert not c.get("outputs") or (same and c["source"] in outputs)
    assert all(c.id in ids for c in new.cells if c.counts)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(LANGUAGES), st.lists(STEP, min_size=1, max_size=4))
def test_no_history_loses_a_word(language: str, steps: list[Any]) -> None:
    live(language, steps)


@pytest.mark.long
@settings(max_examples=3000, deadline=None)
@given(st.sampled_from(LANGUAGES), st.lists(STEP, min_size=1, max_size=8))
def test_no_long_history_loses_a_word(language: str, steps: list[Any]) -> None:
    live(language, steps)
