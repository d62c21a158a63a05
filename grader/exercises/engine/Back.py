"""Exercise 5.3: backward rules for arrays, under random upstream gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls each rule once; a rule that raises is passed over, so that the others still count."""
    import numpy as np

    Back = ns["Back"]
    x, index, axis = case["x"], case["index"], case["axis"]
    inputs = ("x", "a", "b", "g_exp", "g_sum", "g_flat", "g_pick", "g_mm", "g_max")
    calls = {
        "exp": lambda: Back.exp(case["g_exp"], x, np.exp(x)),
        "total": lambda: Back.total(case["g_sum"], x, axis),
        "reshape": lambda: Back.reshape(case["g_flat"], x),
        "pick": lambda: Back.pick(case["g_pick"], x, index),
        "matmul": lambda: list(Back.matmul(case["g_mm"], case["a"], case["b"])),
        "largest": lambda: Back.largest(case["g_max"], x, 0 if axis is None else axis),
    }
    failed = None
    for name, call in calls.items():
        try:
            answer = call()
        except Exception as error:  # told at the end, when every rule has had its turn
            failed = failed or error
        else:
            yield name, answer
    yield "inputs", {name: case[name] for name in inputs}
    if failed is not None:
        raise failed


def _case(
    name: str, label: Text, x: Any, index: Any, axis: int | None, a: Any, b: Any, rng: np.random.Generator
) -> Case:
    """A case with upstream gradients of the right shapes, drawn from rng; rounded where the case is small."""

    def upstream(shape: tuple[int, ...]) -> np.ndarray:
        drawn = rng.standard_normal(shape)
        return np.array(np.round(drawn * 4) / 2 + 0.5 if x.size < 10 else drawn)

    rest = 0 if axis is None else axis
    return Case(
        name,
        label,
        {
            "x": x,
            "index": np.array(index),
            "axis": axis,
            "a": a,
            "b": b,
            "g_exp": upstream(x.shape),
            "g_sum": upstream(x.sum(axis).shape),
            "g_flat": upstream((x.size,)),
            "g_pick": upstream((len(index), *x.shape[1:])),
            "g_mm": upstream((a.shape[0], b.shape[1])),
            "g_max": upstream(x.max(rest).shape),
        },
    )


PUBLIC = (
    _case(
        "small",
        Text(en="x [2, 3], axis 1, row 1 is picked twice", zh="x [2, 3]，轴 1，第 1 行被选了两次"),
        np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 0.25]]),
        [1, 0, 1],
        1,
        np.array([[1.0, 2.0]]),
        np.array([[3.0, -1.0, 2.0], [0.5, 4.0, 1.0]]),
        np.random.default_rng(1),
    ),
    _case(
        "ties",
        Text(en="x [3, 3] with ties, axis 0, row 1 is never picked", zh="x [3, 3]，有并列，轴 0，第 1 行没被选到"),
        np.array([[1.0, 2.0, 0.0], [1.0, -1.0, 0.0], [0.0, 2.0, 0.0]]),
        [2, 0],
        0,
        np.array([[1.0, 2.0], [0.0, -1.0]]),
        np.array([[3.0, -1.0], [0.5, 4.0]]),
        np.random.default_rng(2),
    ),
    _case(
        "all",
        Text(en="x [4, 2], the sum over everything", zh="x [4, 2]，对全部求和"),
        np.array([[0.5, 1.0], [-0.5, 2.0], [1.5, -1.0], [0.0, 0.75]]),
        [3, 3, 3, 0],
        None,
        np.array([[1.0], [2.0], [-1.0]]),
        np.array([[0.5, 2.0]]),
        np.random.default_rng(3),
    ),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes and axes (negative ones, too), three dimensions, columns of one, other memory layouts."""
    cases = []
    plans = (
        ((4, 5), -1, (3, 4), (4, 2)),
        ((3, 2, 4), 1, (2, 5), (5, 6)),
        ((1, 6), 0, (1, 3), (3, 1)),
        ((5, 1), -2, (4, 1), (1, 3)),
    )
    for number, (shape, axis, left, right) in enumerate(plans):
        x, a, b = rng.standard_normal(shape), rng.standard_normal(left), rng.standard_normal(right)
        if number == 1:
            x, a = np.asfortranarray(x), np.asfortranarray(a)
        index = rng.integers(0, shape[0], 7)
        cases.append(
            _case(
                f"random-{number}",
                Text(en=f"x {list(shape)}, axis {axis}", zh=f"x {list(shape)}，轴 {axis}"),
                x,
                index,
                axis,
                a,
                b,
                rng,
            )
        )
    return cases


WRONG = (
    Wrong(
        "exp-without-upstream",
        Text(en="exp: the slope alone, without the upstream gradient", zh="exp：只有斜率，没有乘上游梯度"),
        edits=(("        return grad * out\n", "        return out.copy()\n"),),
        hint=Hint(
            question=Text(
                en="Double the upstream gradient. Does your answer double?",
                zh="把上游梯度加倍，你的答案也加倍吗？",
            ),
            neighbour=Text(
                en="For x**2 at 3 the slope is 6. If the rest of the graph multiplies the result by 10, the loss moves by 60 for each unit of x. The rule "
                "returns 10 * 6.",
                zh="x**2 在 3 处斜率是 6。若图的其余部分还把结果乘以 10，x 每动一个单位，损失就动 60。规则应返回 10 * 6。",
            ),
        ),
    ),
    Wrong(
        "exp-upstream-only",
        Text(en="exp: the upstream gradient is passed on unchanged", zh="exp：上游梯度原样往下传"),
        edits=(("        return grad * out\n", "        return grad.copy()\n"),),
        hint=Hint(
            question=Text(
                en="How steep is exp at 0, and how steep at 3? Does your rule know the difference?",
                zh="exp 在 0 处有多陡？在 3 处呢？你的规则分得出来吗？",
            ),
            neighbour=Text(
                en="For x**2 the slope is 2 at x = 1 and 20 at x = 10. A rule that passes 5 on as 5 in both places has left the slope out: it should be 10 and "
                "100.",
                zh="x**2 在 x = 1 处斜率是 2，在 x = 10 处是 20。在两处都把 5 原样传下去，就漏了斜率：应是 10 和 100。",
            ),
        ),
    ),
    Wrong(
        "sum-divides",
        Text(en="sum: the gradient is divided by the number of entries, as for a mean", zh="sum：像求平均那样除以了个数"),
        edits=(("np.broadcast_to(grad, x.shape).copy()", "np.broadcast_to(grad, x.shape) * grad.size / x.size"),),
        hint=Hint(
            question=Text(
                en="If one entry grows by 1, by how much does the sum grow? Does it matter how many others there are?",
                zh="一个元素增加 1，和增加多少？这与别的元素有几个有关吗？",
            ),
            neighbour=Text(
                en="A bill of 3 items: one of them rises by 2, the total rises by 2. (The average rises by 2/3.)",
                zh="账单上有 3 项：其中一项涨 2，总额就涨 2。（平均才涨 2/3。）",
            ),
        ),
    ),
    Wrong(
        "sum-tiles-wrong-way",
        Text(en="sum: the gradient is spread by repeating and reshaping, which mixes the rows", zh="sum：用重复加 reshape 来铺开，把行弄混了"),
        edits=(("        return np.broadcast_to(grad, x.shape).copy()\n", "        return np.resize(grad, x.shape)\n"),),
        hint=Hint(
            question=Text(
                en="Which entry of the upstream gradient belongs to row 0 of x, if the sum ran along the rows? Print your answer for G = [1, 2].",
                zh="若求和是沿着行进行的，x 的第 0 行对应上游梯度的哪个元素？打印 G = [1, 2] 时你的答案。",
            ),
            neighbour=Text(
                en="Two rows of three, row sums with the gradients [7, 9]: row 0 becomes 7, 7, 7 and row 1 becomes 9, 9, 9. Repeating 7, 9, 7, 9, 7, 9 and "
                "cutting it into rows gives 7, 9, 7 and 9, 7, 9.",
                zh="两行三列，行和的梯度是 [7, 9]：第 0 行都是 7，第 1 行都是 9。把 7, 9, 7, 9, 7, 9 重复排开再切成两行，得到的是 7, 9, 7 和 9, 7, 9。",
            ),
        ),
    ),
    Wrong(
        "reshape-in-fortran-order",
        Text(en="reshape: arranged back column by column", zh="reshape：按列排了回去"),
        edits=(("grad.reshape(x.shape)", 'grad.reshape(x.shape, order="F")'),),
        hint=Hint(
            question=Text(
                en="In which order does x.reshape(-1) read the entries: along the rows or down the columns?",
                zh="x.reshape(-1) 是按什么次序读元素的，沿着行还是顺着列？",
            ),
            neighbour=Text(
                en="[[1, 2], [3, 4]] flattened is 1, 2, 3, 4. Going back by columns gives [[1, 3], [2, 4]]. The way back must undo the way forward exactly.",
                zh="[[1, 2], [3, 4]] 展平是 1、2、3、4。若按列排回去，就成了 [[1, 3], [2, 4]]。往回走必须恰好撤销往前走。",
            ),
        ),
    ),
    Wrong(
        "pick-overwrites",
        Text(en="pick: an entry that is picked twice keeps only the last share", zh="pick：被选两次的元素只留下最后一份"),
        edits=(("np.add.at(result, index, grad)", "result[index] = grad"),),
        hint=Hint(
            question=Text(
                en="Row 1 is picked twice. How many shares should its gradient add up?",
                zh="第 1 行被选了两次，它的梯度应当加上几份？",
            ),
            neighbour=Text(
                en="Votes for the numbers 2, 0, 2 with the weights 1, 5, 7: number 2 has 1 + 7 = 8. Writing each vote into the table in place of the one before "
                "gives 7.",
                zh="给 2 号、0 号、2 号投票，权重是 1、5、7：2 号共有 1 + 7 = 8。若每一票都覆盖前一票，就成了 7。",
            ),
        ),
    ),
    Wrong(
        "pick-adds-in-place",
        Text(en="pick: result[index] += grad, which loses repeated picks", zh="pick：用 result[index] += grad，重复的选取丢了"),
        edits=(("np.add.at(result, index, grad)", "result[index[::-1]] += grad[::-1]"),),
        hint=Hint(
            question=Text(
                en="Read the two lines above this exercise again: what does += do with an index that occurs twice?",
                zh="再看看本题上方的那两行：同一个索引出现两次时，+= 做了什么？",
            ),
            neighbour=Text(
                en="Two clerks read a balance of 0 at the same time. One adds 1 and writes 1, the other adds 7 and writes 7. The balance is 7, not 8. np.add.at lets "
                "one finish before the next one reads.",
                zh="两个职员同时读到余额 0。一个加 1 写回 1，另一个加 7 写回 7。余额成了 7，而不是 8。np.add.at 会等前一个写完，再让下一个读。",
            ),
        ),
    ),
    Wrong(
        "pick-shape-of-the-picks",
        Text(en="pick: returns the gradient in the shape of the picks", zh="pick：返回的形状是选出部分的形状"),
        edits=(("        np.add.at(result, index, grad)\n        return result\n", "        result[index] = grad\n        return grad.copy()\n"),),
        hint=Hint(
            question=Text(
                en="Which shape has the gradient of x, whatever was picked from it?",
                zh="不管从 x 里选了什么，x 的梯度是什么形状？",
            ),
            neighbour=Text(
                en="Of 5 lamps, lamps 1 and 4 were switched on. A report on all lamps has 5 lines, three of them 0.",
                zh="5 盏灯里开了第 1 盏和第 4 盏。关于全部灯的报告有 5 行，其中三行是 0。",
            ),
        ),
    ),
    Wrong(
        "matmul-untransposed",
        Text(en="matmul: the transposes are missing (square matrices hide it)", zh="matmul：漏了转置（方阵看不出来）"),
        edits=(("return grad @ b.T, a.T @ grad", "return np.resize(grad @ np.resize(b, (grad.shape[1], a.shape[1])), a.shape), np.resize(np.resize(a, (b.shape[0], grad.shape[0])) @ grad, b.shape)"),),
        hint=Hint(
            question=Text(
                en="Write the shapes down: G [n, m], B [k, m], A [n, k]. Which product of G and B has the shape of A?",
                zh="写下形状：G [n, m]，B [k, m]，A [n, k]。G 和 B 的哪种乘积与 A 同形？",
            ),
            neighbour=Text(
                en="A = [[1, 2]], B = [[3], [4]], G = [[10]]. The gradient of A has A's shape [1, 2]: G @ B.T = [[30, 40]]. Nothing else of that shape can be made from "
                "G and B.",
                zh="A = [[1, 2]]，B = [[3], [4]]，G = [[10]]。A 的梯度与 A 同形，即 [1, 2]：G @ B.T = [[30, 40]]。用 G 和 B 拼不出别的这种形状。",
            ),
        ),
    ),
    Wrong(
        "matmul-swapped",
        Text(en="matmul: the two gradients are returned in the wrong order", zh="matmul：两个梯度的返回次序反了"),
        edits=(("return grad @ b.T, a.T @ grad", "return a.T @ grad, grad @ b.T"),),
        hint=Hint(
            question=Text(
                en="Which of your two results has the shape of a? In which place does the caller expect it?",
                zh="你的两个结果里，哪个与 a 同形？调用者期望它在第几个？",
            ),
            neighbour=Text(
                en="divmod(17, 5) gives (3, 2): quotient first. Whoever returns (2, 3) has counted right and answered wrong.",
                zh="divmod(17, 5) 给出 (3, 2)：商在前。返回 (2, 3) 的人，算对了，却答错了。",
            ),
        ),
    ),
    Wrong(
        "largest-to-everyone",
        Text(en="largest: every entry of the row is given the gradient", zh="largest：一行的每个元素都分到了梯度"),
        edits=(("        return np.expand_dims(grad, axis) * share\n", "        return np.expand_dims(grad, axis) * np.ones_like(share)\n"),),
        hint=Hint(
            question=Text(
                en="If an entry that is not the largest grows by a little, does the maximum change?",
                zh="不是最大的那个元素稍微增大一点，最大值会变吗？",
            ),
            neighbour=Text(
                en="Heights 150, 180, 165: the tallest measures 180. If the smallest grows by 1, the tallest still measures 180. Only one slope is not zero.",
                zh="身高 150、180、165：最高是 180。最矮的长高 1，最高还是 180。只有一个斜率不为零。",
            ),
        ),
    ),
    Wrong(
        "largest-ties-in-full",
        Text(en="largest: each of several tied entries is given the whole gradient", zh="largest：并列的每个都得到整份梯度"),
        edits=(("winners / winners.sum(axis, keepdims=True)", "winners * 1.0"),),
        hint=Hint(
            question=Text(
                en="In the case with ties: what do the shares of a tied column add up to, and what was there to share out?",
                zh="在有并列的算例里，并列那一列的份额加起来是多少？一共有多少可分？",
            ),
            neighbour=Text(
                en="A prize of 12 and two winners: 6 each. Paying 12 to both spends 24.",
                zh="奖金 12，两人并列：每人 6。两人都发 12，就发出去 24。",
            ),
        ),
    ),
    Wrong(
        "largest-first-takes-all",
        Text(en="largest: the first of several tied entries takes all", zh="largest：并列时第一个全拿走"),
        edits=(("winners / winners.sum(axis, keepdims=True)", "winners * (np.cumsum(winners, axis) == 1)"),),
        hint=Hint(
            question=Text(
                en="What does the card say about ties?",
                zh="题目对并列是怎么规定的？",
            ),
            neighbour=Text(
                en="A prize of 12 and two winners: 6 each, in whatever order their names stand in the list.",
                zh="奖金 12，两人并列：每人 6，不管名单上谁在前。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "one-hot-and-einsum",
        '''class Back:
    """Written with einsum, one-hot matrices and loops."""

    @staticmethod
    def exp(grad, x, out):
        return np.exp(x) * grad

    @staticmethod
    def total(grad, x, axis):
        shape = [1] * x.ndim if axis is None else [n if i != axis % x.ndim else 1 for i, n in enumerate(x.shape)]
        return np.ones_like(x) * np.reshape(grad, shape)

    @staticmethod
    def reshape(grad, x):
        return np.array([g for g in grad.ravel()]).reshape(*x.shape)

    @staticmethod
    def pick(grad, x, index):
        hot = (index[:, None] == np.arange(len(x))[None, :]).astype(x.dtype)
        return np.einsum("pn,p...->n...", hot, grad)

    @staticmethod
    def matmul(grad, a, b):
        return [np.einsum("nm,km->nk", grad, b), np.einsum("nk,nm->km", a, grad)]

    @staticmethod
    def largest(grad, x, axis):
        moved = np.moveaxis(x, axis, 0)
        hit = np.array([row == moved.max(0) for row in moved], dtype=float)
        return np.moveaxis(hit / hit.sum(0) * grad, 0, axis)
''',
    ),
    Right(
        "asks-torch",
        '''class Back:
    """Lets torch differentiate the forward pass."""

    @staticmethod
    def _pull(function, grad, *inputs):
        leaves = [torch.tensor(np.ascontiguousarray(i), requires_grad=True) for i in inputs]
        grads = torch.autograd.grad(function(*leaves), leaves, torch.tensor(np.ascontiguousarray(grad)).reshape(function(*leaves).shape))
        return [g.numpy() for g in grads]

    @staticmethod
    def exp(grad, x, out):
        return Back._pull(torch.exp, grad, x)[0]

    @staticmethod
    def total(grad, x, axis):
        return Back._pull(lambda t: t.sum() if axis is None else t.sum(axis), grad, x)[0]

    @staticmethod
    def reshape(grad, x):
        return Back._pull(lambda t: t.reshape(-1), grad.reshape(-1), x)[0]

    @staticmethod
    def pick(grad, x, index):
        return Back._pull(lambda t: t[torch.tensor(index)], grad, x)[0]

    @staticmethod
    def matmul(grad, a, b):
        return Back._pull(torch.matmul, grad, a, b)

    @staticmethod
    def largest(grad, x, axis):
        return Back._pull(lambda t: t.amax(axis), grad, x)[0]
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="5.3 Six backward rules", zh="5.3 六条反向规则"),
    properties=(
        Property("exp", Text(en="exp", zh="exp")),
        Property("total", Text(en="total: the sum over an axis", zh="total：沿一个轴求和")),
        Property("reshape", Text(en="reshape", zh="reshape")),
        Property("pick", Text(en="pick: rows by index", zh="pick：按索引选行")),
        Property("matmul", Text(en="matmul: both gradients", zh="matmul：两个梯度")),
        Property("largest", Text(en="largest: the maximum along an axis", zh="largest：沿一个轴的最大值")),
        Property("inputs", Text(en="nothing that was given is changed", zh="传进来的东西都没有改动"), only_with="exp"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which rule is the first that fails? Take one entry of its input: where does it appear in the result, and with what slope?",
            zh="最先失败的是哪条规则？取输入的一个元素：它出现在结果的哪些地方？斜率是多少？",
        ),
        neighbour=Text(
            en="The rule of 3*x for x [2], upstream [10, 1]: entry 0 appears in result 0 with slope 3, so 30; entry 1 gives 3. The rule of a running total "
            "(x0, x0 + x1): entry 0 appears in both, 10 + 1 = 11; entry 1 in the second only, 1.",
            zh="3*x 的规则，x [2]，上游梯度 [10, 1]：元素 0 出现在结果 0 里，斜率 3，得 30；元素 1 得 3。累计和 (x0, x0 + x1) 的规则：元素 0 出现在两处，"
            "10 + 1 = 11；元素 1 只在第二处，得 1。",
        ),
    ),
    survivors=(
        Survivor(
            "return np.broadcast_to(grad, x.shape).copy()",
            "np.broadcast_to(grad, x.shape).copy() -> np.broadcast_to(grad, x.shape)",
            "a read-only view holds the same numbers, and the card does not promise an array that may be written to",
        ),
    ),
)
