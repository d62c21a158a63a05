"""Exercise 8.5: leaky ReLU and its backward rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls it once; yields the two results, then the inputs as they are now."""
    x, grad_out = case["x"], case["grad_out"]
    returned = ns["leaky_relu"](x, case["slope"], grad_out)
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        yield "value", returned  # not two results: the comparison then says what came instead
        return
    yield "value", returned[0]
    yield "grad", returned[1]
    yield "inputs", [x, grad_out]


def _case(name: str, label: Text, x: Any, slope: float, grad_out: Any, dtype: torch.dtype = torch.float64) -> Case:
    """A case in which no entry of x is exactly 0, where any slope between the two is right."""
    tensors = {"x": torch.as_tensor(x).to(dtype), "grad_out": torch.as_tensor(grad_out).to(dtype)}
    if not bool(tensors["x"].all()):
        raise ValueError(f"case {name!r} has an entry at the kink")
    return Case(name, label, {**tensors, "slope": slope})


PUBLIC = (
    _case("three", Text(en="slope 0.1", zh="斜率 0.1"), [2.0, -3.0, -0.5], 0.1, [1.0, 10.0, -2.0]),
    _case("table", Text(en="shape [2, 3], slope 0.25", zh="形状 [2, 3]，斜率 0.25"), [[1.0, -2.0, 4.0], [-1.0, 0.5, -8.0]], 0.25, [[-1.0, 2.0, 0.5], [3.0, -2.0, 1.0]]),
    _case("relu", Text(en="slope 0: a ReLU", zh="斜率 0：就是 ReLU"), [-1.0, 3.0, -2.0, 5.0], 0.0, [4.0, -1.0, 2.0, 3.0]),
    _case("steep", Text(en="slope 2", zh="斜率 2"), [1.0, -1.0, -4.0], 2.0, [1.0, 3.0, -1.0]),
    _case("negative", Text(en="slope -0.5", zh="斜率 -0.5"), [1.0, -1.0, -4.0], -0.5, [1.0, 3.0, -1.0]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes, layouts and dtypes, slopes of every kind."""
    x, up = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    return [
        _case("flat", Text(en="slope 0.01", zh="斜率 0.01"), x, 0.01, up),
        _case("transposed", Text(en="transposed in memory, slope 0", zh="内存中是转置的，斜率 0"), torch.from_numpy(x).t(), 0.0, torch.from_numpy(up).t()),
        _case("steep", Text(en="slope 1.7", zh="斜率 1.7"), rng.standard_normal((2, 2, 3)), 1.7, rng.standard_normal((2, 2, 3))),
        _case("negative", Text(en="slope -1", zh="斜率 -1"), rng.standard_normal(7), -1.0, rng.standard_normal(7)),
        _case("float32", Text(en="float32, slope 0.3", zh="float32，斜率 0.3"), rng.standard_normal(5), 0.3, rng.standard_normal(5), torch.float32),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "slope-on-the-wrong-side",
        Text(en="the slope is applied where x is positive", zh="斜率用在了 x 为正的一边"),
        edits=(("torch.where(x > 0, torch.ones_like(x), slope)", "torch.where(x <= 0, torch.ones_like(x), slope)"),),
        hint=Hint(
            question=Text(en="What should leaky ReLU make of x = 2: 2 or something smaller?", zh="leaky ReLU 把 x = 2 变成什么？2，还是更小的数？"),
            neighbour=Text(en="torch.where(a > 10, b, c) takes b where the condition holds. For a = [20, 5] it is [b, c].", zh="torch.where(a > 10, b, c) 在条件成立处取 b。a = [20, 5] 时得 [b, c]。"),
        ),
    ),
    Wrong(
        "absolute",
        Text(en="the negative side comes out positive", zh="负的一边变成了正的"),
        edits=(("return x * factor,", "return x.abs() * factor,"),),
        hint=Hint(
            question=Text(en="Which sign has the result for x = -3 and slope 0.1?", zh="x = -3、斜率 0.1 时，结果是正还是负？"),
            neighbour=Text(en="A path that falls by 1 cm on each metre lies at -5 cm after 5 m, not at +5 cm.", zh="每米下降 1 厘米的路，走 5 米后在 -5 厘米处，而不是 +5 厘米。"),
        ),
    ),
    Wrong(
        "maximum",
        Text(en="max(x, slope * x), which is right only for slopes below 1", zh="用了 max(x, slope * x)，只在斜率不超过 1 时正确"),
        source='def leaky_relu(x, slope, grad_out):\n    straight = x >= slope * x\n    return torch.maximum(x, slope * x), torch.where(straight, torch.ones_like(x), slope) * grad_out\n',
        hint=Hint(
            question=Text(en="Take slope 2 and x = -1: which of x and slope * x is the larger one, and which is wanted?", zh="取斜率 2，x = -1：x 和 slope * x 哪个大？要的是哪个？"),
            neighbour=Text(
                en="'The cheaper of two shops' and 'the left one' agree until the prices change. Decide by what the rule names: the sign of x.",
                zh="“两家店里便宜的那家”和“左边那家”，在改价之前是一回事。规则说的是什么，就按什么判断：x 的正负。",
            ),
        ),
    ),
    Wrong(
        "plain-relu",
        Text(en="the slope is missing: a plain ReLU", zh="漏了斜率：成了普通的 ReLU"),
        edits=(("torch.where(x > 0, torch.ones_like(x), slope)", "(x > 0).to(x.dtype)"),),
        hint=Hint(
            question=Text(en="What is left of x = -3 in your function? By what does a dead unit come back?", zh="x = -3 在你的函数里还剩什么？死掉的单元靠什么回来？"),
            neighbour=Text(en="A door that is shut lets nobody through; one that is left open by a hand's breadth lets a little air in: 0.1 times what blows.", zh="门关死了，谁也过不去；留一道缝，还能透进一点风：吹来的风的 0.1 倍。"),
        ),
    ),
    Wrong(
        "relu-backward",
        Text(en="the value leaks, the gradient does not", zh="函数值有泄漏，梯度却没有"),
        edits=(("grad_out * factor", "grad_out * (x > 0)"),),
        hint=Hint(
            question=Text(en="On the negative side, the function is a straight line. What is its slope?", zh="在负的一边，函数是一条直线。它的斜率是多少？"),
            neighbour=Text(en="f(v) = 7v: moving v by 0.01 moves f by 0.07, so the slope is 7, wherever v is.", zh="f(v) = 7v：v 动 0.01，f 动 0.07，所以斜率是 7，不管 v 在哪里。"),
        ),
    ),
    Wrong(
        "upstream-ignored",
        Text(en="the upstream gradient is left out", zh="漏了上游梯度"),
        edits=(("grad_out * factor", "factor"),),
        hint=Hint(
            question=Text(en="Make grad_out ten times larger. Does your gradient grow?", zh="把 grad_out 放大十倍，你的梯度变大吗？"),
            neighbour=Text(en="The chain rule: 3 dollars per box and 4 boxes per hour make 12 dollars per hour; neither factor alone will do.", zh="链式法则：每箱 3 元，每小时 4 箱，就是每小时 12 元；缺哪个因子都不行。"),
        ),
    ),
    Wrong(
        "multiplied-by-the-value",
        Text(en="the upstream gradient is multiplied by the value, not by the slope", zh="上游梯度乘的是函数值，而不是斜率"),
        edits=(("grad_out * factor", "grad_out * x * factor"),),
        hint=Hint(
            question=Text(en="What is the slope of f(x) = x at x = 2: 1 or 2?", zh="f(x) = x 在 x = 2 处的斜率是 1 还是 2？"),
            neighbour=Text(en="f(v) = 5v has the value 15 at v = 3, and the slope 5 everywhere.", zh="f(v) = 5v 在 v = 3 处的值是 15，斜率处处是 5。"),
        ),
    ),
    Wrong(
        "in-place",
        Text(en="x is changed in place, and the mask is then made from the changed x", zh="原地改动了 x，又用改动后的 x 来做掩码"),
        source='def leaky_relu(x, slope, grad_out):\n    x[x < 0] *= slope\n    return x, torch.where(x >= 0, torch.ones_like(x), slope) * grad_out\n',
        hint=Hint(
            question=Text(en="Print x before and after your call. Which of the two did the mask of the gradient see?", zh="打印调用前后的 x。梯度的掩码看到的是哪一个？"),
            neighbour=Text(
                en="Whoever paints all red balls white and then counts the red ones counts none. Count first, or paint copies: b = a * 2 leaves a alone, a *= 2 does not.",
                zh="先把红球都涂白，再数红球，一个也没有。要么先数，要么涂副本：b = a * 2 不动 a，a *= 2 会动。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "two-clamps",
        '''def leaky_relu(x, slope, grad_out):
    """The two halves added, for the value and for the gradient."""
    value = x.clamp(min=0) + slope * x.clamp(max=0)
    on = (x > 0).to(x.dtype)
    return value, on * grad_out + slope * (1 - on) * grad_out
''',
    ),
    Right(
        "copies-and-masks",
        '''def leaky_relu(x, slope, grad_out):
    """Clones, then multiplies the masked part."""
    off = x <= 0
    value, grad = x.clone(), grad_out.clone()
    value[off] = value[off] * slope
    grad[off] = grad[off] * slope
    return [value, grad]
''',
    ),
    Right(
        "autograd",
        '''def leaky_relu(x, slope, grad_out):
    """Lets autograd find the gradient; the card asks for none, but the numbers are the same."""
    leaf = x.detach().clone().requires_grad_()
    out = torch.nn.functional.leaky_relu(leaf, slope) if slope >= 0 else torch.where(leaf > 0, leaf, slope * leaf)
    return out.detach(), torch.autograd.grad(out, leaf, grad_out)[0]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "ones-on-cpu",
        Text(en="the factors of the positive side are made on the CPU", zh="正的一侧的系数是在 CPU 上生成的"),
        edits=(("torch.ones_like(x), slope", "torch.ones(x.shape, dtype=x.dtype), slope"),),
        hint=Hint(
            question=Text(en="Print factor.device for x on \"meta\". Does the line get that far?", zh="让 x 在 \"meta\" 上，打印 factor.device。程序走得到那一行吗？"),
            neighbour=Text(en="torch.where(t > 0, 1.0, 0.25) takes two plain numbers and lies where t lies (its dtype is torch's default, so add .to(t.dtype)).", zh="torch.where(t > 0, 1.0, 0.25) 用两个普通的数，结果和 t 在一起（dtype 是 torch 的默认值，所以要再加 .to(t.dtype)）。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="8.5 Leaky ReLU, there and back", zh="8.5 leaky ReLU 的去与回"),
    properties=(
        Property("value", Text(en="the value", zh="函数值"), points=2.0),
        Property("grad", Text(en="the gradient of x", zh="x 的梯度"), points=2.0),
        Property("inputs", Text(en="the inputs are left as they were", zh="输入保持原样"), only_with="value"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Draw the function for slope 0.5 on paper: what are its value and its slope at 4 and at -4?",
            zh="在纸上画出斜率 0.5 时的函数：在 4 和 -4 处，函数值和斜率各是多少？",
        ),
        neighbour=Text(
            en="The absolute value, which is a leaky ReLU with slope -1: at -4 the value is 4 and the slope -1; with 10 from above, the gradient is -10.",
            zh="绝对值，也就是斜率为 -1 的 leaky ReLU：在 -4 处值为 4，斜率 -1；上游传来 10 时，梯度是 -10。",
        ),
    ),
    survivors=(
        Survivor(
            "factor = torch.where(x > 0, torch.ones_like(x), slope)",
            "x > 0 -> x >= 0",
            "at the kink any slope between the two is right, so no case has an entry that is exactly 0",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
