"""The report's colours for people who see fewer of them, and on paper without any.

How they are simulated: tests/vision.py. Contrasts are WCAG's: 4.5 for text (1.4.3), 3 for what a chart is read by
(1.4.11).
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from grader.feedback import TEMPLATES
from tests.vision import VISIONS, linear
from tests.vision import contrast as vision_contrast

PAGE = (TEMPLATES / "course_feedback" / "page.css").read_text("utf-8")
REPORT = (TEMPLATES / "report.css").read_text("utf-8")
HTML = "".join(
    (TEMPLATES / f"{name}.html").read_text("utf-8") for name in ("report", "report_parts", "report_page", "overview")
)

# What stands on what. Bars never touch each other: between two fills there is always paper, and every bar has its
# number in words beside it.
TEXT = [
    *(("ink", ground) for ground in ("paper", "ground", "attention", "code-bg")),
    *(("soft", ground) for ground in ("paper", "ground", "code-bg")),
    *(("accent", ground) for ground in ("paper", "ground")),
    *(
        (verdict, ground)
        for verdict in ("pass", "fail", "not_run", "grader_error")
        for ground in ("paper", f"{verdict}-bg")
    ),
    *((hue, "#102a43") for hue in ("#ffffff", "#bcd0e5", "#dbe7f3", "under")),
    ("#102a43", "#ffffff"),
]
FILLS = [
    *((fill, "paper") for fill in ("pass", "fail", "not_run", "accent", "ink", "soft", "attention-line")),
    ("attention-line", "ground"),
    ("#6b87a3", "#102a43"),  # the frame of the language buttons
]
PALE = {"line"}  # hair lines between rows: nothing is read by them


def colours() -> dict[str, str]:
    """The one place: custom properties of the page and of the report."""
    found: dict[str, str] = {}
    for sheet in (PAGE, REPORT):
        for block in re.findall(r":root\s*\{([^}]*)\}", sheet):
            for name, hue in re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block):
                assert found.setdefault(name, hue) == hue, f"--{name} is defined twice"
    return found


def contrast(one: str, other: str, vision: str) -> float:
    known = colours()
    return vision_contrast(linear(known.get(one, one)), linear(known.get(other, other)), vision)


@pytest.mark.parametrize("vision", VISIONS)
def test_text_can_be_read(vision: str) -> None:
    assert {pair: c for pair in TEXT if (c := round(contrast(*pair, vision), 2)) < 4.5} == {}


@pytest.mark.parametrize("vision", VISIONS)
def test_charts_can_be_read(vision: str) -> None:
    assert {pair: c for pair in FILLS if (c := round(contrast(*pair, vision), 2)) < 3.0} == {}


def test_no_colour_stands_anywhere_else() -> None:
    rules = re.sub(r":root\s*\{[^}]*\}", "", REPORT)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", rules) == []
    assert re.findall(r"(?:fill|stroke|color|style)=", HTML) == []


def test_every_colour_that_is_used_is_among_the_pairs() -> None:
    rules = re.sub(r":root\s*\{[^}]*\}", "", REPORT)
    in_charts = set(re.findall(r"(?:fill|stroke):\s*var\(--([\w-]+)\)", rules))
    assert in_charts <= {fill for fill, _ in FILLS}
    in_text = set(re.findall(r"(?:^|[;{\s])color:\s*var\(--([\w-]+)\)", PAGE + REPORT))
    assert in_text <= {ink for ink, _ in TEXT}
    grounds = set(re.findall(r"background:\s*var\(--([\w-]+)\)", PAGE + REPORT))
    assert grounds <= {ground for _, ground in TEXT}
    edges = set(re.findall(r"border[\w-]*:[^;}]*var\(--([\w-]+)\)", rules))
    assert edges <= {fill for fill, _ in FILLS} | PALE


def test_the_simulation_is_the_one_it_says() -> None:
    """Greys stay greys for every eye, red and green come close for two of them, and yellow is light."""
    for vision, matrix in VISIONS.items():
        assert matrix.sum(axis=1) == pytest.approx(np.ones(3), abs=2e-5), vision
    red, green = "fail", "pass"
    assert contrast(red, green, "grey") < 1.2  # which is why no chart tells them apart by their colour alone
    assert contrast("#000000", "#ffffff", "as it is") == pytest.approx(21.0)
