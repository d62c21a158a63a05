from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.commands.check_translations import command
from grader.glossary import Term, lint, read_glossary
from grader.lesson import LessonError
from grader.translations import accept, check_lesson, check_texts
from tests.authoring.tiny import ROOT, Tiny

TERMS = read_glossary(ROOT / "notebooks" / "glossary.yml")


def problems(tiny: Tiny) -> list[str]:
    return [f"{p.kind}: {p}" for p in check_lesson(tiny.lesson(), TERMS)]


def test_a_lesson_in_step_has_no_problems(tiny: Tiny) -> None:
    assert problems(tiny) == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "message"),
    [
        # pairs
        ('id="card" lang="zh"', 'id="karte" lang="zh"', "pair", "no Chinese cell behind it"),
        ('id="card" lang="en"', 'id="karte" lang="en"', "pair", "no English cell before it"),
        # invariants
        ("# ## 目标", "# ### 目标", "invariant", "heading levels differ: English 2, Chinese 3"),
        ("损失 $L = 2x$", "损失 $L = 3x$", "invariant", "formulas differ: missing in Chinese: $L=2x$"),
        ("第一课。", "第一课。\n#\n# $$x = 1$$", "invariant", "displayed formulas differ"),
        ("第一课。", "第一课。\n#\n# ```\n# x\n# ```", "invariant", "code blocks differ"),
        ("- 调用 `double`", "- 调用 `triple`", "invariant", "inline code differ: missing in Chinese: `double`"),
        ("[文档](https://example.org/docs)", "[文档](https://example.org)", "invariant", "links differ"),
        ("[文档](https://example.org/docs)", "文档", "invariant", "links differ"),
        ("第一课。", "第一课。<br>", "invariant", "HTML tags differ"),
        ("6 万个", "6 千个", "invariant", "numbers differ: missing in Chinese: 60000"),
        ("5 分钟", "15 分钟", "invariant", "numbers differ: missing in Chinese: 5"),
        ("5 分钟。", "5 分钟。\n# - 又一条", "invariant", "numbers of list items differ: English 0, Chinese 1"),
        ("第一课。", "第一课。\n#\n# | a |\n# |---|", "invariant", "numbers of table rows differ"),
        ("# 关于损失 $L = 2x$ 的第一课。", "# A first lesson on the loss $L = 2x$.", "term", "Chinese has no 损失"),
        ("# A first lesson", "# A first 课 lesson", "invariant", "the English cell holds Chinese (课)"),
        # terms
        ("关于损失", "关于丢失", "term", "“丢失” is not how 'loss' is said here; write 损失"),
        ("关于损失", "关于误差", "term", "English says 'loss', Chinese has no 损失"),
        ("两行代码", "两行平方卷积代码", "term", "“平方卷积” is not how"),
        # typography
        ("两行代码，", "两行代码,", "typography", "half-width punctuation after Chinese"),
        ("分钟。", "分钟.", "typography", "half-width full stop"),
        ("两行代码", "两行代码(短)", "typography", "half-width brackets"),
        ("两行代码", "两行“代码” ", "typography", "beside full-width punctuation"),
        ("两行代码", '两行"代码"', "typography", "straight quotes"),
        ("两行代码", "两行code代码", "typography", "no space between Chinese and a word"),
        ("调用 `double`", "调用`double`", "typography", "no space between Chinese"),
        ("两行代码", "两行 代码", "typography", "a space between two Chinese characters"),
        ("两行代码", "两行\n# 代码", "typography", "a line break inside Chinese"),
        ("两行代码", "两行代码２", "typography", "full-width letters or digits"),
        ("两行代码", "两行**代码。**好，", "typography", "the stars will show"),
        ("两行代码", "两行**“代码”**", "typography", "the stars will show"),
        # code
        ("# where we start | 起点", "# 起点", "comment", "has Chinese but no side of its own"),
        ("# print it | 打印", "# the loss | 丢失", "comment", "“丢失” is not how 'loss'"),
        ('zh="{n} 加倍后是 {d}"', 'zh="{n} 加倍后是"', "text", "fields differ: {d}"),
        ('zh="{n} 加倍后是 {d}"', 'zh="{n} 加倍后是,{d}"', "text", "half-width punctuation"),
        ("START = 3", 'START = 3\nprint("你好")', "text", "the string '你好' holds Chinese"),
        ("START = 3", "START = = 3", "text", "the code is not Python"),
    ],
)  # fmt: skip
def test_each_rule_bites(tiny: Tiny, old: str, new: str, kind: str, message: str) -> None:
    tiny.edit(old, new)
    tiny.accept_all()
    found = problems(tiny)
    assert any(one.startswith(f"{kind}: 01_tiny.py:") and message in one for one in found), found


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("Two lines, 5 minutes.", "两行代码，五分钟。"),
        ("Use float64 and conv2d in 2 steps.", "分两步使用 float64 和 conv2d。"),
        ("It has 1,000,000 of them, 1.50 each.", "共有 1000000 个，每个 1.5。"),
        ("**Bold** words of `x` with $y$ twice: `x`, $y$.", "**粗体**词：`x` 和 $y$。"),
        ("**Note:** *two* of **`x`** here.", "**注意：** 这里**有**两个 **`x`**。"),
        ("See *Neural Networks* by A.", "参见 A 的 *Neural Networks*。"),
        ("See [1, 2] <b>here</b>.", "参见 [1, 2] <b>这里</b>。"),
        ("On the 2nd line (see [here](a.md)):", "在第 2 行（见[这里](a.zh.md)）："),
        (
            "It costs 5 \\$ or 6 \\$; $a$ is $b \\text{ if } c$.",
            "要 5 \\$ 或 6 \\$；$a$ 就是 $b \\text{ 如果 } c$。",
        ),
    ],
)
def test_good_translations_raise_no_alarm(tiny: Tiny, en: str, zh: str) -> None:
    tiny.edit("# Two lines, 5 minutes.", f"# {en}")
    tiny.edit("# 两行代码，5 分钟。", f"# {zh}")
    tiny.accept_all()
    assert problems(tiny) == []


def test_a_changed_english_sentence_names_the_chinese_cell(tiny: Tiny) -> None:
    tiny.edit("Two lines, 5 minutes.", "Two short lines, 5 minutes.")
    line = tiny.source.read_text(encoding="utf-8").split("练习")[0].count("\n") + 1
    assert problems(tiny) == [
        f"review: 01_tiny.py:{line}: cell card (zh): the English changed after the Chinese was reviewed; "
        "compare both, then run: grader check-translations tiny --accept card"
    ]


def test_accept_writes_the_header_line_only(tiny: Tiny) -> None:
    tiny.edit("Two lines, 5 minutes.", "Two short lines, 5 minutes.")
    tiny.edit(' lang="zh" reviewed="', ' lang="zh"  reviewed="')
    before = tiny.source.read_text(encoding="utf-8").splitlines()
    assert accept(tiny.source, "card") is True
    after = tiny.source.read_text(encoding="utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1 and changed[0].startswith('# %% [markdown] id="card" lang="zh" reviewed="')
    assert problems(tiny) == []
    assert accept(tiny.source, "card") is False
    with pytest.raises(LessonError, match="no pair of cells 'imports'"):
        accept(tiny.source, "imports")


def test_accept_keeps_line_ends_and_adds_a_missing_hash(tiny: Tiny) -> None:
    text = tiny.source.read_text(encoding="utf-8")
    start = text.index(' reviewed="')
    text = text[:start] + text[text.index("\n", start) :]
    tiny.source.write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    assert ["the Chinese is not reviewed" in one for one in problems(tiny)] == [True]
    assert accept(tiny.source, "title")
    assert tiny.source.read_bytes().count(b"\r\n") == tiny.source.read_bytes().count(b"\n")
    assert problems(tiny) == []


def test_the_command_reports_and_exits(tiny: Tiny) -> None:
    runner = CliRunner()
    good = runner.invoke(command, ["tiny"])
    assert (good.exit_code, good.output) == (0, "01_tiny: both languages agree\n")
    tiny.edit("Two lines, 5 minutes.", "Two short lines, 5 minutes.")
    bad = runner.invoke(command, ["--json"])
    assert bad.exit_code == 1
    assert [(p["cell"], p["kind"]) for p in json.loads(bad.output)] == [("card (zh)", "review")]
    assert "now marked as reviewed" in runner.invoke(command, ["1", "--accept", "card"]).output
    assert runner.invoke(command, []).exit_code == 0
    assert runner.invoke(command, ["--accept", "nothing"]).exit_code == 2
    assert runner.invoke(command, ["7"]).exit_code == 2


def test_texts_of_an_exercise_are_read(tiny: Tiny) -> None:
    path = tiny.course.root / "grader" / "exercises" / "tiny" / "double.py"
    path.write_text(path.read_text(encoding="utf-8").replace("3 变成 6。", "3变成6。"), encoding="utf-8")
    result = CliRunner().invoke(command, ["tiny"])
    assert result.exit_code == 1
    assert "grader/exercises/tiny/double.py:10: cell texts: “3变成6。”: no space" in result.output


def test_fields_of_a_text_may_choose_words() -> None:
    source = "Text(en=f\"{n} file{'s' if n > 1 else ''} of {who.en}\", zh=f\"{who.zh}的 {n} 个文件\")"
    assert list(check_texts(source, TERMS, "a.py", "a")) == []


GLOSSARY = (
    Term(("loss function",), ("损失函数",)),
    Term(("loss",), ("损失",), ("丢失",)),
    Term(("class",), ("类",), ("课程",), True),
)


@pytest.mark.parametrize(
    ("en", "zh", "count"),
    [
        ("the loss function", "损失函数", 0),
        ("the loss function", "损失", 1),
        ("the loss function", "函数", 1),
        ("losses", "丢失", 1),
        ("glossary, flossing", "词汇表", 0),
        ("a class of problems", "一批问题", 0),
        ("a class of problems", "一课程问题", 1),
        ("nothing", "课程", 0),
    ],
)
def test_the_glossary(en: str, zh: str, count: int) -> None:
    assert len(list(lint(GLOSSARY, en, zh))) == count


def test_the_courses_glossary_knows_the_traps() -> None:
    assert len(TERMS) >= 60
    for en, wrong in [
        ("the bias", "偏差"), ("differentiate", "区分"), ("a square kernel", "平方核"), ("mini-batch", "迷你批"),
        ("backpropagation", "后向传播"), ("purely functional", "仅具有功能性"), ("the classes", "课程"),
        ("a multi-dimensional array", "多元数组"),
    ]:  # fmt: skip
        assert any(wrong in message for message in lint(TERMS, en, wrong)), en


def test_a_malformed_glossary_is_named(tmp_path: Path) -> None:
    from grader.glossary import GlossaryError

    path = tmp_path / "glossary.yml"
    for text, message in [
        ("- {en: a}", "a term has en, zh"),
        ("- {en: a, zh: 甲, nevr: 乙}", "a term has en, zh"),
        ("- {en: a, zh: 甲, never: 甲}", "both accepted and forbidden"),
        ("- {en: a, zh: 甲}\n- {en: [b, a], zh: 乙}", "'a' stands twice"),
        ("a: b", "a list of terms"),
        ("- [", "glossary.yml"),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(GlossaryError, match=message):
            read_glossary(path)
