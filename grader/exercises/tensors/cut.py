"""Exercise 2.2: rows, columns and blocks, as views or as a copy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Cuts once and yields each piece; then changes x everywhere and yields them again."""
    x = case["x"]
    pieces = ns["cut"](x, list(case["rows"]))
    if not isinstance(pieces, dict):
        yield "column", pieces  # no dict: the comparison then says what came instead
        return
    names = [name for name in ("column", "column_kept", "ends", "odd", "bottom", "chosen") if name in pieces]
    for name in names:
        yield name, pieces[name]
    yield "x", x
    x *= -2
    yield "views", {name: pieces[name] for name in names if name != "chosen"}
    yield "copy", {name: pieces[name] for name in names if name == "chosen"}


def _case(name: str, label: Text, x: Any, rows: list[int]) -> Case:
    return Case(name, label, {"x": torch.as_tensor(x), "rows": rows})


PUBLIC = (
    _case("small", Text(en="x [2, 3], rows [1]", zh="x [2, 3]，rows [1]"), [[1, 2, 3], [4, 5, 6]], [1]),
    _case("tall", Text(en="x [5, 2], rows [0, 3, 0]", zh="x [5, 2]，rows [0, 3, 0]"), torch.arange(1.0, 11).reshape(5, 2), [0, 3, 0]),
    _case("wide", Text(en="x [3, 6], rows [2, 0]", zh="x [3, 6]，rows [2, 0]"), torch.arange(1.0, 19).reshape(3, 6), [2, 0]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, consecutive rows, a single row, columns in memory order."""
    cases = []
    for number, (rows, columns) in enumerate(((2, 2), (4, 7), (6, 5))):
        x = torch.from_numpy(rng.standard_normal((rows, columns)))
        chosen = [0, 1] if number == 0 else [int(i) for i in rng.integers(0, rows, 3)]
        if number == 2:
            x = torch.from_numpy(rng.standard_normal((columns, rows))).T
        cases.append(
            _case(f"random-{number}", Text(en=f"x [{rows}, {columns}]", zh=f"x [{rows}, {columns}]"), x, chosen)
        )
    return cases


WRONG = (
    Wrong(
        "row-for-column",
        Text(en="the second row instead of the second column", zh="取成了第二行，而不是第二列"),
        edits=(('"column": x[:, 1]', '"column": x[:][1]'), ('"column_kept": x[:, 1:2]', '"column_kept": x[:][1:2].T')),
        hint=Hint(
            question=Text(
                en="What is x[:]? From which dimension does the [1] behind it pick?",
                zh="x[:] 是什么？后面的 [1] 是从哪一维里取的？",
            ),
            neighbour=Text(
                en="For m = [[1, 2], [3, 4]]: m[:][0] is [1, 2], the first row. Both positions belong into one pair of brackets, separated by a comma: m[:, 0] is [1, 3].",
                zh="m = [[1, 2], [3, 4]]：m[:][0] 是 [1, 2]，即第一行。两个位置要写在同一对方括号里，用逗号隔开：m[:, 0] 是 [1, 3]。",
            ),
        ),
    ),
    Wrong(
        "dimension-dropped",
        Text(en="column_kept has lost its dimension", zh="column_kept 少了一维"),
        edits=(('x[:, 1:2]', 'x[:, -(x.shape[1] - 1)]'),),
        hint=Hint(
            question=Text(
                en="What does a number in an index do to its dimension, and what does a slice do?",
                zh="索引里写一个数，那一维会怎样？写切片呢？",
            ),
            neighbour=Text(
                en="v of shape [5]: v[3] has shape [], v[3:4] has shape [1]. The slice takes one entry as well, but keeps the place.",
                zh="v 的形状是 [5]：v[3] 的形状是 []，v[3:4] 的形状是 [1]。切片同样只取一个元素，但位置还在。",
            ),
        ),
    ),
    Wrong(
        "counts-from-one",
        Text(en="places are counted from 1", zh="位置从 1 数起了"),
        edits=(('"column": x[:, 1]', '"column": x[:, 0]'), ('x[:, 1:2]', 'x[:, 0:1]')),
        hint=Hint(
            question=Text(
                en="Which number has the first column in Python? And the second?",
                zh="在 Python 里，第一列的号码是多少？第二列呢？",
            ),
            neighbour=Text(
                en="For 'abc', place 0 holds a, place 1 holds b. The third letter has the number 2.",
                zh="对 'abc'，0 号位置是 a，1 号位置是 b。第三个字母的号码是 2。",
            ),
        ),
    ),
    Wrong(
        "last-row-for-last-column",
        Text(en="the last row instead of the last entry of each row", zh="取成了最后一行，而不是每行的最后一个元素"),
        edits=(('"ends": x[:, -1]', '"ends": x[-1]'),),
        hint=Hint(
            question=Text(
                en="x[-1] uses one position. Which dimension does it belong to?",
                zh="x[-1] 只用了一个位置，它属于哪一维？",
            ),
            neighbour=Text(
                en="A timetable [day, hour]: t[-1] is the last day with all hours; t[..., -1] is the last hour of each day.",
                zh="课程表 [天, 节]：t[-1] 是最后一天的所有节；t[..., -1] 是每天的最后一节。",
            ),
        ),
    ),
    Wrong(
        "even-columns",
        Text(en="the columns 0, 2, 4 instead of 1, 3, 5", zh="取成了第 0、2、4 列，而不是第 1、3、5 列"),
        edits=(('x[:, 1::2]', 'x[:, ::2]'),),
        hint=Hint(
            question=Text(
                en="Where does a slice without a first number start?",
                zh="切片不写第一个数时，从哪里开始？",
            ),
            neighbour=Text(
                en="'abcdef'[::3] is 'ad'; 'abcdef'[2::3] is 'cf'. from:to:step, and an empty 'from' is 0.",
                zh="'abcdef'[::3] 是 'ad'；'abcdef'[2::3] 是 'cf'。from:to:step，不写 from 就是 0。",
            ),
        ),
    ),
    Wrong(
        "end-excluded",
        Text(en="x[-2:-1] leaves the last row out", zh="x[-2:-1] 漏了最后一行"),
        edits=(('"bottom": x[-2:]', '"bottom": x[-2:-1]'),),
        hint=Hint(
            question=Text(
                en="How many rows has your piece? Is the end of a slice included?",
                zh="你切出了几行？切片的终点包括在内吗？",
            ),
            neighbour=Text(
                en="'abcd'[-3:-1] is 'bc': the end -1 is not included. 'abcd'[-3:] is 'bcd'.",
                zh="'abcd'[-3:-1] 是 'bc'：终点 -1 不包括在内。'abcd'[-3:] 是 'bcd'。",
            ),
        ),
    ),
    Wrong(
        "copies-for-views",
        Text(en="views were asked for, but they are copies", zh="要的是视图，给的却是副本"),
        edits=(('"column": x[:, 1]', '"column": x[:, 1].clone()'), ('"bottom": x[-2:]', '"bottom": x[[-2, -1]]')),
        hint=Hint(
            question=Text(
                en="Change x after the call. Which of your five views follow?",
                zh="调用之后改一下 x，五个视图里哪些会跟着变？",
            ),
            neighbour=Text(
                en="v = m[0:2] follows m, v = m[[0, 1]] does not: the list makes a copy although the rows lie side by side. clone() is a copy by name.",
                zh="v = m[0:2] 跟着 m 变，v = m[[0, 1]] 不变：哪怕那些行紧挨着，用列表也会复制。clone() 本来就是复制的意思。",
            ),
        ),
    ),
    Wrong(
        "chosen-is-a-view",
        Text(en="chosen is a view where the rows allow it, and has the wrong rows elsewhere", zh="chosen 在可能时是视图，别处则取错了行"),
        edits=(('"chosen": x[rows]', '"chosen": x[min(rows) : max(rows) + 1]'),),
        hint=Hint(
            question=Text(
                en="Can a slice take the rows 0, 3, 0? Does your piece change when x does?",
                zh="切片取得出第 0、3、0 行吗？x 变的时候，你切出来的也变吗？",
            ),
            neighbour=Text(
                en="From 'abcde' the places [4, 1, 4] are e, b, e: no from:to:step gives that. A list as an index does, and always copies.",
                zh="从 'abcde' 里取位置 [4, 1, 4]，得 e、b、e：没有哪个 from:to:step 做得到。用列表做索引就可以，而且总是复制。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "methods",
        '''def cut(x, rows):
    """The same with methods."""
    return dict(
        column=x.select(1, 1),
        column_kept=x.narrow(1, 1, 1),
        ends=x.T[-1],
        odd=x.T[1::2].T,
        bottom=x.narrow(0, len(x) - 2, 2),
        chosen=x.index_select(0, torch.tensor(rows, device=x.device)),
    )
''',
    ),
    Right(
        "unsqueezed",
        '''def cut(x, rows):
    """Drops dimensions and puts them back."""
    column = x[..., 1]
    pieces = {"column": column, "column_kept": column.unsqueeze(1), "ends": x[..., x.shape[1] - 1]}
    pieces["odd"] = x[:, 1 : x.size(1) : 2]
    pieces["bottom"] = x[x.shape[0] - 2 :, :]
    pieces["chosen"] = torch.stack([x[row] for row in rows])
    return pieces
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "index-on-cpu",
        Text(en="the index for index_select is made on the CPU", zh="传给 index_select 的下标是在 CPU 上生成的"),
        edits=(("x[rows],", "x.index_select(0, torch.tensor(rows)),"),),
        hint=Hint(
            question=Text(en="Where does torch.tensor(rows) lie? And where does x lie, if somebody hands you x.to(\"cuda\")?", zh="torch.tensor(rows) 在哪个设备上？如果别人传进来的是 x.to(\"cuda\")，x 又在哪里？"),
            neighbour=Text(en="Of t on a GPU, t[[0, 2]] works: square brackets also take an index from the CPU. t.gather(0, i) and t.index_select(0, i) do not; there i has to be made with device=t.device.", zh="t 在 GPU 上时，t[[0, 2]] 没问题：方括号也接受 CPU 上的下标。t.gather(0, i) 和 t.index_select(0, i) 则不行，i 要用 device=t.device 来生成。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="2.2 Six cuts", zh="2.2 六种切法"),
    properties=(
        Property("column", Text(en="column", zh="column")),
        Property("column_kept", Text(en="column_kept", zh="column_kept")),
        Property("ends", Text(en="ends", zh="ends")),
        Property("odd", Text(en="odd", zh="odd")),
        Property("bottom", Text(en="bottom", zh="bottom")),
        Property("chosen", Text(en="chosen", zh="chosen")),
        Property("x", Text(en="x is left as it was", zh="x 保持原样"), only_with="column"),
        Property(
            "views", Text(en="the first five follow when x is changed", zh="x 改变时，前五项跟着变"), only_with="column"
        ),
        Property("copy", Text(en="chosen does not follow", zh="chosen 不跟着变"), only_with="chosen"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which entry is the first that differs? Write down its shape, then which rows and which columns it takes.",
            zh="最先不同的是哪一项？写下它的形状，再写它取了哪些行、哪些列。",
        ),
        neighbour=Text(
            en="m = [[1, 2, 3], [4, 5, 6]]: m[0] is [1, 2, 3]; m[:, 0] is [1, 4]; m[:, 0:1] is [[1], [4]]; m[:, -2:] is [[2, 3], [5, 6]]; m[[1, 1]] is a copy of the second row, "
            "twice.",
            zh="m = [[1, 2, 3], [4, 5, 6]]：m[0] 是 [1, 2, 3]；m[:, 0] 是 [1, 4]；m[:, 0:1] 是 [[1], [4]]；m[:, -2:] 是 [[2, 3], [5, 6]]；m[[1, 1]] 是第二行的两份副本。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
