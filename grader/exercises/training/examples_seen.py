"""Exercise 12.3: what stands on the horizontal axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the entries once."""
    yield "entries", ns["examples_seen"](list(case["sizes"]), case["epochs"], case["every"])


def _case(name: str, sizes: list[int], epochs: int, every: int) -> Case:
    label = Text(
        en=f"sizes {sizes}, {epochs} epochs, every {every}", zh=f"各批大小 {sizes}，{epochs} 轮，每 {every} 批"
    )
    return Case(name, label, {"sizes": sizes, "epochs": epochs, "every": every})


PUBLIC = (
    _case("card", [4, 4, 4, 2], 2, 2),
    _case("each", [5, 5], 2, 1),
    _case("odd", [3, 3, 3, 3, 1], 2, 2),
    _case("sparse", [64, 64, 10], 2, 100),
    _case("one-batch", [7], 3, 4),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Random sizes, epochs and intervals; no epoch at all."""
    cases = [_case("none", [4, 4], 0, 1)]
    for number in range(4):
        sizes = [int(n) for n in rng.integers(1, 9, int(rng.integers(2, 9)))]
        cases.append(_case(f"random-{number}", sizes, int(rng.integers(1, 4)), int(rng.integers(1, 5))))
    return cases


WRONG = (
    Wrong(
        "hard-coded-size",
        Text(en="every batch counts as 64", zh="每批都按 64 个算"),
        edits=(("seen += size", "seen += 64"),),
        hint=Hint(
            question=Text(en="What becomes of your axis when somebody changes the batch size?", zh="有人改了批量大小，你的横轴会怎样？"),
            neighbour=Text(en="Three crates of 10, 10 and 4 bottles are 24 bottles. 'Three crates times 10' is 30.", zh="三箱啤酒分别有 10、10、4 瓶，共 24 瓶。“三箱乘 10”是 30。"),
        ),
    ),
    Wrong(
        "first-size-for-all",
        Text(en="every batch counts as large as the first", zh="每批都按第一批的大小算"),
        edits=(("seen += size", "seen += sizes[0]"),),
        hint=Hint(
            question=Text(en="How large is the last batch of an epoch?", zh="每轮的最后一批有多大？"),
            neighbour=Text(en="14 people in cars of 4: three full ones and one with 2. After four cars 14 have arrived, not 16.", zh="14 个人坐 4 人座的车：三辆坐满，一辆坐 2 人。四辆车到了 14 人，不是 16 人。"),
        ),
    ),
    Wrong(
        "before-the-batch",
        Text(en="the entry counts what was seen before the batch", zh="记的是这一批之前见过的样本数"),
        source='''def examples_seen(sizes, epochs, every):
    entries, seen = [], 0
    for _ in range(epochs):
        for number, size in enumerate(sizes, start=1):
            if number % every == 0 or number == len(sizes):
                entries.append(seen)
            seen += size
    return entries
''',
        hint=Hint(
            question=Text(en="Has the batch of the entry been counted when you write it down?", zh="写下记录时，这一批算进去了吗？"),
            neighbour=Text(en="After the first lap of 400 m one has run 400 m, not 0.", zh="跑完第一圈 400 米，就是跑了 400 米，不是 0。"),
        ),
    ),
    Wrong(
        "epoch-starts-anew",
        Text(en="each epoch starts again from 0", zh="每轮都从 0 重新数"),
        edits=(("    entries, seen = [], 0\n    for _ in range(epochs):\n", "    entries = []\n    for _ in range(epochs):\n        seen = 0\n"),),
        hint=Hint(
            question=Text(en="How many examples have been seen at the beginning of the second epoch?", zh="第二轮开始时，已经见过多少样本？"),
            neighbour=Text(en="A car's mileage does not go back to 0 on the second day.", zh="汽车的里程表第二天不会归零。"),
        ),
    ),
    Wrong(
        "epoch-too-many",
        Text(en="the first epoch is offset by a whole epoch", zh="第一轮就多算了一整轮"),
        edits=(("entries, seen = [], 0", "entries, seen = [], sum(sizes)"),),
        hint=Hint(
            question=Text(en="How many epochs lie behind you during the first one?", zh="在第一轮当中，身后有几轮？"),
            neighbour=Text(en="In its first year a child is 0 years old: (year - 1), not year.", zh="出生第一年的孩子是 0 岁：要用（年份 - 1），不是年份。"),
        ),
    ),
    Wrong(
        "last-batch-forgotten",
        Text(en="no entry after the last batch of an epoch", zh="每轮最后一批之后没有记录"),
        edits=(("if number % every == 0 or number == len(sizes):", "if number % every == 0:"),),
        hint=Hint(
            question=Text(en="Is there an entry at the end of each epoch, even if the number of batches is not divisible?", zh="批数除不尽时，每轮结束处有记录吗？"),
            neighbour=Text(en="A report after every 2 chapters and at the end of the book: for 5 chapters after 2, 4 and 5.", zh="每 2 章写一次报告，读完再写一次：5 章的书，就在第 2、4、5 章之后。"),
        ),
    ),
    Wrong(
        "last-batch-twice",
        Text(en="the last batch is entered twice where it is a multiple", zh="恰好整除时，最后一批记了两次"),
        edits=(
            ("            if number % every == 0 or number == len(sizes):\n                entries.append(seen)\n", "            if number % every == 0:\n                entries.append(seen)\n        entries.append(seen)\n"),
        ),
        hint=Hint(
            question=Text(en="In the card's example the fourth batch is both: a second one and the last. How many entries does it get?", zh="题目的例子里，第四批既是每两批的一批，又是最后一批。它得到几条记录？"),
            neighbour=Text(en="Whoever has birthday on New Year's Day gets one cake.", zh="元旦过生日的人，蛋糕也只有一个。"),
        ),
    ),
    Wrong(
        "counts-across-epochs",
        Text(en="the batches are counted on across epochs", zh="批的编号跨轮累计"),
        source='''def examples_seen(sizes, epochs, every):
    entries, seen, number = [], 0, 0
    for _ in range(epochs):
        for place, size in enumerate(sizes, start=1):
            number += 1
            seen += size
            if number % every == 0 or place == len(sizes):
                entries.append(seen)
    return entries
''',
        hint=Hint(
            question=Text(en="Does the count of batches start anew with each epoch?", zh="批的编号每轮重新开始吗？"),
            neighbour=Text(en="'Every second day of the month' starts anew on the first: after 31 days the rhythm changes if one counts on.", zh="“每月逢双日”从一号重新数起：若一直往下数，过了 31 天节奏就变了。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "comprehension",
        '''def examples_seen(sizes, epochs, every):
    """Offsets within an epoch, repeated."""
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    kept = [end for i, end in enumerate(ends) if (i + 1) % every == 0 or i + 1 == len(ends)]
    return [epoch * sum(sizes) + end for epoch in range(epochs) for end in kept]
''',
    ),
    Right(
        "numpy",
        '''def examples_seen(sizes, epochs, every):
    """Cumulative sums and a mask."""
    numbers = np.arange(1, len(sizes) + 1)
    mask = (numbers % every == 0) | (numbers == len(sizes))
    running = np.cumsum(np.tile(sizes, epochs)).reshape(epochs, len(sizes))
    return [int(v) for v in running[:, mask].ravel()]
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="12.3 Examples seen", zh="12.3 见过的样本数"),
    properties=(Property("entries", Text(en="the entries", zh="各条记录"), points=4.0),),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Write a table for the failing case: epoch, batch, its size, seen so far, entry or not. Which line differs?",
            zh="为出错的算例列一张表：轮、批、大小、到目前见过的、是否记录。哪一行不同？",
        ),
        neighbour=Text(
            en="Sizes 2, 2, 1, one epoch, every 2: batch 1 (seen 2) no; batch 2 (seen 4) yes; batch 3 (seen 5) yes, as it is the last. Entries 4, 5.",
            zh="各批 2、2、1，一轮，每 2 批：第 1 批（共 2）不记；第 2 批（共 4）记；第 3 批（共 5）是最后一批，记。结果是 4、5。",
        ),
    ),
)
