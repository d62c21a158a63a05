"""Exercise 8.2: log-softmax along any dimension, without overflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the values (of ordinary or of extreme logits), the gradient for a given upstream, and the input."""
    z = case["z"].clone().requires_grad_()
    out = ns["log_softmax"](z, case["dim"])
    yield ("extreme" if case["extreme"] else "values"), out
    out.backward(case["upstream"])
    yield "grad", z.grad
    yield "input", z


def _case(name: str, label: Text, z: Any, dim: int, upstream: Any, dtype: torch.dtype = torch.float64, extreme: bool = False) -> Case:  # fmt: skip
    z = torch.as_tensor(z).to(dtype)
    return Case(name, label, {"z": z, "dim": dim, "upstream": torch.as_tensor(upstream).to(dtype), "extreme": extreme})


PUBLIC = (
    _case("one-row", Text(en="one sample, three classes", zh="一个样本，三个类别"), [[0.0, 1.0, 2.0]], 1, [[1.0, -2.0, 0.5]]),
    _case("two-rows", Text(en="[2, 3], dim=1", zh="[2, 3]，dim=1"), [[0.0, 1.0, 3.0], [5.0, 4.0, -1.0]], 1, [[1.0, 0.0, 2.0], [0.5, -1.0, 1.0]]),
    _case("columns", Text(en="[2, 3], dim=0", zh="[2, 3]，dim=0"), [[0.0, 2.0, -1.0], [1.0, 0.5, 3.0]], 0, [[1.0, 2.0, 0.0], [0.0, -1.0, 1.5]]),
    _case("extreme", Text(en="logits of ±10⁴", zh="logits 为 ±10⁴"), [[1e4, 0.0], [-1e4, -1e4 + 1.0]], 1, [[1.0, 0.5], [2.0, -1.0]], extreme=True),
    _case("extreme-32", Text(en="logits of ±10⁴ in float32", zh="logits 为 ±10⁴，float32"), [[-1e4, 1e4, 0.0], [200.0, 0.0, 100.0]], 1, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.5]], torch.float32, extreme=True),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Three dimensions, negative dims, another memory layout, rows with very different levels."""
    cube = rng.standard_normal((2, 4, 3))
    levels = rng.standard_normal((3, 4)) + np.array([[1e4], [0.0], [-1e4]])
    return [
        _case("cube", Text(en="[2, 4, 3], dim=1", zh="[2, 4, 3]，dim=1"), cube, 1, rng.standard_normal(cube.shape)),
        _case("last", Text(en="[2, 4, 3], dim=-1", zh="[2, 4, 3]，dim=-1"), cube, -1, rng.standard_normal(cube.shape)),
        _case("vector", Text(en="[5], dim=0", zh="[5]，dim=0"), rng.standard_normal(5), 0, rng.standard_normal(5)),
        _case("layout", Text(en="[4, 3], transposed in memory", zh="[4, 3]，内存中是转置的"), torch.from_numpy(rng.standard_normal((3, 4))).t(), 1, rng.standard_normal((4, 3))),
        _case("levels", Text(en="rows at levels 10⁴, 0 and -10⁴", zh="三行的水平为 10⁴、0、-10⁴"), levels, 1, rng.standard_normal((3, 4)), extreme=True),
        _case("columns-extreme", Text(en="columns at levels 10⁴, 0 and -10⁴, dim=0", zh="三列的水平为 10⁴、0、-10⁴，dim=0"), levels.T.copy(), 0, rng.standard_normal((4, 3)), extreme=True),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "log-of-softmax",
        Text(en="the softmax first, its logarithm afterwards", zh="先做 softmax，再取对数"),
        edits=(("return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()", "return (shifted.exp() / shifted.exp().sum(dim=dim, keepdim=True)).log()"),),
        hint=Hint(
            question=Text(
                en="Take the logits [0, 1000]: what is the smaller probability as a float, and what is its logarithm?",
                zh="取 logits [0, 1000]：较小的概率用浮点数表示是多少？它的对数呢？",
            ),
            neighbour=Text(
                en="ln(a / b) = ln a - ln b. For a = e^-800, b = 1: e^-800 is 0 as a float and its logarithm -inf; on paper it is -800 - 0.",
                zh="ln(a / b) = ln a - ln b。取 a = e^-800，b = 1：e^-800 作为浮点数是 0，对数是 -inf；在纸上则是 -800 - 0。",
            ),
        ),
    ),
    Wrong(
        "no-shift",
        Text(en="the maximum is not subtracted", zh="没有减去最大值"),
        edits=(("shifted = z - z.amax(dim=dim, keepdim=True) ", "shifted = z "),),
        hint=Hint(
            question=Text(
                en="What is exp(1000) as a float? And exp(1000 - 1000)? Which numbers may be subtracted from all logits of a row?",
                zh="exp(1000) 用浮点数表示是多少？exp(1000 - 1000) 呢？一行的 logits 可以同时减去什么数？",
            ),
            neighbour=Text(
                en="Heights of three peaks above the sea or above the highest one: (8848, 8611, 8586) or (0, -237, -262). The differences are the same.",
                zh="三座山的高度，从海平面算起，或者从最高的一座算起：(8848, 8611, 8586) 或 (0, -237, -262)。差是一样的。",
            ),
        ),
    ),
    Wrong(
        "global-maximum",
        Text(en="one maximum for all rows", zh="所有行共用一个最大值"),
        edits=(("z.amax(dim=dim, keepdim=True) ", "z.max() "),),
        hint=Hint(
            question=Text(
                en="Row 1 lies at 10000 and row 2 at -10000. What is left of row 2 after your subtraction?",
                zh="第 1 行在 10000 上下，第 2 行在 -10000 上下。减去之后，第 2 行还剩什么？",
            ),
            neighbour=Text(
                en="Two classes with marks near 90 and near 10. Measured from the best of **both**, everybody in the second lies at -80; measured from the best of their own class, they lie at 0 and below.",
                zh="两个班，分数分别在 90 和 10 附近。从**两班**的最高分算起，第二班人人都在 -80；从本班最高分算起，则在 0 及以下。",
            ),
        ),
    ),
    Wrong(
        "dim-fixed",
        Text(en="always along the last dimension", zh="总是沿最后一维"),
        edits=(("z.amax(dim=dim, keepdim=True)", "z.amax(dim=-1, keepdim=True)"), ("sum(dim=dim, keepdim=True)", "sum(dim=-1, keepdim=True)")),
        hint=Hint(
            question=Text(en="Along which dimension should the exponentials sum to 1? Print exp of your result, summed over dim=0.", zh="沿哪一维取指数后的和应当为 1？打印你的结果取指数后对 dim=0 的和。"),
            neighbour=Text(en="A table of 2 rows and 3 columns: sum(dim=0) leaves 3 numbers, sum(dim=1) leaves 2. The named dimension is the one that vanishes.", zh="2 行 3 列的表：sum(dim=0) 剩 3 个数，sum(dim=1) 剩 2 个。写出的那一维就是消失的那一维。"),
        ),
    ),
    Wrong(
        "summed-over-everything",
        Text(en="the sum runs over all dimensions", zh="对所有维求了和"),
        edits=(("shifted.exp().sum(dim=dim, keepdim=True)", "shifted.exp().sum()"),),
        hint=Hint(
            question=Text(en="How many distributions are there in [2, 3] with dim=1? How many sums does your code make?", zh="[2, 3]、dim=1 时有几个分布？你的代码算了几个和？"),
            neighbour=Text(en="Two bills, each to be split among its own guests: one needs two totals, not one.", zh="两张账单，各由自己那桌人分摊：需要两个总数，而不是一个。"),
        ),
    ),
    Wrong(
        "softmax",
        Text(en="probabilities instead of their logarithms", zh="返回的是概率，不是对数概率"),
        edits=(("return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()", "return (shifted - shifted.exp().sum(dim=dim, keepdim=True).log()).exp()"),),
        hint=Hint(
            question=Text(en="Can a logarithm of a probability be above 0?", zh="概率的对数会大于 0 吗？"),
            neighbour=Text(en="The probability 0.25 has the logarithm -1.386; 1 has 0.", zh="概率 0.25 的对数是 -1.386；1 的对数是 0。"),
        ),
    ),
    Wrong(
        "maximum-lost",
        Text(en="the maximum is taken away in one term only", zh="只在一项里减去了最大值"),
        edits=(("return shifted -", "return z -"),),
        hint=Hint(
            question=Text(en="Do the exponentials of your result sum to 1? By what factor are they off?", zh="你的结果取指数后的和是 1 吗？差了多少倍？"),
            neighbour=Text(en="7 - 5 is the same as (7 - 4) - (5 - 4), but not as 7 - (5 - 4). What is moved must be moved on both sides.", zh="7 - 5 等于 (7 - 4) - (5 - 4)，但不等于 7 - (5 - 4)。要移，两边一起移。"),
        ),
    ),
    Wrong(
        "small-number-added",
        Text(en="a small number inside the logarithm hides the zeros", zh="在对数里加一个小数来掩盖零"),
        edits=(("return shifted - shifted.exp().sum(dim=dim, keepdim=True).log()", "return (shifted.exp() / shifted.exp().sum(dim=dim, keepdim=True) + 1e-12).log()"),),
        hint=Hint(
            question=Text(en="What does your function return for a class whose true log-probability is -10000?", zh="真正的对数概率是 -10000 的类别，你的函数返回什么？"),
            neighbour=Text(en="ln(1e-12) is -27.6. Whatever is smaller comes out as -27.6, with a slope of 0: -500 and -5000 look the same.", zh="ln(1e-12) 是 -27.6。再小的数都成了 -27.6，斜率为 0：-500 和 -5000 看起来一样。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "logsumexp",
        '''def log_softmax(z, dim):
    """With torch's logsumexp, which subtracts the maximum itself."""
    return z - torch.logsumexp(z, dim, keepdim=True)
''',
    ),
    Right(
        "moved-to-the-end",
        '''def log_softmax(z, dim):
    """Moves the dimension to the end and works on rows; the maximum carries no gradient, which changes nothing."""
    rows = z.movedim(dim, -1)
    top = rows.detach().max(-1, keepdim=True).values
    total = torch.log(torch.exp(rows - top).sum(-1, keepdim=True)) + top
    return (rows - total).movedim(-1, dim)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "maximum-by-numpy",
        Text(en="the maximum is found by NumPy", zh="用 NumPy 来找最大值"),
        edits=(("z.amax(dim=dim, keepdim=True)", "torch.from_numpy(z.detach().numpy().max(axis=dim, keepdims=True))"),),
        hint=Hint(
            question=Text(en="Which function of torch finds the maximum along a dimension and keeps the dimension?", zh="torch 的哪个函数能沿一维求最大值，同时保留这一维？"),
            neighbour=Text(en="np.argsort(t.numpy()) works on a laptop and raises a TypeError on a GPU; t.argsort() works on both, and its gradient, where there is one, is not lost.", zh="np.argsort(t.numpy()) 在笔记本电脑上没问题，到 GPU 上就抛出 TypeError；t.argsort() 两边都行，该有的梯度也不会丢。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="8.2 Log-softmax that survives", zh="8.2 经得起考验的 log-softmax"),
    properties=(
        Property("values", Text(en="the values", zh="函数值"), points=2.0),
        Property("extreme", Text(en="the values for extreme logits", zh="极端 logits 的函数值")),
        Property("grad", Text(en="the gradient", zh="梯度")),
        Property("input", Text(en="the logits are left as they were", zh="logits 保持原样"), only_with="values", points=0.5),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Compare with torch.log_softmax for [[0., 1., 2.]]. Is the difference the same for all entries, or not?",
            zh="对 [[0., 1., 2.]] 与 torch.log_softmax 比较。各元素的差都一样吗？",
        ),
        neighbour=Text(
            en="For the logits [3, 3]: the maximum is 3, what is left is [0, 0], the exponentials are [1, 1], the logarithm of their sum is ln 2 = 0.693, so the result is [-0.693, -0.693].",
            zh="logits 为 [3, 3]：最大值是 3，减去后是 [0, 0]，指数是 [1, 1]，和的对数是 ln 2 = 0.693，所以结果是 [-0.693, -0.693]。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)  # fmt: skip
