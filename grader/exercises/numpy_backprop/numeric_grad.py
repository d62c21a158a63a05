"""Exercise 1.3: numeric gradients by central differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``numeric_grad`` on the function that the case spells out; yields the gradient as the property that the
    case is for, then x as the call left it."""
    import numpy as np

    functions = {
        "x * x * x": lambda x: x * x * x,
        "x.T": lambda x: x.T,
        "(x * x).sum(axis=1)": lambda x: (x * x).sum(axis=1),
        "np.sin(x).sum()": lambda x: np.sin(x).sum(),
        "x @ matrix": lambda x: x @ case["matrix"],
        "x.ravel()[:-1] * x.ravel()[1:]": lambda x: x.ravel()[:-1] * x.ravel()[1:],
    }
    more = {"eps": case["eps"]} if "eps" in case else {}
    name = "float32" if case["x"].dtype == np.float32 else "view" if case["f"] == "x.T" else "gradient"
    yield name, ns["numeric_grad"](functions[case["f"]], case["x"], case["upstream"], **more)
    yield "x", case["x"]


def _case(name: str, label: Text, f: str, x: Any, upstream: Any, **more: Any) -> Case:
    return Case(name, label, {"f": f, "x": x, "upstream": upstream, **more})


PUBLIC = (
    _case(
        "cube",
        Text(en="x cubed, entry by entry, with the wide step eps = 0.5", zh="逐元素立方，步长取得很大：eps = 0.5"),
        "x * x * x",
        np.array([1.0, 2.0]),
        np.array([1.0, 10.0]),
        eps=0.5,
    ),
    _case(
        "neighbours",
        Text(en="products of neighbours, with the wide step eps = 0.5", zh="相邻元素之积，步长取得很大：eps = 0.5"),
        "x.ravel()[:-1] * x.ravel()[1:]",
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array([1.0, -2.0, 0.5]),
        eps=0.5,
    ),
    _case(
        "transpose",
        Text(en="x.T, a view of x and not a new array", zh="x.T：它是 x 的视图，不是新数组"),
        "x.T",
        np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]),
    ),
    _case(
        "float32",
        Text(en="x arrives as float32", zh="传入的 x 是 float32"),
        "(x * x).sum(axis=1)",
        np.array([[1.0, 2.5], [-3.0, 0.5]], dtype=np.float32),
        np.array([3.0, -1.0]),
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Functions that mix entries, three axes, one entry, other layouts, another step, a scalar result."""
    wide = rng.uniform(-2, 2, (4, 6))
    return [
        _case(
            "product",
            Text(en="a product with a matrix", zh="与矩阵相乘"),
            "x @ matrix",
            np.asfortranarray(rng.uniform(-2, 2, (3, 5))),
            rng.standard_normal((3, 2)),
            matrix=rng.standard_normal((5, 2)),
        ),
        _case(
            "neighbours",
            Text(en="products of neighbours", zh="相邻元素之积"),
            "x.ravel()[:-1] * x.ravel()[1:]",
            rng.uniform(-2, 2, (2, 1, 3)),
            rng.standard_normal(5),
        ),
        _case(
            "scalar",
            Text(en="a function whose value is one number", zh="函数值只是一个数"),
            "np.sin(x).sum()",
            wide[:, ::2],
            1.5,
        ),
        _case(
            "step",
            Text(en="another step", zh="另一个步长"),
            "x * x * x",
            rng.uniform(1, 2, (1, 1)),
            rng.uniform(1, 2, (1, 1)),
            eps=0.25,
        ),
        _case(
            "view",
            Text(en="a view, other sizes", zh="视图，其他形状"),
            "x.T",
            rng.uniform(-2, 2, (1, 4)),
            rng.standard_normal((4, 1)),
        ),
        _case(
            "float32",
            Text(en="float32, other sizes", zh="float32，其他形状"),
            "np.sin(x).sum()",
            rng.uniform(-2, 2, (5, 3)).astype(np.float32),
            -0.5,
        ),
    ]


WRONG = (
    Wrong(
        "one-sided",
        Text(en="a one-sided difference", zh="用了单侧差分"),
        edits=(
            ("minus = np.array(f(x))", "x[i] = kept; minus = np.array(f(x))"),
            ("/ (2 * eps)", "/ eps"),
        ),
        hint=Hint(
            question=Text(
                en="At which two points do you evaluate f, and does x lie in the middle between them?",
                zh="你在哪两个点上计算了 f？x 在它们的正中间吗？",
            ),
            neighbour=Text(
                en="x squared at 3 with step 1. To one side: 16 - 9 = 7. In the middle: (16 - 4) / 2 = 6, which is exact. "
                "The error to one side is the step itself; in the middle it cancels.",
                zh="x 的平方，在 3 处，步长 1。单侧：16 - 9 = 7。取中间：(16 - 4) / 2 = 6，分毫不差。单侧的误差正好是步长那么大，"
                "而中心差分里它抵消了。",
            ),
        ),
    ),
    Wrong(
        "divided-by-eps",
        Text(en="divided by eps although the two points are 2 eps apart", zh="两点相距 2 eps，却只除以了 eps"),
        edits=(("/ (2 * eps)", "/ eps"),),
        hint=Hint(
            question=Text(
                en="How far apart are your two points? A slope is rise over run: what is the run?",
                zh="你取的两个点相距多远？斜率等于“升高除以跨度”：跨度是多少？",
            ),
            neighbour=Text(
                en="A road climbs from 90 m at kilometre 4 to 110 m at kilometre 6. The slope at kilometre 5 is "
                "20 m / 2 km = 10 m per km. Dividing by the 1 km from the middle to one end would give 20.",
                zh="一条路在 4 公里处高 90 米，在 6 公里处高 110 米。5 公里处的坡度是 20 米 / 2 公里 = 每公里 10 米。"
                "若除以中点到一端的 1 公里，就会得到 20。",
            ),
        ),
    ),
    Wrong(
        "step-too-small",
        Text(en="a step of 1e-12, so that rounding drowns the difference", zh="步长取 1e-12，差值被舍入误差淹没"),
        edits=(("x = np.array(x, dtype=np.float64)", "x = np.array(x, dtype=np.float64); eps = 1e-12"),),
        hint=Hint(
            question=Text(
                en="How many correct digits are left in f(x + eps) - f(x - eps) when eps is tiny? Look again at the "
                "figure with the V.",
                zh="eps 极小时，f(x + eps) - f(x - eps) 里还剩几位正确数字？再看看那张 V 形的图。",
            ),
            neighbour=Text(
                en="A scale shows whole grams. To weigh a stamp, weigh a lorry with and without it: 9000000 - 9000000 "
                "= 0. A smaller difference of large numbers is not a better one. float64 keeps 16 digits; of "
                "1.000000000001 - 1 only four of them are left.",
                zh="一台秤只显示整克。想称一枚邮票，就把贴与不贴邮票的卡车各称一次：9000000 - 9000000 = 0。两个大数之差并不是越小越好。"
                "float64 有 16 位有效数字，1.000000000001 - 1 里只剩下 4 位。",
            ),
        ),
    ),
    Wrong(
        "eps-ignored",
        Text(en="a fixed step instead of the argument eps", zh="用了固定步长，没有用参数 eps"),
        edits=(("x = np.array(x, dtype=np.float64)", "x = np.array(x, dtype=np.float64); eps = 1e-5"),),
        hint=Hint(
            question=Text(
                en="Call your function with eps=0.5 and with eps=1e-5. Should the results for x cubed differ? Do they?",
                zh="分别用 eps=0.5 和 eps=1e-5 调用你的函数。对立方函数，结果应该不同吗？实际不同吗？",
            ),
            neighbour=Text(
                en="For t to the fourth at t = 1 with step 0.5: (1.5**4 - 0.5**4) / 1 = 5.0625 - 0.0625 = 5. With step "
                "0.1: (1.4641 - 0.6561) / 0.2 = 4.04. The true slope is 4. The step is part of the answer, so the caller's "
                "step must be used.",
                zh="t 的四次方，在 t = 1，步长 0.5：(1.5**4 - 0.5**4) / 1 = 5.0625 - 0.0625 = 5。步长 0.1：(1.4641 - 0.6561) / 0.2 = 4.04。"
                "真正的斜率是 4。步长会影响答案，所以必须用调用者给的步长。",
            ),
        ),
    ),
    Wrong(
        "keeps-float32",
        Text(en="computes in the dtype of x", zh="用 x 自己的 dtype 计算"),
        edits=(("x = np.array(x, dtype=np.float64)", "x = np.array(x)"),),
        hint=Hint(
            question=Text(
                en="Print x.dtype inside your function. How many digits has a float32, and what is left of a step of 1e-5?",
                zh="在函数里打印 x.dtype。float32 有几位有效数字？1e-5 的步长还剩下多少？",
            ),
            neighbour=Text(
                en="float32 keeps about 7 digits: 1000 + 0.00001 is 1000 again. The difference quotient of the identity at "
                "1000 is then (1000 - 1000) / 0.00002 = 0 instead of 1. In float64 with its 16 digits it is 1.0000000 "
                "to eight digits.",
                zh="float32 约有 7 位有效数字：1000 + 0.00001 还是 1000。于是恒等函数在 1000 处的差商是 (1000 - 1000) / 0.00002 = 0，"
                "而不是 1。用有 16 位数字的 float64，则能算到 1.0000000，有八位数字可靠。",
            ),
        ),
    ),
    Wrong(
        "not-restored",
        Text(en="an entry is not put back before the next one is moved", zh="移动下一个元素前，没有把上一个元素恢复"),
        edits=(("x[i] = kept  # put", "# put"),),
        hint=Hint(
            question=Text(
                en="When you come to the second entry, where is the first one: at its old value, or still moved?",
                zh="轮到第二个元素时，第一个元素在哪里：回到原值了，还是仍停在移动后的位置？",
            ),
            neighbour=Text(
                en="z = a*b at a = 1, b = 2, step 0.5. For a: (1.5*2 - 0.5*2) / 1 = 2. Forget to put a back from 0.5, and for "
                "b you get (0.5*2.5 - 0.5*1.5) / 1 = 0.5 instead of 1.",
                zh="z = a*b，a = 1，b = 2，步长 0.5。对 a：(1.5*2 - 0.5*2) / 1 = 2。若忘了把 a 从 0.5 恢复，对 b 就得到 "
                "(0.5*2.5 - 0.5*1.5) / 1 = 0.5，而不是 1。",
            ),
        ),
    ),
    Wrong(
        "changes-callers-x",
        Text(en="the caller's x is moved and not put back", zh="改动了调用者的 x，而且没有恢复"),
        edits=(
            ("x = np.array(x, dtype=np.float64)", "x = np.asarray(x, dtype=np.float64)"),
            ("x[i] = kept  # put", "# put"),
        ),
        hint=Hint(
            question=Text(
                en="Print x before and after the call. Whose array does your function write into?",
                zh="在调用前后各打印一次 x。你的函数写入的是谁的数组？",
            ),
            neighbour=Text(
                en="You lend a friend your watch, set to 12:00. He tries 12:05 and 11:55 and gives it back at 11:55. Either "
                "he puts it back to 12:00, or he tries on his own watch. In NumPy: write the old value back, or work on a copy.",
                zh="你把指着 12:00 的手表借给朋友，他拨到 12:05，又拨到 11:55，然后就这么还给了你。他要么该拨回 12:00，要么该拿自己的表来试。"
                "在 NumPy 里：要么写回原值，要么在副本上操作。",
            ),
        ),
    ),
    Wrong(
        "upstream-ignored",
        Text(en="the upstream gradient is not used", zh="没有用到上游梯度"),
        edits=(("(plus - minus) * upstream", "plus - minus"),),
        hint=Hint(
            question=Text(
                en="Double upstream and call again. Should the result change? Does it?",
                zh="把 upstream 加倍再调用一次。结果应该变吗？实际变了吗？",
            ),
            neighbour=Text(
                en="Moving t by 1 moves two outputs by 3 and by -2. The loss charges 10 per unit of the first and 5 per "
                "unit of the second: 10*3 + 5*(-2) = 20. Without the prices you get 3 - 2 = 1.",
                zh="t 变动 1，两个输出分别变动 3 和 -2。损失对第一个输出每单位收 10，对第二个每单位收 5：10*3 + 5*(-2) = 20。"
                "不看“单价”的话，只得到 3 - 2 = 1。",
            ),
        ),
    ),
    Wrong(
        "keeps-a-view",
        Text(
            en="f's result shares x's memory, so both results change together",
            zh="f 的结果与 x 共用内存，前后两个结果一起变",
        ),
        edits=(("plus = np.array(f(x))", "plus = f(x)"), ("minus = np.array(f(x))", "minus = f(x)")),
        hint=Hint(
            question=Text(
                en="For f = lambda x: x.T, keep plus = f(x), then change x. Does plus change as well? "
                "np.shares_memory(plus, x) tells.",
                zh="设 f = lambda x: x.T，先保存 plus = f(x)，再改动 x。plus 也跟着变吗？用 np.shares_memory(plus, x) 看一看。",
            ),
            neighbour=Text(
                en="a = np.zeros(3); top = a[:1]; a[0] = 8. Now top is [8]: a slice looks at the same memory. With "
                "top = a[:1].copy() it stays [0]. Freeze what you want to compare later.",
                zh="a = np.zeros(3); top = a[:1]; a[0] = 8。现在 top 是 [8]：切片看到的是同一块内存。写成 top = a[:1].copy()，它就仍是 [0]。"
                "要留到以后比较的东西，先复制一份。",
            ),
        ),
    ),
    Wrong(
        "all-entries-at-once",
        Text(en="all entries of x are moved together", zh="把 x 的所有元素一起移动了"),
        source='''def numeric_grad(f, x, upstream, eps=1e-5):
    """All entries at once: right only where f treats each entry by itself."""
    x = np.array(x, dtype=np.float64)
    grad = np.zeros_like(x)
    grad[...] = np.sum((f(x + eps) - f(x - eps)) * upstream) / (2 * eps)
    return grad
''',
        hint=Hint(
            question=Text(
                en="If all entries move at the same time, how can you tell which of them moved the result?",
                zh="所有元素同时移动，怎么知道结果的变化是由哪一个引起的？",
            ),
            neighbour=Text(
                en="Sugar and flour both go up by 1, and the cake costs 7 more. Was it sugar 5 and flour 2, or sugar 3 and "
                "flour 4? One trial cannot say; two trials, one ingredient each, can.",
                zh="糖和面粉同时各涨 1 元，蛋糕贵了 7 元。是糖占 5、面粉占 2，还是糖占 3、面粉占 4？一次试验分不清；"
                "试两次、每次只动一种原料，才分得清。",
            ),
        ),
    ),
    Wrong(
        "elementwise-formula",
        Text(
            en="the result is taken entry by entry, as if f never mixed entries",
            zh="逐元素求差商，好像 f 从不混合各元素",
        ),
        source='''def numeric_grad(f, x, upstream, eps=1e-5):
    """Entry by entry: right only where f treats each entry by itself."""
    x = np.array(x, dtype=np.float64)
    return (f(x + eps) - f(x - eps)) / (2 * eps) * upstream
''',
        hint=Hint(
            question=Text(
                en="What shape does your result have when f sums each row? What shape should a gradient in x have?",
                zh="当 f 对每一行求和时，你的结果是什么形状？对 x 的梯度应当是什么形状？",
            ),
            neighbour=Text(
                en="f(a, b) = a*b has one value and two slopes, b and a: at (3, 4) they are 4 and 3. So a function of two "
                "entries needs two trials, whatever the number of its values: as many trials as x has entries.",
                zh="f(a, b) = a*b 只有一个值，却有两个斜率：b 和 a；在 (3, 4) 处是 4 和 3。所以两个元素的函数要试两次，不管它有几个值："
                "x 有多少个元素，就要试多少次。",
            ),
        ),
    ),
    Wrong(
        "mean-for-sum",
        Text(en="averages over the outputs instead of summing", zh="对各输出取了平均，而不是求和"),
        edits=(("grad[i] = np.sum(", "grad[i] = np.mean("),),
        hint=Hint(
            question=Text(
                en="If an entry of x reaches the loss on several ways, do their effects add up or average out?",
                zh="x 的一个元素经几条路影响损失时，各路的影响是相加，还是取平均？",
            ),
            neighbour=Text(
                en="One tap feeds two basins. Opened a little more, each basin gets 3 litres more: that is 6 litres, not 3.",
                zh="一个水龙头供两个水池。稍微开大一点，每个池子各多进 3 升水，总共多 6 升，而不是 3 升。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "fresh-bumps",
        '''def numeric_grad(f, x, upstream, eps=1e-5):
    """A new moved array for each entry; x is never written to."""
    x = np.asarray(x).astype(np.float64)
    slopes = []
    for number in range(x.size):
        bump = np.zeros(x.size)
        bump[number] = eps
        bump = bump.reshape(x.shape)
        rise = np.asarray(f(x + bump)) - np.asarray(f(x - bump))
        slopes.append((rise * upstream).sum() / (2 * eps))
    return np.array(slopes).reshape(x.shape)
''',
    ),
    Right(
        "scalar-loss",
        '''def numeric_grad(f, x, upstream, eps=1e-5):
    """Weigh with upstream first, so that only numbers are kept."""
    work = np.array(x, dtype=float)

    def loss():
        return float(np.sum(np.asarray(upstream) * f(work)))

    grad = np.empty(work.shape)
    it = np.nditer(work, flags=["multi_index"], op_flags=["readwrite"])
    for _ in it:
        i = it.multi_index
        old = work[i]
        work[i] = old + eps
        high = loss()
        work[i] = old - eps
        low = loss()
        work[i] = old
        grad[i] = (high - low) / eps / 2
    return grad
''',
    ),
    Right(
        "in-place-and-back",
        '''def numeric_grad(f, x, upstream, eps=1e-5):
    """Moves the caller's own entries where x is float64, and puts each back."""
    x = np.asarray(x, dtype=np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + eps
        high = np.copy(f(x))
        x[i] = old - eps
        low = np.copy(f(x))
        x[i] = old
        grad[i] = np.vdot(high - low, upstream) / (2 * eps) if np.ndim(high) else (high - low) * upstream / (2 * eps)
    return grad
''',
    ),
)

# The step is given, so two right answers differ by rounding alone. Rounding moves f by one part in 1e16, which
# dividing by 2 * eps = 2e-5 makes 5e-12 times the size of f; f stays below 1e3 here.
_WHY = "rounding of f, about 1e-16 * |f| with |f| < 1e3, divided by 2 * eps = 2e-5"

EXERCISE = Exercise(
    title=Text(en="1.3 Numeric gradient", zh="1.3 数值梯度"),
    properties=(
        Property(
            "gradient", Text(en="the central difference", zh="中心差分"), points=3.0, rtol=1e-7, atol=1e-8, why=_WHY
        ),
        Property(
            "view", Text(en="right where f returns a view", zh="f 返回视图时也正确"), rtol=1e-7, atol=1e-8, why=_WHY
        ),
        Property(
            "float32",
            Text(en="float64 inside, whatever x is", zh="无论 x 是什么类型，内部都用 float64"),
            rtol=1e-7,
            atol=1e-8,
            why=_WHY,
        ),
        Property("x", Text(en="x is left as it was", zh="x 保持原样"), only_with="gradient"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take f = lambda x: x * x * x at x = [2] with eps = 0.5 and work it out by hand. What does your code say?",
            zh="取 f = lambda x: x * x * x，x = [2]，eps = 0.5，先手算一遍。你的代码给出多少？",
        ),
        neighbour=Text(
            en="f(a, b) = [a*b, a + b] at a = 3, b = 4, upstream [10, 1], step 1. Move a: at 4 [16, 8], at 2 [8, 6]; the "
            "difference is [8, 2], divided by 2 it is [4, 1]; with the prices 10*4 + 1*1 = 41. Move b alone: at 5 [15, 8], at 3 "
            "[9, 6]; [6, 2] / 2 = [3, 1]; 10*3 + 1*1 = 31. The gradient is [41, 31].",
            zh="f(a, b) = [a*b, a + b]，a = 3，b = 4，上游梯度 [10, 1]，步长 1。动 a：取 4 得 [16, 8]，取 2 得 [8, 6]，相差 [8, 2]，"
            "除以 2 得 [4, 1]，乘上单价 10*4 + 1*1 = 41。只动 b：取 5 得 [15, 8]，取 3 得 [9, 6]，[6, 2] / 2 = [3, 1]，"
            "10*3 + 1*1 = 31。所以梯度是 [41, 31]。",
        ),
    ),
    survivors=(
        Survivor(
            "grad = np.zeros_like(x)",
            "np.zeros_like(x) -> np.ones_like(x)",
            "every entry is written before the array is returned, so what it is filled with at first does not matter",
        ),
    ),
)
