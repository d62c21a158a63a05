"""Exercise 10.5: average pooling to a size that is asked for, where it does not divide the picture's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for a size that divides, for one number, for two that do not divide, and for a larger picture."""
    x = case["x"]
    for name in ("divides", "global", "uneven", "larger"):
        yield name, [ns["adaptive_avg_pool"](x, tuple(size)) for size in case[name]]


_CASES = (
    Case(
        "small",
        Text(en="one picture of 4 by 6", zh="一幅 4 乘 6 的图像"),
        {
            "x": [[[[float((7 * i + 5 * j * j) % 23) for j in range(6)] for i in range(4)]]],
            "divides": [[2, 3], [4, 2]],
            "global": [[1, 1]],
            "uneven": [[3, 4], [3, 5]],
            "larger": [[5, 9]],
        },
    ),
    Case(
        "channels",
        Text(en="two pictures of 7 by 5, two channels", zh="两幅 7 乘 5 的图像，两个通道"),
        {
            "x": np.round(np.random.default_rng(31).uniform(-5, 5, (2, 2, 7, 5)), 1).tolist(),
            "divides": [[7, 5], [1, 5]],
            "global": [[1, 1]],
            "uneven": [[3, 2], [4, 3]],
            "larger": [[9, 8]],
        },
    ),
)


def _as_tensors(case: Case) -> Case:
    import torch

    return Case(case.name, case.label, {**case.inputs, "x": torch.tensor(case.inputs["x"], dtype=torch.float64)})


PUBLIC = tuple(_as_tensors(case) for case in _CASES)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Asymmetric shapes, not contiguous, float32."""
    import torch

    wide = torch.from_numpy(rng.standard_normal((1, 3, 5, 26)))[..., ::2]
    tall = torch.from_numpy(rng.standard_normal((3, 1, 11, 4))).float()
    return [
        Case(
            "wide",
            Text(en="one wide picture, not contiguous", zh="一幅宽图像，内存不连续"),
            {"x": wide, "divides": [[5, 13], [5, 1]], "global": [[1, 1]], "uneven": [[2, 5], [3, 6], [4, 10]], "larger": [[8, 17]]},
        ),
        Case(
            "tall",
            Text(en="tall pictures, float32", zh="高图像，float32"),
            {"x": tall, "divides": [[11, 2], [1, 4]], "global": [[1, 1]], "uneven": [[7, 3], [2, 3], [10, 3]], "larger": [[13, 6]]},
        ),
    ]  # fmt: skip


_SHARE = Text(
    en="A tape of 5 cells for 2 people: each one's share is 2.5 cells. Person 0 goes from 0 to 2.5, person 1 from 2.5 to 5. Cells are not cut: each one gets every cell that "
    "the share touches, 0 1 2 and 2 3 4. The starts are rounded down (2.5 to 2), the ends up (2.5 to 3), and cell 2 belongs to both.",
    zh="5 格的带子分给 2 个人：每人 2.5 格。0 号从 0 到 2.5，1 号从 2.5 到 5。格子不切开：份额碰到的格子都归他，即 0 1 2 和 2 3 4。起点向下取整（2.5 到 2），终点向上取整（2.5 到 3），"
    "第 2 格两人都有。",
)
_DRAW = Text(
    en="Draw 5 cells and the borders of 3 equal shares. Which cells does each share touch, and which ones does your window take?",
    zh="画出 5 个格子，再画出 3 等份的分界线。每一份碰到哪些格子？你的窗口取了哪些？",
)

WRONG = (
    Wrong(
        "equal-windows",
        Text(en="all windows are equally long, and the rest is dropped", zh="所有窗口一样长，剩余的丢掉"),
        source='''def adaptive_avg_pool(x, size):
    rows, cols = size
    kh, kw = max(x.shape[2] // rows, 1), max(x.shape[3] // cols, 1)
    out = x.new_zeros(*x.shape[:2], rows, cols)
    for i in range(rows):
        for j in range(cols):
            top, left = min(i * kh, x.shape[2] - kh), min(j * kw, x.shape[3] - kw)
            out[:, :, i, j] = x[:, :, top:top + kh, left:left + kw].mean(dim=(2, 3))
    return out
''',
        hint=Hint(question=_DRAW, neighbour=_SHARE),
    ),
    Wrong(
        "fixed-stride-formula",
        Text(en="avg_pool2d with a stride and a size worked out from the whole", zh="用算出来的固定步幅和大小去做 avg_pool2d"),
        source='''def adaptive_avg_pool(x, size):
    steps = [max(have // want, 1) for have, want in zip(x.shape[2:], size)]
    kernel = [max(have - (want - 1) * step, 1) for have, want, step in zip(x.shape[2:], size, steps)]
    return torch.nn.functional.avg_pool2d(x, kernel, steps)
''',
        hint=Hint(
            question=Text(
                en="Must all windows have the same length? Draw 5 cells for 3 shares: how long does each become?",
                zh="所有窗口必须一样长吗？画出 5 个格子分成 3 份：每份各有多长？",
            ),
            neighbour=_SHARE,
        ),
    ),
    Wrong(
        "floor-and-ceil-swapped",
        Text(en="starts rounded up and ends rounded down", zh="起点向上取整，终点向下取整"),
        source='''def adaptive_avg_pool(x, size):
    rows, cols = size
    height, width = x.shape[2:]
    out = x.new_zeros(*x.shape[:2], rows, cols)
    for i in range(rows):
        top, bottom = math.ceil(i * height / rows), math.floor((i + 1) * height / rows)
        for j in range(cols):
            left, right = math.ceil(j * width / cols), math.floor((j + 1) * width / cols)
            out[:, :, i, j] = x[:, :, top:bottom, left:right].mean(dim=(2, 3))
    return out
''',
        hint=Hint(
            question=Text(
                en="A share that begins in the middle of a cell: is that cell in or out? In which direction must its start be rounded to keep it in?",
                zh="某一份从格子的中间开始：这个格子算不算在内？要把它算进来，起点该往哪边取整？",
            ),
            neighbour=_SHARE,
        ),
    ),
    Wrong(
        "ends-rounded-down",
        Text(en="the ends are rounded down: a cell at the edge of a share is dropped", zh="终点也向下取整：份额边缘的格子丢了"),
        edits=(
            ("bottom = math.ceil((i + 1) * height / rows)", "bottom = max((i + 1) * height // rows, top + 1)"),
            ("right = math.ceil((j + 1) * width / cols)", "right = max((j + 1) * width // cols, left + 1)"),
        ),
        hint=Hint(
            question=Text(
                en="Try a ragged size, 5 cells for 2: which cell is in the first share by half, and does your first window have it?",
                zh="试试除不尽的情形，5 格分 2 份：哪个格子有一半属于第一份？你的第一个窗口里有它吗？",
            ),
            neighbour=_SHARE,
        ),
    ),
    Wrong(
        "interpolates",
        Text(en="interpolates between dots instead of averaging windows", zh="在点之间插值，而不是对窗口求平均"),
        source='''def adaptive_avg_pool(x, size):
    return torch.nn.functional.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
''',
        hint=Hint(
            question=Text(
                en="Change one dot of x by 1. Does your output change, for every dot? In an average of windows no dot is left out.",
                zh="把 x 的一个点改动 1，输出变了吗？每个点都如此吗？按窗口求平均，不会漏掉任何一个点。",
            ),
            neighbour=Text(
                en="[0, 0, 90, 0, 0, 0] to 2 numbers: the windows' means are 30 and 0. Interpolating at two middles reads only the neighbours of these middles, cells 1 and 4 alone: "
                "0 and 0, and the 90 is gone.",
                zh="[0, 0, 90, 0, 0, 0] 变成 2 个数：窗口的平均是 30 和 0。在两个中点插值只读中点附近的格子，这里只有第 1 格和第 4 格：0 和 0，90 就不见了。",
            ),
        ),
    ),
    Wrong(
        "overlap-weighted",
        Text(en="cells on a border count by the part that lies inside", zh="跨界的格子只按落在里面的比例计算"),
        source='''def adaptive_avg_pool(x, size):
    def shares(have, want):
        low, high = torch.arange(want)[:, None] * have / want, (torch.arange(want)[:, None] + 1) * have / want
        cells = torch.arange(have)
        inside = (torch.minimum(high, cells + 1) - torch.maximum(low, cells)).clamp(min=0).to(x.dtype)
        return inside / inside.sum(1, keepdim=True)
    return shares(x.shape[2], size[0]) @ x @ shares(x.shape[3], size[1]).T
''',
        hint=Hint(
            question=Text(
                en="Does a cell that is in a window by half count by half, by the card's rule, or fully?",
                zh="按任务卡的规则，只有一半在窗口里的格子，是算一半，还是整个都算？",
            ),
            neighbour=_SHARE,
        ),
    ),
    Wrong(
        "rows-and-columns-swapped",
        Text(en="the size is read as columns, rows", zh="把大小当成了（列，行）"),
        edits=(("rows, cols = size", "cols, rows = size"),),
        hint=Hint(
            question=Text(
                en="Ask for (2, 3) and print the shape. Which of the two numbers is the height?",
                zh="要求 (2, 3)，打印形状。两个数中哪个是高？",
            ),
            neighbour=Text(
                en="A matrix [2, 3] has 2 rows and 3 columns: height first. A screen of '1920 by 1080' is told the other way round, width first, and its tensor is [1080, 1920].",
                zh="矩阵 [2, 3] 有 2 行 3 列：先高后宽。屏幕说“1920 乘 1080”则是先宽后高，它的张量是 [1080, 1920]。",
            ),
        ),
    ),
    Wrong(
        "sum",
        Text(en="the windows are summed", zh="对窗口求了和"),
        edits=((".mean(dim=(2, 3))", ".sum(dim=(2, 3))"),),
        hint=Hint(
            question=Text(
                en="A picture of nothing but 1: which numbers should come out, and which do?",
                zh="一幅全是 1 的图像：应该得到什么数？你得到什么数？",
            ),
            neighbour=Text(
                en="Marks [2, 4] and [3, 3, 6]: the averages are 3 and 4. The sums 6 and 12 depend on how many tests there were.",
                zh="成绩 [2, 4] 和 [3, 3, 6]：平均是 3 和 4。和 6 与 12 则取决于考了几次。",
            ),
        ),
    ),
    Wrong(
        "maximum",
        Text(en="the maximum of each window", zh="取了窗口的最大值"),
        edits=((".mean(dim=(2, 3))", ".amax(dim=(2, 3))"),),
        hint=Hint(
            question=Text(
                en="Which of the two poolings is this exercise about? What is the average of [0, 0, 6]?",
                zh="这道题做的是哪种池化？[0, 0, 6] 的平均是多少？",
            ),
            neighbour=Text(
                en="Three days of 10, 20 and 30 degrees: average 20, maximum 30. AdaptiveMaxPool2d exists, too.",
                zh="三天的气温是 10、20、30 度：平均 20，最高 30。AdaptiveMaxPool2d 也是有的。",
            ),
        ),
    ),
    Wrong(
        "channels-averaged",
        Text(en="the channels are averaged as well", zh="连通道也一起平均了"),
        edits=((".mean(dim=(2, 3))", ".mean(dim=(1, 2, 3))[:, None]"),),
        hint=Hint(
            question=Text(
                en="Over which axes may the mean run? Do two channels of your output still differ?",
                zh="平均可以跑遍哪几维？你输出的两个通道还有区别吗？",
            ),
            neighbour=Text(
                en="Mean of each row of [[1, 3], [10, 20]]: 2 and 15. Over both axes it is 8.5, and the rows can no longer be told apart.",
                zh="[[1, 3], [10, 20]] 各行的平均：2 和 15。两维一起平均是 8.5，两行就分不出来了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "built-in",
        '''def adaptive_avg_pool(x, size):
    """PyTorch's own."""
    return torch.nn.functional.adaptive_avg_pool2d(x, size)
''',
    ),
    Right(
        "two-matrices",
        '''def adaptive_avg_pool(x, size):
    """One averaging matrix for the rows and one for the columns."""
    def averaging(have, want):
        matrix = x.new_zeros(want, have)
        for k in range(want):
            touched = [cell for cell in range(have) if cell * want < (k + 1) * have and (cell + 1) * want > k * have]
            matrix[k, touched] = 1 / len(touched)
        return matrix
    return averaging(x.shape[2], size[0]) @ x @ averaging(x.shape[3], size[1]).T
''',
    ),
    Right(
        "one-axis-after-the-other",
        '''def adaptive_avg_pool(x, size):
    """Rows first, then columns, with whole numbers only."""
    for axis, want in zip((2, 3), size):
        have = x.shape[axis]
        parts = []
        for k in range(want):
            start = k * have // want
            stop = -(-(k + 1) * have // want)
            parts.append(x.narrow(axis, start, stop - start).mean(axis))
        x = torch.stack(parts, axis)
    return x
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "output-on-cpu",
        Text(en="the means are collected on the CPU", zh="把平均值收集到了 CPU 上"),
        edits=(("out = x.new_zeros(*x.shape[:2], rows, cols)", "out = torch.zeros(*x.shape[:2], rows, cols, dtype=x.dtype)"),),
        hint=Hint(
            question=Text(en="In a network this layer stands before a linear one. What will that say to a tensor on the CPU?", zh="在网络里，这一层后面是线性层。它收到 CPU 上的张量会怎么说？"),
            neighbour=Text(en="torch.empty(2, 3, dtype=t.dtype) follows t in the dtype alone; t.new_empty(2, 3) in both dtype and device.", zh="torch.empty(2, 3, dtype=t.dtype) 只在 dtype 上跟着 t；t.new_empty(2, 3) 则 dtype 和设备都跟着。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="10.5 Pooling to a given size", zh="10.5 池化到指定的大小"),
    properties=(
        Property("divides", Text(en="sizes that divide", zh="除得尽的大小")),
        Property("global", Text(en="one number for each channel", zh="每个通道一个数")),
        Property("uneven", Text(en="sizes that do not divide", zh="除不尽的大小"), points=2.0),
        Property("larger", Text(en="sizes larger than the picture", zh="比图像还大的大小")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=_DRAW,
        neighbour=_SHARE,
    ),
    device_wrong=DEVICE_WRONG,
)
