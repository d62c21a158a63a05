"""Exercise 10.1: how many places a window has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong

_GROUPS = ("plain", "stride", "padding", "dilation", "all")


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for every setting of each group: [n, kernel, padding, stride, dilation], what is 0 or 1 left to its default
    now and then. At the end the sizes of a tensor that is made with an answer, which needs a whole number."""
    import torch

    out_size = ns["out_size"]
    for group in ("plain", "stride", "padding", "dilation", "all"):
        answers = []
        for n, kernel, padding, stride, dilation in case[group]:
            if group == "plain":
                answers.append(out_size(n, kernel))
            else:
                answers.append(out_size(n, kernel, padding=padding, stride=stride, dilation=dilation))
        yield group, answers
    n, kernel, padding, stride, dilation = case["all"][0]
    yield "whole", list(torch.zeros(out_size(n, kernel, padding, stride, dilation), 2).shape)


def _case(name: str, label: Text, **groups: list[list[int]]) -> Case:
    for setting in (setting for group in _GROUPS for setting in groups[group]):
        n, kernel, padding, _, dilation = setting
        if n + 2 * padding < dilation * (kernel - 1) + 1:
            raise ValueError(f"case {name!r}: in {setting} the window does not fit")
    return Case(name, label, {group: groups[group] for group in _GROUPS})


PUBLIC = (
    _case(
        "small",
        Text(en="rows of 5 to 8", zh="长度为 5 到 8 的一行"),
        plain=[[5, 3, 0, 1, 1], [7, 4, 0, 1, 1], [6, 6, 0, 1, 1]],
        stride=[[5, 3, 0, 2, 1], [6, 3, 0, 2, 1], [7, 3, 0, 3, 1]],
        padding=[[5, 3, 1, 1, 1], [5, 4, 2, 1, 1]],
        dilation=[[7, 3, 0, 1, 2], [7, 2, 0, 1, 3]],
        all=[[8, 3, 2, 3, 2], [5, 3, 1, 2, 2]],
    ),
    _case(
        "digits",
        Text(en="pictures of 28 and 32 dots", zh="28 点和 32 点的图像"),
        plain=[[28, 5, 0, 1, 1], [32, 5, 0, 1, 1]],
        stride=[[24, 2, 0, 2, 1], [13, 2, 0, 2, 1], [28, 3, 0, 4, 1]],
        padding=[[28, 5, 2, 1, 1], [28, 3, 2, 1, 1]],
        dilation=[[28, 3, 0, 1, 4], [32, 5, 0, 1, 3]],
        all=[[28, 7, 3, 2, 1], [28, 4, 2, 3, 3]],
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Settings drawn at random, the window fitting at least once; a large picture; a window of one dot."""

    def draw(count: int, padding: int, stride: int, dilation: int) -> list[list[int]]:
        settings = []
        for _ in range(count):
            f = int(rng.integers(1, 8))
            p = int(rng.integers(1, padding + 1)) if padding else 0
            s = int(rng.integers(2, stride + 1)) if stride > 1 else 1
            d = int(rng.integers(2, dilation + 1)) if dilation > 1 else 1
            n = max(d * (f - 1) + 1 - 2 * p, 1) + int(rng.integers(0, 30))
            settings.append([n, f, p, s, d])
        return settings

    return [
        _case(
            "random",
            Text(en="drawn at random", zh="随机抽取"),
            plain=draw(12, 0, 1, 1),
            stride=draw(20, 0, 6, 1),
            padding=draw(12, 4, 1, 1),
            dilation=draw(12, 0, 1, 5),
            all=draw(30, 4, 6, 5),
        ),
        _case(
            "border",
            Text(en="windows of one dot, windows that fit once, large pictures", zh="一个点的窗口、恰好放得下一次的窗口、大图像"),
            plain=[[1, 1, 0, 1, 1], [9, 1, 0, 1, 1], [9, 9, 0, 1, 1]],
            stride=[[9, 9, 0, 5, 1], [224, 7, 0, 2, 1], [10, 1, 0, 3, 1]],
            padding=[[1, 1, 2, 1, 1], [1, 3, 1, 1, 1], [4000, 11, 5, 1, 1]],
            dilation=[[9, 5, 0, 1, 2], [9, 1, 0, 1, 7]],
            all=[[224, 7, 3, 2, 1], [1, 2, 1, 2, 2], [10**12 + 1, 3, 1, 2, 1]],
        ),
    ]  # fmt: skip


_STEPS = Text(
    en="Posts 3 m apart along a fence of 11 m, the first at 0: 0, 3, 6, 9. The free length 11 holds 11 // 3 = 3 whole steps, and with the first post that "
    "makes 3 + 1 = 4. The 2 m that are left at the end hold no post.",
    zh="沿 11 m 长的篱笆每隔 3 m 立一根桩，第一根在 0 处：0、3、6、9。11 m 里有 11 // 3 = 3 个整步，加上第一根，共 3 + 1 = 4 根。末尾剩下的 2 m 立不了桩。",
)

_ROUNDED = Hint(
    question=Text(
        en="Draw n = 6, kernel 3, stride 2. Where does the last whole window begin? What becomes of the cell that is left over?",
        zh="画出 n = 6、核 3、步幅 2。最后一个完整的窗口从哪里开始？剩下的那一格怎么办？",
    ),
    neighbour=_STEPS,
)

WRONG = (
    Wrong(
        "rounds",
        Text(en="rounds to the nearest", zh="四舍五入"),
        edits=(("free // stride + 1", "int(free / stride + 0.5) + 1"),),
        hint=_ROUNDED,
    ),
    Wrong(
        "ceils",
        Text(en="rounds up, as if half a window counted", zh="向上取整，好像半个窗口也算数"),
        edits=(("free // stride + 1", "-(-free // stride) + 1"),),
        hint=_ROUNDED,
    ),
    Wrong(
        "n-over-stride",
        Text(en="the size divided by the stride", zh="直接用长度除以步幅"),
        edits=(("free // stride + 1", "(n + 2 * padding) // stride"),),
        hint=Hint(
            question=Text(
                en="Draw n = 5, kernel 3, stride 1 and count the windows. Is it 5?",
                zh="画出 n = 5、核 3、步幅 1，数一数窗口。是 5 个吗？",
            ),
            neighbour=Text(
                en="A ruler of 4 cm is laid into a drawer of 10 cm and moved on in steps of 3 cm. It starts at 0, 3 and 6, for it must not stick out: 3 places. "
                "10 / 3 does not know how long the ruler is.",
                zh="把 4 cm 长的尺子放进 10 cm 的抽屉，每次移 3 cm。尺子不能伸出去，所以起点是 0、3、6：3 个位置。10 / 3 根本不知道尺子有多长。",
            ),
        ),
    ),
    Wrong(
        "padding-once",
        Text(en="the padding counted on one side only", zh="填充只算了一侧"),
        edits=(("n + 2 * padding", "n + padding"),),
        hint=Hint(
            question=Text(
                en="Draw n = 5 with padding 1. How many cells does the row have now?",
                zh="画出 n = 5、填充 1。这一行现在有几格？",
            ),
            neighbour=Text(
                en="A picture of 20 cm in a frame of 3 cm is 26 cm wide, not 23: the frame has a left and a right side.",
                zh="20 cm 宽的画，配 3 cm 宽的框，总宽 26 cm，不是 23 cm：框有左右两条边。",
            ),
        ),
    ),
    Wrong(
        "dilation-ignored",
        Text(en="the dilation left out", zh="没有考虑膨胀"),
        edits=(("dilation * (kernel - 1)", "(kernel - 1)"),),
        hint=Hint(
            question=Text(
                en="Kernel 3, dilation 2: draw the cells that one window touches. From the first to the last of them, how many cells is that?",
                zh="核 3、膨胀 2：画出一个窗口碰到的格子。从第一格到最后一格，一共跨几格？",
            ),
            neighbour=Text(
                en="Four people in a row of seats, every third seat taken: seats 0, 3, 6, 9. They need a row of 10, not of 4.",
                zh="四个人坐一排，每隔两个空位坐一个：座位 0、3、6、9。这一排要有 10 个座位，不是 4 个。",
            ),
        ),
    ),
    Wrong(
        "dilation-times-kernel",
        Text(en="a window taken to be dilation times kernel long", zh="以为窗口的长度是膨胀乘以核"),
        edits=(("dilation * (kernel - 1)", "(dilation * kernel - 1)"),),
        hint=Hint(
            question=Text(
                en="How many gaps are there between 3 cells of a window? Which of the cells and gaps does the dilation stretch?",
                zh="窗口的 3 个格子之间有几个间隔？膨胀拉大的是格子还是间隔？",
            ),
            neighbour=Text(
                en="Four trees at 5 m from one to the next stand on 3 * 5 = 15 m, not on 4 * 5 = 20: it is the gaps that are 5 m, and there are three.",
                zh="四棵树，相邻两棵隔 5 m，共占 3 * 5 = 15 m，不是 4 * 5 = 20 m：5 m 说的是间隔，而间隔只有三个。",
            ),
        ),
    ),
    Wrong(
        "first-window-forgotten",
        Text(en="the steps counted, not the windows", zh="数的是步数，不是窗口数"),
        edits=(("free // stride + 1", "free // stride"),),
        hint=Hint(
            question=Text(
                en="Kernel as long as the row: n = 6, kernel 6. How many windows are there, and what do you get?",
                zh="核与这一行一样长：n = 6、核 6。有几个窗口？你得到的是几？",
            ),
            neighbour=_STEPS,
        ),
    ),
    Wrong(
        "one-added-too-early",
        Text(en="the + 1 stands inside the division", zh="把 + 1 写进了除法里面"),
        edits=(("free // stride + 1", "(free + 1) // stride"),),
        hint=Hint(
            question=Text(
                en="Which window does the + 1 stand for? Is that one divided by the stride?",
                zh="+ 1 代表的是哪个窗口？它要被步幅除吗？",
            ),
            neighbour=_STEPS,
        ),
    ),
    Wrong(
        "true-division",
        Text(en="a division that leaves a fraction", zh="用了会留下小数的除法"),
        edits=(("free // stride + 1", "free / stride + 1"),),
        hint=Hint(
            question=Text(
                en="Can there be two and a half windows? What does / return in Python even for 4 / 2?",
                zh="会有两个半窗口吗？Python 里的 / 即使算 4 / 2，返回的是什么？",
            ),
            neighbour=Text(
                en="9 / 2 is 4.5, 8 / 2 is 4.0, and torch.zeros(4.0) raises a TypeError: a size is an int. 9 // 2 is 4.",
                zh="9 / 2 是 4.5，8 / 2 是 4.0，而 torch.zeros(4.0) 会报 TypeError：大小必须是 int。9 // 2 才是 4。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "counts-the-starts",
        '''def out_size(n, kernel, padding=0, stride=1, dilation=1):
    """The starts of all windows that fit."""
    last = n + padding - dilation * (kernel - 1)
    return len(range(-padding, last, stride))
''',
    ),
    Right(
        "as-in-the-docs",
        '''def out_size(n, kernel, padding=0, stride=1, dilation=1):
    """As the documentation of Conv2d writes it."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1 + stride) // stride
''',
    ),
    Right(
        "effective-kernel",
        '''def out_size(n, kernel, padding=0, stride=1, dilation=1):
    """The kernel made long first, then a remainder."""
    span = kernel + (kernel - 1) * (dilation - 1)
    room = n + padding + padding - span
    steps, _ = divmod(room, stride)
    return int(1 + steps)
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="10.1 How many places?", zh="10.1 有多少个位置？"),
    properties=(
        Property("plain", Text(en="stride 1, no padding", zh="步幅 1，不填充")),
        Property("stride", Text(en="with a stride", zh="带步幅")),
        Property("padding", Text(en="with padding", zh="带填充")),
        Property("dilation", Text(en="with a dilation", zh="带膨胀")),
        Property("all", Text(en="all together", zh="三者同时")),
        Property("whole", Text(en="the answer can be used as a size", zh="结果可以用作大小"), only_with="all"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Draw the smallest row that comes out wrong and mark where each window begins. How far may the last one begin?",
            zh="把算错的最短的那一行画出来，标出每个窗口的起点。最后一个最远能从哪里开始？",
        ),
        neighbour=_STEPS,
    ),
)
