"""Exercise 3.2: squared distances between two sets of points, by broadcasting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the distances; for two inputs of different size, how many more operations the larger one took."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counter(TorchDispatchMode):
        count = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.count += 1
            return func(*args, **(kwargs or {}))

    if case["kind"] != "operations":
        yield case["kind"], ns["pairwise"](case["a"], case["b"])
        return
    counts = []
    for n, m, d in ((2, 3, 2), (5, 4, 3)):
        a, b = case["a"][:n, :d].clone(), case["b"][:m, :d].clone()
        with Counter() as counter:
            ns["pairwise"](a, b)
        counts.append(counter.count)
    yield "operations", counts[1] - counts[0]


def _case(name: str, label: Text, a: torch.Tensor, b: torch.Tensor, kind: str = "distances") -> Case:
    return Case(name, label, {"a": a, "b": b, "kind": kind})


def _points(*rows: list[float], dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(rows, dtype=dtype)


_SIZES = Text(
    en="(2, 3, 2) and then (5, 4, 3) for N, M, D: how many more operations?",
    zh="N、M、D 先取 (2, 3, 2)，再取 (5, 4, 3)：运算多了几次？",
)

PUBLIC = (
    _case(
        "two-one",
        Text(en="two points against one", zh="两个点对一个点"),
        _points([0.0, 0.0], [3.0, 4.0]),
        _points([1.0, 0.5]),
    ),
    _case(
        "square",
        Text(en="three against three, in three dimensions", zh="三维空间里，三个点对三个点"),
        _points([1.0, 2.0, -1.0], [0.5, -2.0, 3.0], [4.0, 1.0, 0.0]),
        _points([2.0, 0.0, 1.0], [-1.0, 3.0, 0.5], [1.0, 2.0, -1.0]),
    ),
    _case(
        "oblong",
        Text(en="two against four, in three dimensions", zh="三维空间里，两个点对四个点"),
        _points([1.0, -2.0, 0.5], [3.0, 1.0, 2.0]),
        _points([0.0, 1.0, 1.0], [2.5, -1.0, 4.0], [1.0, 1.0, -1.0], [-3.0, 0.5, 2.0]),
    ),
    _case(
        "far",
        Text(en="points near 10000, float32", zh="10000 附近的点，float32"),
        _points([10000.0, 9999.0], [10002.0, 10001.0], dtype=torch.float32),
        _points([10001.0, 10000.0], [10002.0, 9998.0], [9999.0, 9999.0], dtype=torch.float32),
        "far",
    ),
    _case(
        "operations",
        _SIZES,
        torch.arange(15, dtype=torch.float64).reshape(5, 3),
        torch.arange(12, dtype=torch.float64).reshape(4, 3) * 0.5 - 2,
        "operations",
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, one point, one coordinate, other layouts, float32, far away."""

    def draw(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal(shape))

    cases = []
    for n, m, d in ((4, 7, 3), (1, 5, 2), (6, 1, 4), (3, 2, 1), (30, 28, 5), (1, 1, 1)):
        label = Text(en=f"N, M, D = {n}, {m}, {d}", zh=f"N、M、D = {n}、{m}、{d}")
        cases.append(_case(f"random-{n}-{m}-{d}", label, draw(n, d), draw(m, d)))
    not_contiguous = Text(en="inputs that are not contiguous", zh="不连续的输入")
    cases.append(_case("layout", not_contiguous, draw(3, 5).T, draw(4, 6)[:, ::2]))
    cases.append(
        _case(
            "float32",
            Text(en="float32, sizes 5, 3, 4", zh="float32，各维大小 5、3、4"),
            draw(5, 4).float(),
            draw(3, 4).float(),
        )
    )
    # Whole numbers: every step of the plain formula is exact in float32.
    far = [torch.from_numpy(20000.0 + rng.integers(-9, 10, (size, 3))).float() for size in (4, 3)]
    cases.append(
        _case("far-away", Text(en="points near 20000, float32", zh="20000 附近的点，float32"), far[0], far[1], "far")
    )
    cases.append(_case("count", _SIZES, draw(5, 3), draw(4, 3), "operations"))
    return cases


_LOOP_HINT = Hint(
    question=Text(
        en="How many tensor operations does your function start for 5 points, and how many for 5000? Which axis could do the work of "
        "the loop?",
        zh="5 个点时，你的函数要启动多少次张量运算？5000 个点呢？哪一维可以替循环干活？",
    ),
    neighbour=Text(
        en="A table of sums of [1, 2, 3] and [10, 20]: with loops, six additions of one number each. As a column [[1], [2], [3]] "
        "plus a row [10, 20] it is one operation and gives [[11, 21], [12, 22], [13, 23]].",
        zh="[1, 2, 3] 与 [10, 20] 两两之和的表：用循环，要做六次一个数的加法。写成一列 [[1], [2], [3]] 加一行 [10, 20]，"
        "只是一次运算，得到 [[11, 21], [12, 22], [13, 23]]。",
    ),
)

_AXIS_HINT = Hint(
    question=Text(
        en="Before the sum there is a tensor of three axes. Give each a name. Which of them must be gone at the end?",
        zh="求和之前是一个三维的张量。给每一维起个名字。最后应当消失的是哪一维？",
    ),
    neighbour=Text(
        en="sales[shop, week, item] of shape [2, 4, 3]; wanted: [shop, item], the total over the weeks. The axis that goes is "
        "number 1, so sum(dim=1) and the shape [2, 3]. With [3, 3, 3] every choice would have the right shape.",
        zh="sales[店, 周, 商品] 的形状是 [2, 4, 3]，要的是 [店, 商品]，即各周的总和。消失的是第 1 维，所以用 sum(dim=1)，形状 [2, 3]。"
        "如果是 [3, 3, 3]，选哪一维形状都对。",
    ),
)

WRONG = (
    Wrong(
        "no-new-axis",
        Text(
            en="a - b without a new axis: point 0 against point 0 only",
            zh="a - b，没有加新维：第 0 个点只和第 0 个点相比",
        ),
        edits=(("a.unsqueeze(1) - b ", "a - b "), ("sum(dim=2)", "sum(dim=-1)")),
        hint=Hint(
            question=Text(
                en="Write [N, D] and [M, D] one below the other, aligned on the right. Which sizes meet? Where should N and M "
                "stand so that they do not meet?",
                zh="把 [N, D] 和 [M, D] 靠右对齐，上下写好。哪些大小碰到了一起？N 和 M 要放在哪里，才不会相碰？",
            ),
            neighbour=Text(
                en="u of shape [3] and v of shape [2]: u - v fails. u[:, None] is [3, 1]; against [2] it gives [3, 2], and the entry "
                "[i, j] is u[i] - v[j]. For u = [5, 6, 7], v = [1, 2] that is [[4, 3], [5, 4], [6, 5]].",
                zh="u 的形状是 [3]，v 是 [2]：u - v 报错。u[:, None] 是 [3, 1]，与 [2] 相减得到 [3, 2]，元素 [i, j] 就是 u[i] - v[j]。"
                "u = [5, 6, 7]、v = [1, 2] 时，得到 [[4, 3], [5, 4], [6, 5]]。",
            ),
        ),
    ),
    Wrong(
        "sums-over-b",
        Text(en="the sum runs over the points of b", zh="对 b 的各点求了和"),
        edits=(("sum(dim=2)", "sum(dim=1)"),),
        hint=_AXIS_HINT,
    ),
    Wrong(
        "sums-over-a",
        Text(en="the sum runs over the points of a", zh="对 a 的各点求了和"),
        edits=(("sum(dim=2)", "sum(dim=0)"),),
        hint=_AXIS_HINT,
    ),
    Wrong(
        "transposed",
        Text(en="the result is [M, N]: the new axis is in b", zh="结果成了 [M, N]：新维加在了 b 上"),
        edits=(("a.unsqueeze(1) - b ", "a - b.unsqueeze(1) "),),
        hint=Hint(
            question=Text(
                en="Which point does row 0 of your result belong to: the first of a, or the first of b?",
                zh="你的结果的第 0 行属于哪个点：a 的第一个，还是 b 的第一个？",
            ),
            neighbour=Text(
                en="u = [1, 2, 3], v = [10, 20]. u[:, None] * v is [3, 2]: a row for each entry of u. u * v[:, None] is [2, 3]: a row "
                "for each entry of v. The axis that got the partner of size 1 on its right comes first.",
                zh="u = [1, 2, 3]，v = [10, 20]。u[:, None] * v 是 [3, 2]：u 的每个元素一行。u * v[:, None] 是 [2, 3]：v 的每个元素一行。"
                "谁的右边添了大小为 1 的维，谁就排在前面。",
            ),
        ),
    ),
    Wrong(
        "square-root",
        Text(en="the distance instead of its square", zh="算的是距离，而不是距离的平方"),
        edits=(("return difference.square().sum(dim=2) ", "return difference.square().sum(dim=2).sqrt() "),),
        hint=Hint(
            question=Text(
                en="What does the formula on the card end with? And what is the slope of the square root at 0, where a point meets "
                "itself?",
                zh="卡片上的公式最后一步是什么？一个点碰上它自己时，平方根在 0 处的斜率是多少？",
            ),
            neighbour=Text(
                en="From (0, 0) to (6, 8): the squared distance is 36 + 64 = 100, the distance 10. At sqrt(0.0001) = 0.01 the slope is "
                "1 / (2 * 0.01) = 50, and at 0 it is infinite. The square has the slope 0 there.",
                zh="从 (0, 0) 到 (6, 8)：距离的平方是 36 + 64 = 100，距离是 10。sqrt(0.0001) = 0.01 处的斜率是 1 / (2 * 0.01) = 50，"
                "在 0 处则是无穷大。距离的平方在那里斜率是 0。",
            ),
        ),
    ),
    Wrong(
        "mean",
        Text(en="the mean over the coordinates instead of the sum", zh="对坐标求了平均，而不是求和"),
        edits=(("difference.square().sum(dim=2)", "difference.square().mean(dim=2)"),),
        hint=Hint(
            question=Text(
                en="By which factor are your numbers too small? Does it depend on D?",
                zh="你的数小了几倍？这个倍数与 D 有关吗？",
            ),
            neighbour=Text(
                en="Differences 1, 2, 2: the sum of squares is 9 and the distance 3. The mean of squares is 3, which is the squared "
                "length of no line in that picture.",
                zh="差为 1、2、2：平方和是 9，距离是 3。平方的平均值是 3，它不是图上任何一段长度的平方。",
            ),
        ),
    ),
    Wrong(
        "absolute",
        Text(en="absolute differences instead of squares", zh="用了差的绝对值，而不是平方"),
        edits=(("difference.square().sum(dim=2)", "difference.abs().sum(dim=2)"),),
        hint=Hint(
            question=Text(
                en="What happens to each difference in the formula before the sum?",
                zh="公式里，每个差在求和之前要做什么？",
            ),
            neighbour=Text(
                en="From (0, 0) to (3, 4) a taxi in a city of square blocks drives 3 + 4 = 7, a bird flies the root of "
                "9 + 16 = 25. Two different distances.",
                zh="从 (0, 0) 到 (3, 4)：在方格状的街道上，出租车要开 3 + 4 = 7；鸟飞过去，是 9 + 16 = 25 的平方根。这是两种不同的距离。",
            ),
        ),
    ),
    Wrong(
        "products",
        Text(en="the table of products a @ b.T: how alike, not how far", zh="乘积表 a @ b.T：说的是多相似，不是多远"),
        source='''def pairwise(a, b):
    """All against all, by a product."""
    return a @ b.T
''',
        hint=Hint(
            question=Text(
                en="What should the result be where a point of a equals a point of b? What is yours?",
                zh="a 的某个点与 b 的某个点相同时，结果应当是多少？你的是多少？",
            ),
            neighbour=Text(
                en="5 and 5: the distance is 0, the product 25. 5 and -5: the distance is 10, the product -25. A product grows as things "
                "agree, a distance shrinks.",
                zh="5 和 5：距离是 0，乘积是 25。5 和 -5：距离是 10，乘积是 -25。越一致，乘积越大，距离越小。",
            ),
        ),
    ),
    Wrong(
        "loop-over-points",
        Text(en="two Python loops over the points", zh="用两层 Python 循环遍历各点"),
        source='''def pairwise(a, b):
    """One pair at a time."""
    result = torch.zeros(len(a), len(b), dtype=a.dtype)
    for n in range(len(a)):
        for m in range(len(b)):
            result[n, m] = ((a[n] - b[m]) ** 2).sum()
    return result
''',
        hint=_LOOP_HINT,
    ),
    Wrong(
        "loop-over-coordinates",
        Text(en="a Python loop over the coordinates", zh="用 Python 循环遍历各坐标"),
        source='''def pairwise(a, b):
    """One coordinate at a time."""
    return sum((a[:, d, None] - b[:, d]) ** 2 for d in range(a.shape[1]))
''',
        hint=_LOOP_HINT,
    ),
    Wrong(
        "expanded-square",
        Text(en="a² + b² - 2ab: small differences drown in large squares", zh="a² + b² - 2ab：小的差淹没在大的平方里"),
        source='''def pairwise(a, b):
    """The square multiplied out."""
    return a.square().sum(1, keepdim=True) + b.square().sum(1) - 2 * a @ b.T
''',
        hint=Hint(
            question=Text(
                en="float32 holds about 7 digits. How many has 10000 squared, and which of them are left after the subtraction?",
                zh="float32 大约有 7 位有效数字。10000 的平方有几位？相减之后还剩下哪几位？",
            ),
            neighbour=Text(
                en="With 3 digits only: 101 - 100 = 1, squared 1. Multiplied out: 101 * 101 = 10201, kept as 10200; 2 * 101 * 100 = "
                "20200; 100 * 100 = 10000; 10200 - 20200 + 10000 = 0. Subtract first, while the numbers are small.",
                zh="假如只有 3 位有效数字：101 - 100 = 1，平方得 1。若展开来算：101 * 101 = 10201，只能记成 10200；2 * 101 * 100 = 20200；"
                "100 * 100 = 10000；10200 - 20200 + 10000 = 0。应当先相减，趁数还小。",
            ),
        ),
    ),
    Wrong(
        "wider-dtype",
        Text(en="the result is float64 whatever comes in", zh="不管输入是什么，结果都是 float64"),
        edits=(("a.unsqueeze(1) - b ", "a.double().unsqueeze(1) - b "),),
        hint=Hint(
            question=Text(
                en="Print the dtype of a and of your result. Who turned float32 into float64?",
                zh="打印 a 的 dtype 和结果的 dtype。是谁把 float32 变成了 float64？",
            ),
            neighbour=Text(
                en="torch.ones(2) * torch.ones(2, dtype=torch.float64) is float64: the wider one wins. A layer with float32 weights "
                "that receives it stops with an error about dtypes.",
                zh="torch.ones(2) * torch.ones(2, dtype=torch.float64) 是 float64：宽的一方胜出。权重为 float32 的层收到它，就会因 dtype 不符而报错。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "none-and-power",
        '''def pairwise(a, b):
    """Both new axes written out."""
    return ((a[:, None, :] - b[None, :, :]) ** 2).sum(-1)
''',
    ),
    Right(
        "einsum-of-differences",
        '''def pairwise(a, b):
    """The squares and their sum in one einsum."""
    n, d = a.shape
    gap = b.expand(n, *b.shape) - a.reshape(n, 1, d)
    return torch.einsum("nmd,nmd->nm", gap, gap)
''',
    ),
    Right(
        "cdist-without-products",
        '''def pairwise(a, b):
    """The library's own, told not to multiply out."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist") ** 2
''',
    ),
    Right(
        "vmap",
        '''def pairwise(a, b):
    """Written for one point, mapped over all."""
    return torch.vmap(lambda point: (b - point).pow(2).sum(1))(a)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "filled-on-cpu",
        Text(en="the result is put into a tensor that was made on the CPU", zh="结果填进了一个在 CPU 上生成的张量"),
        edits=(("return difference.square().sum(dim=2)", "out = torch.empty(len(a), len(b), dtype=a.dtype)\n    out[:] = difference.square().sum(dim=2)\n    return out"),),
        hint=Hint(
            question=Text(en="Filling a CPU tensor with numbers from a GPU works: they are copied. Where does your result lie afterwards?", zh="把 GPU 上的数填进 CPU 上的张量是行得通的：它们会被复制过来。那么你的结果最后在哪里？"),
            neighbour=Text(en="out = torch.empty(4); out[:] = t with t on a GPU raises nothing, but out stays on the CPU and every row costs a copy. out = t.new_empty(4) keeps it where t is.", zh="t 在 GPU 上，out = torch.empty(4); out[:] = t 不会报错，但 out 一直在 CPU 上，而且每填一次就多一次拷贝。out = t.new_empty(4) 才会跟 t 在一起。"),
        ),
    ),
    Wrong(
        "summed-by-ones",
        Text(en="the coordinates are summed by a product with ones on the CPU", zh="用与 CPU 上的全 1 向量相乘来对坐标求和"),
        edits=(('difference.square().sum(dim=2)', 'difference.square() @ torch.ones(a.shape[1], dtype=a.dtype)'),),
        hint=Hint(
            question=Text(en="Which tensor in your last line comes from neither a nor b?", zh="你最后一行里，哪个张量既不来自 a，也不来自 b？"),
            neighbour=Text(en="Row means of t: t @ torch.full((5,), 0.2) needs a vector beside t, and finds one on the CPU. t.mean(dim=1) needs none; t.new_full((5,), 0.2) would lie beside t.", zh="求 t 各行的平均：t @ torch.full((5,), 0.2) 需要一个在 t 旁边的向量，而它在 CPU 上。t.mean(dim=1) 根本不需要；t.new_full((5,), 0.2) 则会在 t 旁边。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="3.2 Everything against everything", zh="3.2 每一个对每一个"),
    properties=(
        Property("distances", Text(en="the squared distances", zh="距离的平方"), points=3.0),
        Property("far", Text(en="exact far from the origin, in float32", zh="离原点很远时也精确（float32）")),
        Property(
            "operations",
            Text(en="no more operations for larger inputs", zh="输入变大，运算次数不增加"),
            only_with="distances",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which shape has the tensor of all differences, one for every pair and every coordinate? Which shapes must a and b have "
            "to broadcast to it?",
            zh="每一对点、每个坐标各有一个差，装下它们的张量是什么形状？a 和 b 要变成什么形状，才能广播成它？",
        ),
        neighbour=Text(
            en="Differences of clock times: u = [8, 9], v = [10, 12, 15]. u as [2, 1] and v as [3] give [2, 3]: [[-2, -4, -7], "
            "[-1, -3, -6]]. For points there is one more axis on the right, which both share.",
            zh="钟点之差：u = [8, 9]，v = [10, 12, 15]。u 写成 [2, 1]，v 是 [3]，得到 [2, 3]：[[-2, -4, -7], [-1, -3, -6]]。"
            "换成点，右边就再多一维，两者共有。",
        ),
    ),
    survivors=(
        Survivor(
            "difference = a.unsqueeze(1) - b",
            "a.unsqueeze(1) - b -> b - a.unsqueeze(1)",
            "the difference is squared, so its sign does not matter, and the two broadcast to the same shape",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
