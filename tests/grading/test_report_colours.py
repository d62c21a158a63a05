"""The report's colours for people who see fewer of them, and on paper without any.

Simulated with the matrices of Machado, Oliveira and Fernandes 2009 ("A physiologically-based model for simulation of
color vision deficiency", IEEE TVCG 15, 1291-1298) at severity 1.0, which act on linear RGB; grey is the relative
luminance of WCAG 2.2. Contrasts are WCAG's: 4.5 for text (1.4.3), 3 for what a chart is read by (1.4.11).
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from grader.feedback import TEMPLATES

PAGE = (TEMPLATES / "course_feedback" / "page.css").read_text("utf-8")
REPORT = (TEMPLATES / "report.css").read_text("utf-8")
HTML = "".join(
    (TEMPLATES / f"{name}.html").read_text("utf-8") for name in ("report", "report_parts", "report_page", "overview")
)

VISIONS = {
    "as it is": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
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


def linear(hue: str) -> np.ndarray:
    """sRGB to linear RGB, IEC 61966-2-1."""
    rgb = np.array([int(hue[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str, vision: str) -> float:
    known = colours()
    seen = [np.clip(VISIONS[vision] @ linear(known.get(hue, hue)), 0, 1) for hue in (one, other)]
    light, dark = sorted((float(rgb @ [0.2126, 0.7152, 0.0722]) for rgb in seen), reverse=True)
    return (light + 0.05) / (dark + 0.05)


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
