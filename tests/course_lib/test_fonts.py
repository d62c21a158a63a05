"""Chinese shows on a machine without a Chinese font."""

import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from course_lib import Text, label, new_figure, set_language
from course_lib._style import apply_style
from course_lib.fonts import FAMILY, FONT_FILE
from grader.fonts import bilingual_strings, characters, common_characters, is_chinese
from tests.course_lib.conftest import pixels

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def held() -> set[str]:
    with TTFont(FONT_FILE) as font:
        return {chr(code) for code in font.getBestCmap()}


@pytest.fixture
def only_ours(monkeypatch):
    """matplotlib with our font and its own DejaVu, as on a machine without any other."""
    apply_style()
    ours = [entry for entry in font_manager.fontManager.ttflist if entry.name in (FAMILY, "DejaVu Sans")]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", ours)
    font_manager.fontManager._findfont_cached.cache_clear()
    return ours


def test_every_character_of_every_bilingual_text_is_in_the_font(held):
    with TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf") as fallback:
        others = {chr(code) for code in fallback.getBestCmap()}
    strings = list(bilingual_strings(ROOT))
    assert len(strings) > 50
    missing = {
        (path.relative_to(ROOT).as_posix(), character)
        for path, string in strings
        for character in string
        if character not in held and character not in "\n\t" and (is_chinese(character) or character not in others)
    }
    assert not missing, "run `grader build-font` for these characters"


def test_the_common_characters_latin_and_signs_are_in_the_font(held):
    assert len(common_characters()) == 3755
    assert common_characters() <= held
    assert set("Aaz09−×·°αβσ∂∇≈≤→∑，。：“”（）、！？《》…—") <= held
    assert FONT_FILE.stat().st_size < 1_000_000


def test_the_font_has_a_name_of_its_own_and_its_licence_beside_it():
    with TTFont(FONT_FILE) as font:
        names = {record.toUnicode() for record in font["name"].names if record.nameID in (1, 4, 6)}
    assert all("Noto" not in name for name in names)
    assert "SIL OPEN FONT LICENSE" in FONT_FILE.with_name("OFL.txt").read_text(encoding="utf-8")


def test_a_string_in_a_text_of_a_package_is_found_and_a_pattern_is_not(tmp_path):
    for folder in ("course_lib", "grader", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "course_lib" / "a.py").write_text('X = Text(en="a", zh=f"{1}龘")\nPATTERN = "㐀䶿"\n', encoding="utf-8")
    (tmp_path / "notebooks" / "b.py").write_text('# %% [markdown]\n# 靐\nprint("齉")\n', encoding="utf-8")
    assert {string for _, string in bilingual_strings(tmp_path)} == {"龘", "齉"}
    assert {"龘", "齉"} <= characters(tmp_path)


def _ink(ax_text: str) -> np.ndarray:
    figure, ax = new_figure(height=1.5, width=3)
    ax.set_axis_off()
    ax.text(0.1, 0.4, ax_text, fontsize=20)
    return pixels(figure)


@pytest.mark.parametrize("wrapped", ["{}", "{} $\\alpha^2$"])
def test_chinese_is_drawn_with_no_other_font(only_ours, wrapped):
    assert only_ours
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a missing glyph
        first, second, blank = (_ink(wrapped.format(word)) for word in ("梯", "度", ""))
    box_of_nothing = _ink_of_unknown(wrapped)
    assert (first != blank).any()
    assert (first != second).any(), "two characters look the same: boxes instead of glyphs"
    assert (first != box_of_nothing).any()


def _ink_of_unknown(wrapped: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _ink(wrapped.format("\U0002f800"))


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_minus_signs_and_formulas_need_no_other_font(only_ours, language):
    set_language(language)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure, ax = new_figure()
        ax.semilogy([-3, -1, 2], [1e-3, 1, 1e4])
        label(ax, title=Text(en="loss $L(w)$ − step", zh="损失 $L(w)$ − 步数"), x=Text(en="−x", zh="−x 轴"))
        pixels(figure)
