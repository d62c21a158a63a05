"""Without a mouse: a student works in a lesson in JupyterLab and reads the page that comes back, by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.checking import words
from grader.lesson import CHECK_SUFFIX
from grader.returning import Wanted, return_class
from tests.browser.conftest import TOKEN, jupyter
from tests.browser.test_lesson_in_jupyterlab import WORDS, release_with_a_wrong_answer, wait_for
from tests.grading.conftest import class_out, course, graded  # noqa: F401 - fixtures
from tests.grading.returned import ANN, ROSTER

pytestmark = pytest.mark.browser

LESSON = "00_start_here"
EXPLORED = "trajectories"  # a cell with sliders, below the first exercise
# Where the focus is: the active cell, and whether the focus lies in the notebook at all.
ACTIVE = "window.jupyterapp.shell.currentWidget.content.activeCell?.model.id"
IN_NOTEBOOK = "document.activeElement?.closest('.jp-Notebook') !== null"
FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here);
    return {tag: here.tagName, role: here.getAttribute('role'), value: here.getAttribute('aria-valuetext'),
            cell: here.closest('.jp-Cell') !== null, text: here.textContent.slice(0, 40)};
}"""


def press_until(page: Any, key: str, done: Callable[[], bool], most: int = 80) -> None:
    for _ in range(most):
        if done():
            return
        page.keyboard.press(key)
        page.wait_for_timeout(60)  # JupyterLab moves the focus after the key
    raise AssertionError(f"{key} pressed {most} times; the focus is on {page.evaluate(FOCUS)}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_lesson_by_keys_alone(page: Any, picture: Any, tmp_path: Path, language: str) -> None:
    hint, exercise = release_with_a_wrong_answer(tmp_path / "bundle", language, LESSON)
    with jupyter(tmp_path / "bundle") as address:
        page.goto(f"{address}lab/tree/notebooks/{LESSON}/{LESSON}.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext !== undefined")
        wait_for(page, "idle")
        press_until(page, "Tab", lambda: page.evaluate(IN_NOTEBOOK))
        page.keyboard.press("Escape")

        # Shift+Enter runs a cell and goes to the next one, down to the check.
        press_until(page, "Shift+Enter", lambda: page.evaluate(ACTIVE) == exercise + CHECK_SUFFIX)
        page.keyboard.press("Control+Enter")
        answer = page.locator(".jp-OutputArea-output section", has_text=WORDS[language]).first
        answer.wait_for()
        assert hint.split("\n")[0][:40] in answer.inner_text()
        page.keyboard.press("b")  # a cell below: the check's own may not be changed
        page.keyboard.press("Enter")
        page.keyboard.type(f'check("start_here.{exercise}", hint=2)')
        page.keyboard.press("Control+Enter")
        drawn = words.HINT_TITLES[1].say(language)
        page.locator(".jp-OutputArea-output section", has_text=drawn).first.wait_for()
        picture(page, f"keyboard-{language}-hint")

        # On to a figure with sliders.
        page.keyboard.press("Escape")
        press_until(page, "Shift+Enter", lambda: page.evaluate(ACTIVE) == EXPLORED)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".jp-Cell.jp-mod-active .jp-OutputArea [role=slider]")
        use_the_control(page)
        open_the_words(page)
        picture(page, f"keyboard-{language}-control")


def use_the_control(page: Any) -> None:
    """By Tab into the control, by an arrow to its next value: the picture and its words follow."""
    control = ".jp-Cell.jp-mod-active .jp-OutputArea [role=slider]"
    before = page.locator(".jp-Cell.jp-mod-active .widget-html img").get_attribute("alt")
    press_until(page, "Tab", lambda: page.evaluate(f"document.activeElement.matches({control!r})"), 12)
    assert has_a_visible_focus(page)
    label = page.evaluate("document.activeElement.closest('.jupyter-widgets').querySelector('label').textContent")
    assert label.strip()
    page.keyboard.press("ArrowUp")
    page.wait_for_function(
        "before => document.querySelector('.jp-Cell.jp-mod-active .widget-html img')?.alt !== before", arg=before
    )


def open_the_words(page: Any) -> None:
    """The words below the picture open with Enter."""
    summary = "document.activeElement.tagName === 'SUMMARY'"
    press_until(page, "Tab", lambda: page.evaluate(summary), 12)
    assert has_a_visible_focus(page)
    before = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is not before


def has_a_visible_focus(page: Any) -> bool:
    """Whether the element with the focus, its label or what it stands in looks different than without the focus."""
    return bool(
        page.evaluate(
            """() => {
                const here = document.activeElement;
                const near = [here, here.labels?.[0], here.parentElement].filter(Boolean);
                const look = () => JSON.stringify(near.map(one => {
                    const style = getComputedStyle(one);
                    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
                            style.borderColor, style.backgroundColor];
                }));
                near.forEach(one => one.style.transition = 'none');
                const focused = look();
                here.blur();
                const without = look();
                here.focus({focusVisible: true});
                return focused !== without;
            }"""
        )
    )


def test_the_page_that_comes_back_by_keys_alone(page: Any, picture: Any, class_out: Path) -> None:  # noqa: F811
    """Every link and every control is reached by Tab, shows that it has the focus, and works by a key."""
    return_class(class_out, Wanted(roster=ROSTER))
    for path in ((class_out / "return" / "feedback" / f"{ANN}.html"), *(class_out / "feedback" / ANN).rglob("*.html")):
        page.goto(path.as_uri())
        wanted = "a[href], summary, button, input"
        # Buttons of one group are one stop; arrows go on from there.
        groups = "all => new Set(all.map(one => one.name || one)).size"
        stops = page.locator(wanted).evaluate_all(groups)
        reached: list[str] = []
        for _ in range(stops + 10):  # what scrolls is a stop, too
            page.keyboard.press("Tab")
            here = page.evaluate("document.activeElement.name || document.activeElement.outerHTML")
            if here.startswith("<body") or here in reached:
                break
            if page.evaluate(f"document.activeElement.matches('{wanted}')"):
                assert has_a_visible_focus(page), here
                reached.append(here)
        assert len(reached) == stops >= 1
        page.goto(path.as_uri())
        page.keyboard.press("Tab")
        chosen = page.evaluate("document.activeElement.id")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") != chosen and page.evaluate("document.activeElement.checked")
        picture(page, f"keyboard-{path.stem}")
