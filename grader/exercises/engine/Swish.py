"""Exercise 5.4: an autograd.Function with a right gradient and a right gradient of the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Value; gradient under the case's upstream gradient; two calls before one backward; the gradient's gradient;
    the gradient by torch.func; then x and the upstream gradient as they are now."""
    import torch

    apply = ns["Swish"].apply
    x, beta = case["x"].clone().requires_grad_(), case["beta"]
    upstream, second = case["upstream"].clone().requires_grad_(), case["second"]
    value = apply(x, beta)
    yield "value", value.detach()
    (grad,) = torch.autograd.grad(value, x, upstream, create_graph=True)
    yield "gradient", grad.detach()
    other = (x.detach() * 0.5 - 0.25).requires_grad_()
    both = apply(x, beta), apply(other, -beta)
    yield "two", [g.detach() for g in torch.autograd.grad(both, (x, other), (upstream.detach(), second))]
    yield "second", [g.detach() for g in torch.autograd.grad(grad, (x, upstream), second)]
    yield "functional", torch.func.grad(lambda t: (apply(t, beta) * second).sum())(x.detach())
    yield "inputs", [x.detach(), upstream.detach()]


def _case(name: str, label: Text, x: Any, beta: float, rng: np.random.Generator) -> Case:
    x = torch.as_tensor(x, dtype=torch.float64)
    drawn = [torch.from_numpy(np.array(np.round(rng.standard_normal(tuple(x.shape)) * 4) / 2 + 0.25)) for _ in range(2)]
    return Case(name, label, {"x": x, "beta": beta, "upstream": drawn[0], "second": drawn[1]})


PUBLIC = (
    _case("one", Text(en="one number, beta 1", zh="一个数，beta 1"), [1.0], 1.0, np.random.default_rng(1)),
    _case("few", Text(en="x [2, 2], beta 2", zh="x [2, 2]，beta 2"), [[0.0, 1.0], [-1.5, 0.25]], 2.0, np.random.default_rng(2)),
    _case("negative", Text(en="x [3], beta -0.5", zh="x [3]，beta -0.5"), [2.0, -1.0, 0.5], -0.5, np.random.default_rng(3)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes and betas, beta 0, far from 0, another memory layout."""
    return [
        _case("matrix", Text(en="x [4, 3], beta 1.5", zh="x [4, 3]，beta 1.5"), rng.standard_normal((4, 3)), 1.5, rng),
        _case("flat", Text(en="beta 0", zh="beta 0"), rng.standard_normal(5), 0.0, rng),
        _case("far", Text(en="x far from 0", zh="x 离 0 很远"), rng.uniform(-30, 30, (2, 1, 3)), 1.0, rng),
        _case("strided", Text(en="x [3, 4], every other column of a wider one", zh="x [3, 4]，取自更宽的张量的隔列"), torch.from_numpy(rng.standard_normal((3, 8)))[:, ::2], 0.75, rng),
    ]  # fmt: skip


_BODY = """class Swish(torch.autograd.Function):
    @staticmethod
    def forward(x, beta):
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        {setup}

    @staticmethod
    def backward(ctx, grad_output):
        {backward}
"""

WRONG = (
    Wrong(
        "legacy-context",
        Text(en="forward(ctx, x, beta), the old form", zh="用了旧的写法 forward(ctx, x, beta)"),
        source='''class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.beta = beta
        ctx.save_for_backward(x)
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None
''',
        hint=Hint(
            question=Text(
                en="Does your class have setup_context? Which argument does forward not have in the new form?",
                zh="你的类有 setup_context 吗？在新的写法里，forward 没有哪个参数？",
            ),
            neighbour=Text(
                en="Cube above: forward(x) computes, setup_context(ctx, inputs, output) remembers. In the old form, forward(ctx, x) did both, and torch.func cannot "
                "take it apart.",
                zh="上面的 Cube：forward(x) 只管计算，setup_context(ctx, inputs, output) 负责记住。旧写法里 forward(ctx, x) 两件事一起做，torch.func 没法把它拆开。",
            ),
        ),
    ),
    Wrong(
        "saves-a-number",
        Text(en="beta goes through save_for_backward", zh="把 beta 交给了 save_for_backward"),
        source=_BODY.format(
            setup="ctx.save_for_backward(*inputs)",
            backward="x, beta = ctx.saved_tensors\n        s = torch.sigmoid(beta * x)\n        return grad_output * (s + beta * x * s * (1 - s)), None",
        ),
        hint=Hint(
            question=Text(
                en="What may save_for_backward take? What is type(beta)?",
                zh="save_for_backward 能收什么？type(beta) 是什么？",
            ),
            neighbour=Text(
                en="A cloakroom takes coats, not phone numbers: the coat gets a ticket (save_for_backward), the number goes onto a slip of paper of your own "
                "(ctx.number = 5).",
                zh="衣帽间收大衣，不收电话号码：大衣换号牌（save_for_backward），号码写在自己的纸条上（ctx.number = 5）。",
            ),
        ),
    ),
    Wrong(
        "one-gradient-short",
        Text(en="backward returns one value for two inputs", zh="有两个输入，backward 只返回了一个值"),
        edits=(("(s + ctx.beta * x * s * (1 - s)), None", "(s + ctx.beta * x * s * (1 - s))"),),
        hint=Hint(
            question=Text(
                en="How many inputs has forward? How many values does backward return?",
                zh="forward 有几个输入？backward 返回了几个值？",
            ),
            neighbour=Text(
                en="A form with two lines, 'income' and 'shoe size (leave empty)'. Handing in only the first line is not the same as leaving the second one empty.",
                zh="表格有两栏，“收入”和“鞋码（不填）”。只交第一栏，与第二栏留空，不是一回事。",
            ),
        ),
    ),
    Wrong(
        "upstream-ignored",
        Text(en="the slope alone, without the upstream gradient", zh="只有斜率，没有乘上游梯度"),
        edits=(("return grad_output * (s +", "return torch.ones_like(grad_output) * (s +"),),
        hint=Hint(
            question=Text(
                en="Does your answer change when grad_output doubles? Should it?",
                zh="grad_output 加倍时，你的答案变吗？应当变吗？",
            ),
            neighbour=Text(
                en="The slope of x**2 at 3 is 6. If what follows weighs the result with 10, then x has the gradient 60. The rule gets the 10 as grad_output.",
                zh="x**2 在 3 处的斜率是 6。若后面把结果再乘以 10，x 的梯度就是 60。那个 10，规则是从 grad_output 得到的。",
            ),
        ),
    ),
    Wrong(
        "intermediate-saved",
        Text(en="saves the sigmoid from the forward pass: first gradient right, second one wrong", zh="保存了前向里算出的 sigmoid：一阶梯度对，二阶错"),
        source='''class Swish(torch.autograd.Function):
    @staticmethod
    def forward(x, beta):
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.beta = inputs
        ctx.s = torch.sigmoid(ctx.beta * x).detach()
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (ctx.s + ctx.beta * x * ctx.s * (1 - ctx.s)), None
''',
        hint=Hint(
            question=Text(
                en="If x moves, does the s that your backward uses move with it? Does autograd know that?",
                zh="x 动的时候，你的 backward 里用的 s 会跟着动吗？自动求导知道吗？",
            ),
            neighbour=Text(
                en="The rule of exp with a saved number: at x = 0 the gradient 1 is right, and the gradient's gradient comes out as 0 instead of 1, since a number that fell "
                "from the sky has no slope. Saving the output itself, through save_for_backward, keeps the connection.",
                zh="exp 的规则若用存下的一个数：在 x = 0 处梯度 1 是对的，梯度的梯度却成了 0，而不是 1，因为天上掉下来的数没有斜率。把输出本身用 save_for_backward "
                "保存，联系才不会断。",
            ),
        ),
    ),
    Wrong(
        "detached-in-backward",
        Text(en="backward detaches x: the second gradient is lost", zh="backward 里把 x detach 了：二阶梯度没了"),
        edits=(("        (x,) = ctx.saved_tensors\n", "        x = ctx.saved_tensors[0].detach()\n"),),
        hint=Hint(
            question=Text(
                en="May backward itself be differentiated? What does detach() do to that?",
                zh="backward 本身能再求导吗？detach() 对此有什么影响？",
            ),
            neighbour=Text(
                en="The slope of x**3 is 3 * x**2, and its slope is 6 * x: 12 at 2. With x detached inside the rule, 3 * x**2 counts as a fixed number, and its slope as 0.",
                zh="x**3 的斜率是 3 * x**2，再求一次是 6 * x，在 2 处是 12。规则里若把 x detach，3 * x**2 就被当成常数，斜率成了 0。",
            ),
        ),
    ),
    Wrong(
        "kept-in-the-class",
        Text(en="x is kept in the class: the last call wins", zh="把 x 存在类里：最后一次调用覆盖了前面的"),
        source='''class Swish(torch.autograd.Function):
    @staticmethod
    def forward(x, beta):
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        Swish.x, Swish.beta = inputs

    @staticmethod
    def backward(ctx, grad_output):
        x, beta = Swish.x, Swish.beta
        s = torch.sigmoid(beta * x)
        return grad_output * (s + beta * x * s * (1 - s)), None
''',
        hint=Hint(
            question=Text(
                en="Two calls, then one backward through both: which x does your backward find for the first?",
                zh="先调用两次，再对两者做一次 backward：对第一次调用，你的 backward 找到的是哪个 x？",
            ),
            neighbour=Text(
                en="A notice board for all guests of a hotel: the second guest wipes off what the first one wrote. ctx is the drawer in each guest's own room.",
                zh="全旅馆共用一块留言板：第二位客人会擦掉第一位写的。ctx 是各自房间里的抽屉。",
            ),
        ),
    ),
    Wrong(
        "beta-left-out",
        Text(en="the factor beta of the inner function is missing", zh="漏了内层函数求导得到的 beta"),
        edits=(("(s + ctx.beta * x * s * (1 - s))", "(s + x * s * (1 - s))"),),
        hint=Hint(
            question=Text(
                en="What is the derivative of sigmoid(beta * x) in x? Which factor does the chain rule bring out?",
                zh="sigmoid(beta * x) 对 x 的导数是什么？链式法则会带出哪个因子？",
            ),
            neighbour=Text(
                en="sin(5x) has the slope 5 cos(5x): at 0 it is 5, not 1. The inner function is five times as fast.",
                zh="sin(5x) 的斜率是 5 cos(5x)：在 0 处是 5，不是 1。内层快了五倍。",
            ),
        ),
    ),
    Wrong(
        "product-rule-half",
        Text(en="only one half of the product rule", zh="乘积求导只做了一半"),
        edits=(("(s + ctx.beta * x * s * (1 - s))", "s"),),
        hint=Hint(
            question=Text(
                en="x stands twice in x * sigmoid(beta * x). How many terms has its derivative?",
                zh="在 x * sigmoid(beta * x) 里 x 出现了两次，导数有几项？",
            ),
            neighbour=Text(
                en="x * x at 3: treating the second x as fixed gives 3, treating the first one as fixed gives 3, together 6.",
                zh="x * x 在 3 处：把第二个 x 当常数得 3，把第一个 x 当常数得 3，合起来是 6。",
            ),
        ),
    ),
    Wrong(
        "overwrites-upstream",
        Text(en="backward changes grad_output in place", zh="backward 原地修改了 grad_output"),
        edits=(("return grad_output * (s + ctx.beta * x * s * (1 - s)), None", "grad_output.data.mul_((s + ctx.beta * x * s * (1 - s)).detach())\n        return grad_output, None"),),
        hint=Hint(
            question=Text(
                en="Who else may still need grad_output? Print the upstream gradient before and after.",
                zh="还有谁可能需要 grad_output？在前后打印上游梯度看看。",
            ),
            neighbour=Text(
                en="A circular letter goes round: whoever corrects the original instead of a copy changes what all the others read.",
                zh="一封传阅的信：谁若在原件上改，而不是改复印件，别人读到的就都变了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "output-saved",
        '''class Swish(torch.autograd.Function):
    """Saves input and output; the slope from both: s + beta * f * (1 - s)."""

    @staticmethod
    def forward(x, beta):
        return x / (1 + torch.exp(-beta * x))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.beta = inputs[1]
        ctx.save_for_backward(inputs[0], output)

    @staticmethod
    def backward(ctx, grad_output):
        x, out = ctx.saved_tensors
        s = (ctx.beta * x).sigmoid()
        slope = s + ctx.beta * out * (1 - s)
        return (slope * grad_output if ctx.needs_input_grad[0] else None), None
''',
    ),
    Right(
        "by-tanh",
        '''class Swish(torch.autograd.Function):
    """sigmoid(t) = (1 + tanh(t / 2)) / 2."""

    @staticmethod
    def forward(x, beta):
        return x * (1 + torch.tanh(beta * x / 2)) / 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, beta = inputs
        ctx.save_for_backward(x)
        ctx.half = beta / 2

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        t = torch.tanh(ctx.half * x)
        return upstream * ((1 + t) + ctx.half * x * (1 - t * t)) / 2, None
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "ones-on-cpu",
        Text(en="backward subtracts from ones that are made on the CPU", zh="反向里用来做减法的 1 是在 CPU 上生成的"),
        edits=(("(1 - s)", "(torch.ones(x.shape, dtype=x.dtype) - s)"),),
        hint=Hint(
            question=Text(en="Does 1 - s need a tensor of ones? On which device is the one that you made?", zh="1 - s 真的需要一个全 1 的张量吗？你生成的那个在哪个设备上？"),
            neighbour=Text(en="2 * t and t + 3 take the Python number to wherever t lies. torch.full((4,), 3.0) + t raises for t on a GPU, and only there: the tests on your laptop pass.", zh="2 * t、t + 3 里的 Python 数会到 t 所在的地方去。t 在 GPU 上时，torch.full((4,), 3.0) + t 会报错，而且只在那里报错：在你的笔记本电脑上测试照样通过。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="5.4 A Function of your own", zh="5.4 自己的 Function"),
    properties=(
        Property("value", Text(en="the value", zh="函数值")),
        Property(
            "gradient", Text(en="the gradient under a random upstream gradient", zh="随机上游梯度下的梯度"), points=2.0
        ),
        Property("two", Text(en="two calls before one backward", zh="两次调用之后一次 backward")),
        Property("second", Text(en="the gradient of the gradient", zh="梯度的梯度"), points=2.0),
        Property("functional", Text(en="works with torch.func", zh="能与 torch.func 配合")),
        Property(
            "inputs",
            Text(en="x and the upstream gradient are left as they were", zh="x 和上游梯度保持原样"),
            only_with="gradient",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Run torch.autograd.gradcheck(lambda t: Swish.apply(t, 2.0), (torch.randn(3, dtype=torch.float64, requires_grad=True),)). What does it say? And gradgradcheck?",
            zh="运行 torch.autograd.gradcheck(lambda t: Swish.apply(t, 2.0), (torch.randn(3, dtype=torch.float64, requires_grad=True),))，它说了什么？gradgradcheck 呢？",
        ),
        neighbour=Text(
            en="x * exp(k * x): forward(x, k) computes it; setup_context keeps ctx.k and saves x; with e = exp(k * x), backward returns grad_output * (e + k * x * e) and "
            "None. At x = 0: slope 1.",
            zh="x * exp(k * x)：forward(x, k) 负责计算；setup_context 记下 ctx.k 并保存 x；记 e = exp(k * x)，backward 返回 grad_output * (e + k * x * e) 和 None。在 x = 0 处，"
            "斜率是 1。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
