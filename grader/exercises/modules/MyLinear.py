"""Exercise 7.1: a linear layer that is interchangeable with torch's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Parameters; then, with given weights by load_state_dict, the answer and the gradients; initial values; whether
    torch's own layer can take its state."""
    import torch

    d_out, d_in = case["weights"]["weight"].shape
    has_bias = "bias" in case["weights"]
    with torch.random.fork_rng():
        torch.manual_seed(case["seed"])
        layer = ns["MyLinear"](d_in, d_out, bias=has_bias, dtype=torch.float64)
        yield (
            "parameters",
            {name: [list(p.shape), str(p.dtype), p.requires_grad] for name, p in layer.named_parameters()},
        )
        yield "bias", layer.bias is None
        layer.load_state_dict(case["weights"])
        out = layer(case["x"])
        yield "output", out.detach()
        yield "gradients", list(torch.autograd.grad(out, list(layer.parameters()), case["upstream"]))
        theirs = torch.nn.Linear(d_in, d_out, bias=has_bias, dtype=torch.float64)
        theirs.load_state_dict(layer.state_dict())
        yield "exchanged", theirs(case["x"]).detach()
        wide = ns["MyLinear"](100, 400)
        yield (
            "init",
            [
                wide.weight.std().item(),
                wide.weight.abs().max().item(),
                wide.bias.abs().max().item(),
                wide.bias.std().item(),
            ],
        )


def _case(name: str, label: Text, shape: tuple[int, ...], d_out: int, bias: bool, rng: np.random.Generator) -> Case:
    def draw(*size: int) -> torch.Tensor:
        return torch.from_numpy(np.array(np.round(rng.standard_normal(size), 1)))

    weights = {"weight": draw(d_out, shape[-1])} | ({"bias": draw(d_out)} if bias else {})
    return Case(
        name,
        label,
        {"x": draw(*shape), "upstream": draw(*shape[:-1], d_out), "weights": weights, "seed": int(rng.integers(1000))},
    )


PUBLIC = (
    _case("batch", Text(en="a batch of 2, from 3 to 2", zh="两个样本的批量，由 3 到 2"), (2, 3), 2, True, np.random.default_rng(1)),
    _case("single", Text(en="one sample without a batch", zh="没有批量维的一个样本"), (3,), 4, True, np.random.default_rng(2)),
    _case("no-bias", Text(en="bias=False", zh="bias=False"), (2, 2), 3, False, np.random.default_rng(3)),
    _case("three-dimensions", Text(en="an input [2, 3, 2]", zh="输入 [2, 3, 2]"), (2, 3, 2), 2, True, np.random.default_rng(4)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, one input, one output."""
    return [
        _case("large", Text(en="a batch of 7, from 5 to 6", zh="七个样本的批量，由 5 到 6"), (7, 5), 6, True, rng),
        _case("narrow", Text(en="from 1 to 1, no bias", zh="由 1 到 1，不带偏置"), (4, 1), 1, False, rng),
    ]


_BIAS = Hint(
    question=Text(
        en="How many parameters has your layer with bias=False? Can one that is zero today be something else after a step?",
        zh="bias=False 时，你的层有几个参数？今天是零的参数，走一步之后还会是零吗？",
    ),
    neighbour=Text(
        en="An empty chair at the table is an invitation. Whoever is not to come needs no chair: None means that it is not there.",
        zh="桌边的空椅子就是邀请。不请的人，就不要摆椅子：None 的意思是没有。",
    ),
)

WRONG = (
    Wrong(
        "plain-tensors",
        Text(en="plain tensors instead of parameters", zh="用了普通张量，不是参数"),
        edits=(
            ("nn.Parameter(torch.empty(d_out, d_in, dtype=dtype).uniform_(-bound, bound))", "torch.empty(d_out, d_in, dtype=dtype).uniform_(-bound, bound).requires_grad_()"),
            ("nn.Parameter(torch.empty(d_out, dtype=dtype).uniform_(-bound, bound))", "torch.empty(d_out, dtype=dtype).uniform_(-bound, bound).requires_grad_()"),
        ),
        hint=Hint(
            question=Text(en="What does list(layer.parameters()) show?", zh="list(layer.parameters()) 显示什么？"),
            neighbour=Text(en="self.scale = torch.ones(3) is an attribute like any other. self.scale = nn.Parameter(torch.ones(3)) is entered in the list.", zh="self.scale = torch.ones(3) 只是普通属性。self.scale = nn.Parameter(torch.ones(3)) 才会登记。"),
        ),
    ),
    Wrong(
        "weight-transposed",
        Text(en="the weight is kept as [d_in, d_out]", zh="权重存成了 [d_in, d_out]"),
        edits=(("torch.empty(d_out, d_in, dtype=dtype)", "torch.empty(d_in, d_out, dtype=dtype)"), ("x @ self.weight.T", "x @ self.weight")),
        hint=Hint(
            question=Text(en="Which shape has nn.Linear(3, 2).weight? Can it be loaded into yours?", zh="nn.Linear(3, 2).weight 是什么形状？能加载到你的层里吗？"),
            neighbour=Text(en="Two libraries keep the same table, one as [month, shop], the other as [shop, month]. To exchange files they must agree on one.", zh="两个系统存同一张表，一个按 [月, 店]，一个按 [店, 月]。要交换文件，得统一成一种。"),
        ),
    ),
    Wrong(
        "bias-always",
        Text(en="bias=False is ignored", zh="忽略了 bias=False"),
        edits=((" if bias else None", ""),),
        hint=_BIAS,
    ),
    Wrong(
        "bias-of-zeros",
        Text(en="with bias=False there is a parameter full of zeros", zh="bias=False 时放了一个全零的参数"),
        edits=((" if bias else None", " if bias else nn.Parameter(torch.zeros(d_out, dtype=dtype))"),),
        hint=_BIAS,
    ),
    Wrong(
        "batch-only",
        Text(en="one sample without a batch is refused", zh="不接受没有批量维的样本"),
        edits=(("out = x @ self.weight.T", "out = torch.mm(x, self.weight.T)"),),
        hint=Hint(
            question=Text(en="How many dimensions does your product insist on?", zh="你的乘法要求输入必须是几维？"),
            neighbour=Text(en="A ticket machine that takes exactly two coins is no use for a ticket of one coin. @ takes what comes; mm wants two dimensions.", zh="只收恰好两枚硬币的售票机，买一枚硬币的票就没法用。@ 来什么都收，mm 只要两维。"),
        ),
    ),
    Wrong(
        "dtype-ignored",
        Text(en="the dtype is ignored", zh="忽略了 dtype"),
        edits=(("torch.empty(d_out, d_in, dtype=dtype)", "torch.empty(d_out, d_in)"), ("torch.empty(d_out, dtype=dtype)", "torch.empty(d_out)")),
        hint=Hint(
            question=Text(en="Which dtype have your parameters for dtype=torch.float64?", zh="dtype=torch.float64 时，你的参数是什么 dtype？"),
            neighbour=Text(en="torch.zeros(2) is float32 whoever asks; torch.zeros(2, dtype=d) is d, and None means the default.", zh="torch.zeros(2) 不管谁问都是 float32；torch.zeros(2, dtype=d) 才是 d，None 表示默认。"),
        ),
    ),
    Wrong(
        "init-with-d-out",
        Text(en="initial values scaled with the number of outputs", zh="初始值按输出个数来缩放"),
        edits=(("bound = 1 / math.sqrt(d_in)", "bound = 1 / math.sqrt(d_out)"),),
        hint=Hint(
            question=Text(en="How many products are added up for one output?", zh="一个输出由多少个乘积相加而成？"),
            neighbour=Text(en="100 voices make a sum, not the number of listeners. Each voice must be softer the more voices there are.", zh="声音的大小取决于有 100 个人在说，而不是有多少人在听。说的人越多，每个人就得越轻。"),
        ),
    ),
    Wrong(
        "init-without-root",
        Text(en="initial values between -1/d_in and 1/d_in", zh="初始值取在 -1/d_in 与 1/d_in 之间"),
        edits=(("1 / math.sqrt(d_in)", "1 / d_in"),),
        hint=Hint(
            question=Text(en="What is the largest entry of your weight for 100 inputs? What does the card say?", zh="有 100 个输入时，你的权重最大是多少？题目怎么说？"),
            neighbour=Text(en="For 16: 1/16 = 0.0625, one over the root of 16 is 0.25.", zh="对 16：1/16 = 0.0625，而 16 的平方根分之一是 0.25。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "functional",
        '''class MyLinear(nn.Module):
    """With F.linear and register_parameter."""

    def __init__(self, d_in, d_out, bias=True, dtype=None):
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.zeros((d_out, d_in), dtype=dtype))
        self.register_parameter("bias", nn.Parameter(torch.zeros(d_out, dtype=dtype)) if bias else None)
        for p in self.parameters():
            nn.init.uniform_(p, -(d_in**-0.5), d_in**-0.5)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)
''',
    ),
    Right(
        "einsum",
        '''class MyLinear(nn.Module):
    """With einsum and rand."""

    def __init__(self, d_in, d_out, bias=True, dtype=None):
        super().__init__()
        b = d_in**-0.5
        self.weight = nn.Parameter((2 * torch.rand(d_out, d_in, dtype=dtype) - 1) * b)
        self.bias = None
        if bias:
            del self.bias
            self.bias = nn.Parameter((2 * torch.rand(d_out, dtype=dtype) - 1) * b)

    def forward(self, x):
        y = torch.einsum("...i,oi->...o", x, self.weight)
        return y + self.bias if self.bias is not None else y
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "plain-attribute",
        Text(en="the transposed weight is kept as a plain attribute, which .to(device) leaves behind", zh="把转置后的权重存成了普通属性，.to(device) 不会带上它"),
        edits=(("        self.bias = nn.Parameter(", "        self.turned = self.weight.T\n        self.bias = nn.Parameter("), ("out = x @ self.weight.T", "out = x @ self.turned")),
        hint=Hint(
            question=Text(en="Move your layer with .to(\"meta\") and print the device of each attribute. Which one stayed, and why?", zh="用 .to(\"meta\") 移动你的层，再打印每个属性的设备。哪一个留在了原地？为什么？"),
            neighbour=Text(en="class Scale(nn.Module) with self.factor = torch.ones(3): Scale().to(\"cuda\").factor is on the CPU. A module moves its parameters, its buffers (register_buffer) and its parts, nothing else.", zh="class Scale(nn.Module) 里写 self.factor = torch.ones(3)：Scale().to(\"cuda\").factor 仍在 CPU 上。模块只搬自己的参数、缓冲区（register_buffer）和子模块，别的不搬。"),
        ),
    ),
    Wrong(
        "no-bias-as-zeros",
        Text(en="without a bias, forward adds zeros that are made on the CPU", zh="没有偏置时，forward 加上在 CPU 上生成的零"),
        edits=(('return out if self.bias is None else out + self.bias', 'return out + (torch.zeros(len(self.weight), dtype=x.dtype) if self.bias is None else self.bias)'),),
        hint=Hint(
            question=Text(en="Your layer with a bias runs on a GPU. Why does the one without not?", zh="带偏置的层在 GPU 上能运行。不带偏置的为什么不行？"),
            neighbour=Text(en="A layer with an optional scale: y * (self.scale if self.scale is not None else torch.ones(3)) raises on a GPU without a scale; a plain 1 in the place of the ones, or no product at all, runs anywhere.", zh="带可选缩放的层：y * (self.scale if self.scale is not None else torch.ones(3))，没有缩放时到 GPU 上就报错；把全 1 的张量换成普通的 1，或者干脆不乘，在哪里都能运行。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="7.1 Your own Linear", zh="7.1 自己的 Linear"),
    properties=(
        Property(
            "parameters",
            Text(en="names, shapes and dtypes of the parameters", zh="参数的名字、形状和 dtype"),
            points=2.0,
        ),
        Property(
            "bias", Text(en="bias is None where there is none", zh="没有偏置时 bias 为 None"), only_with="parameters"
        ),
        Property("output", Text(en="the answer for given weights", zh="给定权重时的结果"), points=2.0),
        Property("gradients", Text(en="the gradients of the parameters", zh="参数的梯度")),
        Property(
            "exchanged", Text(en="nn.Linear can load its state", zh="nn.Linear 能加载它的状态"), only_with="output"
        ),
        Property(
            "init",
            Text(en="the initial values", zh="初始值"),
            rtol=0.15,
            atol=0.0,
            why="the deviation of 400 drawn numbers lies within 15 % of the true one, at more than four sigma",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Put nn.Linear beside your layer: compare named_parameters(), then the answers for the same state_dict.",
            zh="把 nn.Linear 放在你的层旁边：先比较 named_parameters()，再比较同一个 state_dict 下的结果。",
        ),
        neighbour=Text(
            en="A layer Scale(d) with one parameter scale [d]: in __init__ super().__init__(), self.scale = nn.Parameter(torch.ones(d)); forward: x * self.scale. named_parameters() shows "
            "('scale', [d]).",
            zh="一个层 Scale(d)，有一个参数 scale [d]：在 __init__ 里 super().__init__()，self.scale = nn.Parameter(torch.ones(d))；forward：x * self.scale。named_parameters() 显示 ('scale', [d])。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
