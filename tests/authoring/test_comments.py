from __future__ import annotations

import pytest

from grader.comments import CommentError, for_language, has_cjk, split_comment


@pytest.mark.parametrize(
    ("comment", "en", "zh"),
    [
        ("# a comment | 一个注释", "# a comment", "# 一个注释"),
        ("# P(y | x)", "# P(y | x)", "# P(y | x)"),
        ("# a | b", "# a | b", "# a | b"),
        ("# P(y | x) is the likelihood | P(y | x) 是似然", "# P(y | x) is the likelihood", "# P(y | x) 是似然"),
        ("# this | or that | 这个 | 那个", "# this | or that", "# 这个 | 那个"),
        ("# in [0, 1) | 在 [0, 1) 内", "# in [0, 1)", "# 在 [0, 1) 内"),
        ("# use `a | b` | 用 `a | b` 即可", "# use `a | b`", "# 用 `a | b` 即可"),
        ("#! shebang | 说明", "#! shebang", "#! 说明"),
        ("#", "#", "#"),
    ],
)
def test_sides_of_a_comment(comment: str, en: str, zh: str) -> None:
    assert split_comment(comment) == (en, zh)


@pytest.mark.parametrize("comment", ["# 中文", "# 中文 | English", "# (a | 中文)", "# a|中文", "# a，b", "# | 中文"])
def test_chinese_without_a_side_of_its_own_is_an_error(comment: str) -> None:
    with pytest.raises(ValueError, match=r"# English \| 中文"):
        split_comment(comment)


SOURCE = '''x = "# not a comment | 不是注释"  # but this is | 这才是
text = """
# nor this | 也不是
"""
if x:
    # above | 上面
    y = 1  # P(y | x)
'''


def test_only_comment_tokens_change() -> None:
    english = for_language(SOURCE, "en")
    assert english == SOURCE.replace("# but this is | 这才是", "# but this is").replace("# above | 上面", "# above")
    chinese = for_language(SOURCE, "zh")
    assert '"# not a comment | 不是注释"  # 这才是' in chinese
    assert "    # 上面\n    y = 1  # P(y | x)" in chinese
    assert for_language(SOURCE, "both") == SOURCE


def test_errors_name_the_line() -> None:
    with pytest.raises(CommentError) as caught:
        for_language("a = 1\n# 中文\n", "both")
    assert caught.value.line == 2
    with pytest.raises(CommentError, match="not complete Python") as caught:
        for_language("a = (1,\n", "en")
    with pytest.raises(ValueError, match="unknown language"):
        for_language("a = 1", "fr")


@pytest.mark.parametrize(("text", "answer"), [("中", True), ("，", True), ("abc — π ≤ “x”", False), ("Ａ", True)])
def test_has_cjk(text: str, answer: bool) -> None:
    assert has_cjk(text) is answer
