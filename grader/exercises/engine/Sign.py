"""Exercise 5.5: a straight-through gradient for sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Value, gradient under the case's upstream gradient, the gradient by torch.func, and x as it is now."""
    import torch

    apply = ns["Sign"].apply
    x, upstream = case["x"].clone().requires_grad_(), case["upstream"]
    value = apply(x)
    yield "value", value.detach()
    (grad,) = torch.autograd.grad(value, x, upstream)
    yield "gradient", grad
    yield "functional", torch.func.grad(lambda t: (apply(t) * upstream).sum())(x.detach())
    yield "x", x.detach()


def _case(name: str, label: Text, x: Any, upstream: Any, dtype: torch.dtype = torch.float64) -> Case:
    return Case(name, label, {"x": torch.as_tensor(x).to(dtype), "upstream": torch.as_tensor(upstream).to(dtype)})


PUBLIC = (
    _case("near", Text(en="near 0", zh="在 0 附近"), [0.5, -0.25, 0.0], [2.0, -1.0, 3.0]),
    _case("far", Text(en="far from 0", zh="离 0 很远"), [3.0, -2.0], [1.0, 4.0]),
    _case("border", Text(en="at 1 and -1", zh="在 1 和 -1 处"), [1.0, -1.0, 1.5], [0.5, 2.0, 5.0]),
    _case("single", Text(en="float32, x [2, 2]", zh="float32，x [2, 2]"), [[0.5, -3.0], [-0.5, 0.75]], [[1.5, 2.0], [-4.0, 0.25]], torch.float32),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes and dtypes, large upstream gradients."""
    return [
        _case("matrix", Text(en="x [4, 5]", zh="x [4, 5]"), 1.5 * rng.standard_normal((4, 5)), 10 * rng.standard_normal((4, 5))),
        _case("float32", Text(en="float32, x [2, 1, 3]", zh="float32，x [2, 1, 3]"), 1.5 * rng.standard_normal((2, 1, 3)), rng.standard_normal((2, 1, 3)), torch.float32),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "true-gradient",
        Text(en="the true gradient of a step: 0 everywhere", zh="用了台阶的真梯度：处处为 0"),
        edits=(("return grad_output * (x.abs() <= 1)", "return torch.zeros_like(grad_output)"),),
        hint=Hint(
            question=Text(
                en="Which gradient does the card ask for: the true one or the useful one?",
                zh="题目要的是哪一种梯度：真的，还是有用的？",
            ),
            neighbour=Text(
                en="round(x) is a staircase, flat everywhere. Straight-through means: going back, round counts as x itself, and an upstream gradient of 7 arrives as 7.",
                zh="round(x) 是一段段平的台阶。直通的意思是：往回走时，round 就当作 x 自己，上游梯度 7 传到时还是 7。",
            ),
        ),
    ),
    Wrong(
        "no-clipping",
        Text(en="the gradient is passed on everywhere", zh="处处都把梯度往下传"),
        edits=(("return grad_output * (x.abs() <= 1)", "return grad_output * 1"),),
        hint=Hint(
            question=Text(
                en="What should happen to the gradient of an x that is far from 0?",
                zh="离 0 很远的 x，它的梯度应当怎样？",
            ),
            neighbour=Text(
                en="A window from -2 to 2 for the identity: x = 1.5 lets an upstream gradient of 6 pass as 6, x = 2.5 lets nothing pass.",
                zh="给恒等函数开一个从 -2 到 2 的窗口：x = 1.5 时，上游梯度 6 照样通过；x = 2.5 时，什么也不放行。",
            ),
        ),
    ),
    Wrong(
        "clips-the-gradient",
        Text(en="the gradient is clipped to 1 instead of being stopped where |x| > 1", zh="截断的是梯度的大小，而不是在 |x| > 1 处拦下"),
        edits=(("return grad_output * (x.abs() <= 1)", "return grad_output.clamp(-1, 1)"),),
        hint=Hint(
            question=Text(
                en="Whose size is compared with 1: that of x or that of the gradient?",
                zh="与 1 比大小的是谁，x 还是梯度？",
            ),
            neighbour=Text(
                en="'Open from 9 to 17' is about the time of day, not about how many people come in. A gradient of 10 passes in full if x is inside.",
                zh="“营业时间 9 点到 17 点”说的是时刻，不是进来多少人。只要 x 在里面，梯度 10 就整份通过。",
            ),
        ),
    ),
    Wrong(
        "border-excluded",
        Text(en="< in place of <=: nothing passes at exactly 1", zh="把 <= 写成了 <：恰好在 1 处被拦下"),
        edits=(("(x.abs() <= 1)", "(x.abs() < 1)"),),
        hint=Hint(
            question=Text(
                en="What does the card say about |x| equal to 1?",
                zh="|x| 恰好等于 1 时，题目是怎么规定的？",
            ),
            neighbour=Text(
                en="'Children up to 6 travel free' includes the 6-year-old; 'under 6' does not.",
                zh="“6 岁及以下免票”包括 6 岁的孩子，“6 岁以下”不含本数时就不包括。",
            ),
        ),
    ),
    Wrong(
        "zero-at-zero",
        Text(en="torch.sign, which gives 0 at 0", zh="用了 torch.sign，在 0 处得 0"),
        edits=(("return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))", "return torch.sign(x)"),),
        hint=Hint(
            question=Text(
                en="What should a network with weights of +1 and -1 only do with a 0?",
                zh="权重只有 +1 和 -1 的网络，拿 0 怎么办？",
            ),
            neighbour=Text(
                en="A switch knows 'on' and 'off'. For a lever exactly in the middle one has to decide; here the middle counts as 'on'.",
                zh="开关只有“开”和“关”。拨杆恰好在正中时，总得有个规定；这里规定正中算“开”。",
            ),
        ),
    ),
    Wrong(
        "always-float64",
        Text(en="the value is always float64", zh="函数值总是 float64"),
        edits=(("return torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))", "return torch.where(x >= 0, torch.tensor(1.0, dtype=torch.float64), torch.tensor(-1.0, dtype=torch.float64))"),),
        hint=Hint(
            question=Text(
                en="Print the dtype of x and of your value in the float32 case.",
                zh="在 float32 的算例里，打印 x 和函数值的 dtype。",
            ),
            neighbour=Text(
                en="torch.zeros(3) is float32 whatever x is; torch.zeros_like(x) has x's dtype, shape and device.",
                zh="torch.zeros(3) 不管 x 是什么都是 float32；torch.zeros_like(x) 的 dtype、形状、设备则都与 x 相同。",
            ),
        ),
    ),
    Wrong(
        "mask-for-gradient",
        Text(en="returns the mask itself instead of the masked gradient", zh="返回了掩码本身，而不是乘上掩码的梯度"),
        edits=(("return grad_output * (x.abs() <= 1)", "return (x.abs() <= 1).to(x.dtype)"),),
        hint=Hint(
            question=Text(
                en="Where is grad_output in your answer?",
                zh="你的答案里，grad_output 在哪里？",
            ),
            neighbour=Text(
                en="A sieve and the flour: the sieve says what passes (1, 0, 1), the flour is what was poured (5, 2, 7). What arrives is (5, 0, 7).",
                zh="筛子和面粉：筛子说哪里放行 (1, 0, 1)，倒进去的面粉是 (5, 2, 7)，漏下来的是 (5, 0, 7)。",
            ),
        ),
    ),
    Wrong(
        "nothing-returned",
        Text(en="backward returns None", zh="backward 返回了 None"),
        edits=(("return grad_output * (x.abs() <= 1)", "return None"),),
        hint=Hint(
            question=Text(
                en="What does autograd make of a None: zero, or 'no gradient at all'?",
                zh="自动求导怎样理解 None，是零，还是“根本没有梯度”？",
            ),
            neighbour=Text(
                en="None is right for an input that cannot have a gradient, a number or a flag. For a tensor that one wants to train, it cuts the graph.",
                zh="对不可能有梯度的输入（数、标志），返回 None 是对的。对想要训练的张量返回 None，就把图切断了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "bool-arithmetic",
        '''class Sign(torch.autograd.Function):
    """2 * (x >= 0) - 1, and a saved mask as an attribute."""

    @staticmethod
    def forward(x):
        return (x >= 0).to(x.dtype).mul(2).sub(1)

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return torch.where((x >= -1) & (x <= 1), grad_output, torch.zeros_like(grad_output))
''',
    ),
    Right(
        "masked-fill",
        '''class Sign(torch.autograd.Function):
    """Fills in."""

    @staticmethod
    def forward(x):
        return torch.ones_like(x).masked_fill(x < 0, -1.0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.masked_fill(ctx.saved_tensors[0].abs() > 1, 0.0)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "ones-on-cpu",
        Text(en="the ones are made from x's shape, on the CPU", zh="1 是按 x 的形状在 CPU 上生成的"),
        edits=(("torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))", "torch.where(x >= 0, torch.ones(x.shape, dtype=x.dtype), -torch.ones(x.shape, dtype=x.dtype))"),),
        hint=Hint(
            question=Text(en="ones_like(x) takes three things from x, torch.ones(x.shape, dtype=x.dtype) two. Which one is missing?", zh="ones_like(x) 从 x 取了三样东西，torch.ones(x.shape, dtype=x.dtype) 只取了两样。少了哪一样？"),
            neighbour=Text(en="torch.where(t > 5, 5.0, t) with a plain number works on every device. With torch.full(t.shape, 5.0) in its place it raises as soon as t lies on a GPU.", zh="torch.where(t > 5, 5.0, t) 用普通的数，在哪个设备上都行。换成 torch.full(t.shape, 5.0)，t 一到 GPU 上就会报错。"),
        ),
    ),
    Wrong(
        "mask-on-cpu",
        Text(en="backward fills a mask of zeros that is made on the CPU", zh="backward 往一个在 CPU 上生成的全零掩码里填数"),
        edits=(('return grad_output * (x.abs() <= 1)', 'inside = torch.zeros(x.shape, dtype=x.dtype)\n        inside[x.abs() <= 1] = 1\n        return grad_output * inside'),),
        hint=Hint(
            question=Text(en="x.abs() <= 1 is a mask already, beside x. What is the second one for, and where does it lie?", zh="x.abs() <= 1 本身就是掩码，就在 x 旁边。第二个掩码有什么用？它在哪里？"),
            neighbour=Text(en="Of a tensor on the CPU, square brackets take no mask from a GPU: torch.zeros(4)[t > 2] = 1 raises for t there. (t > 2).to(t.dtype) has the same numbers and lies beside t.", zh="CPU 上的张量，方括号里不接受 GPU 上的掩码：t 在 GPU 上时，torch.zeros(4)[t > 2] = 1 会报错。(t > 2).to(t.dtype) 的数相同，就在 t 旁边。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="5.5 Straight-through sign", zh="5.5 直通的 sign"),
    properties=(
        Property("value", Text(en="the value", zh="函数值")),
        Property("gradient", Text(en="the straight-through gradient", zh="直通的梯度"), points=2.0),
        Property("functional", Text(en="works with torch.func", zh="能与 torch.func 配合")),
        Property("x", Text(en="x is left as it was", zh="x 保持原样"), only_with="gradient"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Compare value and gradient separately with the card: at 0.5, at 0, at -2. Which one differs?",
            zh="分别拿函数值和梯度与题目对照：在 0.5、0、-2 处。是哪一个不同？",
        ),
        neighbour=Text(
            en="A straight-through floor with a window from 0 to 10: forward 3.7 becomes 3; backward an upstream gradient of 5 arrives as 5 for x = 3.7, and as 0 for x = 12.",
            zh="带 0 到 10 窗口的直通取整：前向 3.7 变成 3；反向时，x = 3.7 处上游梯度 5 传到还是 5，x = 12 处则为 0。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
