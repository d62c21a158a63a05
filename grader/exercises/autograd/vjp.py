"""Exercise 4.3: the vector-Jacobian product of any function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Asks for the same product twice; yields both, then what has become of x."""
    matrix = case["matrix"]
    functions = {
        "linear": lambda x: matrix @ x,
        "squares": lambda x: x * x,
        "products": lambda x: x[:, None] * x[None, :],
        "running": lambda x: x.cumprod(0),
        "total": lambda x: (x * x.sin()).sum(),
    }
    x = case["x"].clone().requires_grad_(case["tracked"])
    if case["tracked"]:
        x.grad = x.detach() + 100.0
    f = functions[case["f"]]
    yield "product", ns["vjp"](f, x, case["v"])
    yield "again", ns["vjp"](f, x, case["v"])
    yield "x", [x.detach(), x.requires_grad, None if x.grad is None else x.grad]


def _case(name: str, label: Text, f: str, x: Any, v: Any, matrix: Any = ((0.0,),), tracked: bool = False) -> Case:
    tensors = {
        key: torch.as_tensor(value, dtype=torch.float64) for key, value in (("x", x), ("v", v), ("matrix", matrix))
    }
    return Case(name, label, {"f": f, **tensors, "tracked": tracked})


PUBLIC = (
    _case("squares", Text(en="f(x) = x * x", zh="f(x) = x * x"), "squares", [3.0, -1.0], [10.0, 1.0]),
    _case(
        "square-matrix",
        Text(en="f(x) = M @ x, M [2, 2]", zh="f(x) = M @ x，M [2, 2]"),
        "linear",
        [1.0, 2.0],
        [3.0, -1.0],
        [[1.0, 4.0], [2.0, -3.0]],
    ),
    _case(
        "oblong-matrix",
        Text(
            en="f(x) = M @ x, M [2, 3]; x requires a gradient and has a .grad",
            zh="f(x) = M @ x，M [2, 3]；x 需要梯度，并且已有 .grad",
        ),
        "linear",
        [1.0, 0.5, -2.0],
        [2.0, -1.0],
        [[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]],
        tracked=True,
    ),
    _case(
        "running",
        Text(en="f(x) = x.cumprod(0)", zh="f(x) = x.cumprod(0)"),
        "running",
        [2.0, -1.5, 0.5],
        [1.0, 0.0, -2.0],
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """More functions and shapes: a result with more dimensions than x, a result that is one number, one entry only."""
    draw = rng.standard_normal
    return [
        _case(
            "products",
            Text(en="all products of two entries", zh="两两元素的乘积"),
            "products",
            draw(4),
            draw((4, 4)),
            tracked=True,
        ),
        _case(
            "matrix",
            Text(en="f(x) = M @ x, M [5, 3]", zh="f(x) = M @ x，M [5, 3]"),
            "linear",
            draw(3),
            draw(5),
            draw((5, 3)),
        ),
        _case(
            "columns",
            Text(en="f(x) = M @ x, x [3, 2]", zh="f(x) = M @ x，x [3, 2]"),
            "linear",
            draw((3, 2)),
            draw((4, 2)),
            draw((4, 3)),
        ),
        _case(
            "total",
            Text(en="a result that is one number", zh="结果只有一个数"),
            "total",
            draw(6),
            draw(()),
            tracked=True,
        ),
        _case("single", Text(en="one entry", zh="只有一个元素"), "running", draw(1), draw(1)),
    ]


_ONCE = Hint(
    question=Text(
        en="Where does your gradient pile up? What is there already when you are called the second time, or when x had a .grad before?",
        zh="你的梯度累加到了哪里？第二次调用时，或者 x 原来就有 .grad 时，那里已经有什么？",
    ),
    neighbour=Text(
        en="A jug that is never emptied: pour 3, read 3; pour 3 again, read 6. Either measure in a jug of your own that nobody else "
        "uses, or take the water straight into your hands.",
        zh="一只从不倒空的量壶：倒进 3，读数 3；再倒进 3，读数 6。要么用一只别人都不碰的量壶来量，要么根本不经过量壶。",
    ),
)

WRONG = (
    Wrong(
        "starts-from-a-vector",
        Text(en="backward() or grad() without v", zh="调用时没有给出 v"),
        edits=(("torch.autograd.grad(f(start), start, v)", "torch.autograd.grad(f(start), start)"),),
        hint=Hint(
            question=Text(
                en="From which number should the way back start, if the result has several? Who tells how much each of them matters?",
                zh="结果有好几个数，往回走该从哪个数开始？由谁来说明每个数有多重要？",
            ),
            neighbour=Text(
                en="Two outputs, 3u and 5u. 'The slope' in u has no meaning until somebody weighs the outputs: with the weights "
                "(2, 1) it is 2*3 + 1*5 = 11, with (0, 1) it is 5.",
                zh="两个输出 3u 和 5u。在有人给输出定权重之前，对 u 的“斜率”没有意义：权重是 (2, 1) 时为 2*3 + 1*5 = 11，是 (0, 1) 时为 5。",
            ),
        ),
    ),
    Wrong(
        "sums-the-outputs",
        Text(en="the outputs are summed; v plays no part", zh="把各个输出直接相加，v 没有起作用"),
        edits=(("torch.autograd.grad(f(start), start, v)", "torch.autograd.grad(f(start).sum(), start)"),),
        hint=Hint(
            question=Text(
                en="Change v and call again. Does your answer change?",
                zh="换一个 v 再调用一次，你的答案变了吗？",
            ),
            neighbour=Text(
                en="Outputs 3u and 5u. The plain sum has the slope 8, which is the answer for the weights (1, 1) and no others. "
                "With (2, 1) it is 11.",
                zh="输出 3u 和 5u。直接相加的斜率是 8，这只是权重 (1, 1) 的答案。权重是 (2, 1) 时应为 11。",
            ),
        ),
    ),
    Wrong(
        "weights-the-gradient",
        Text(en="v is multiplied to the gradient afterwards instead of to the outputs", zh="v 没有乘在输出上，而是事后乘在了梯度上"),
        edits=(("torch.autograd.grad(f(start), start, v)", "torch.autograd.grad(f(start).sum(), start)"), ("return product", "return product * v")),
        hint=Hint(
            question=Text(
                en="Has v the shape of the outputs or of the inputs? What does it weigh?",
                zh="v 与输出同形，还是与输入同形？它衡量的是谁？",
            ),
            neighbour=Text(
                en="Outputs (u, u + w), weights (10, 1). Right: slope in u is 10*1 + 1*1 = 11, in w it is 1*1 = 1. Weighing afterwards: "
                "(2, 1) times (10, 1) = (20, 1). It agrees only where each output depends on its own input alone.",
                zh="输出 (u, u + w)，权重 (10, 1)。正确：对 u 的斜率是 10*1 + 1*1 = 11，对 w 是 1*1 = 1。事后再乘则是 (2, 1) 乘 (10, 1) = (20, 1)。"
                "只有在每个输出只依赖对应的那个输入时，两者才一致。",
            ),
        ),
    ),
    Wrong(
        "jacobian-times-v",
        Text(en="J v instead of vᵀ J", zh="算成了 J v，而不是 vᵀ J"),
        source='''def vjp(f, x, v):
    jacobian = torch.autograd.functional.jacobian(f, x.detach())
    return torch.tensordot(jacobian, v, v.dim())
''',
        hint=Hint(
            question=Text(
                en="J has a row for each output and a column for each input. v has a number for each output. Along which side of J does it "
                "lie?",
                zh="J 的每一行对应一个输出，每一列对应一个输入；v 的每个数对应一个输出。它该靠在 J 的哪一边？",
            ),
            neighbour=Text(
                en="J = [[1, 2], [0, 3]], v = (1, 10). vᵀ J weighs the rows: 1*(1, 2) + 10*(0, 3) = (1, 32). J v weighs the columns: "
                "(1*1 + 2*10, 3*10) = (21, 30). For an oblong J the second one does not even exist.",
                zh="J = [[1, 2], [0, 3]]，v = (1, 10)。vᵀ J 给各行加权：1*(1, 2) + 10*(0, 3) = (1, 32)。J v 给各列加权：(1*1 + 2*10, 3*10) = (21, 30)。"
                "J 不是方阵时，后者根本没法算。",
            ),
        ),
    ),
    Wrong(
        "adds-to-x-grad",
        Text(en="runs backward on x itself and returns x.grad", zh="直接在 x 上做 backward，返回 x.grad"),
        source='''def vjp(f, x, v):
    x.requires_grad_()
    f(x).backward(v)
    return x.grad
''',
        hint=_ONCE,
    ),
    Wrong(
        "clears-x-grad",
        Text(en="clears x.grad first: right numbers, but the caller's .grad is lost", zh="先清掉 x.grad：数是对的，却弄丢了调用者的 .grad"),
        source='''def vjp(f, x, v):
    x.requires_grad_()
    x.grad = None
    f(x).backward(v)
    return x.grad.clone()
''',
        hint=Hint(
            question=Text(
                en="What were x.requires_grad and x.grad before your call, and what are they now?",
                zh="调用之前，x.requires_grad 和 x.grad 是什么？现在呢？",
            ),
            neighbour=Text(
                en="You borrow a notebook, tear out the owner's page and write your sum on a fresh one. The sum is right, and the owner has "
                "lost a page. x.detach() is a notebook of your own with the same numbers in it.",
                zh="你借来一本笔记，撕掉主人写的那页，在新的一页上做加法。加法是对的，主人却丢了一页。x.detach() 就是一本你自己的、数字相同的笔记。",
            ),
        ),
    ),
    Wrong(
        "switches-tracking-on",
        Text(en="x is made to require a gradient and stays so", zh="让 x 需要梯度，之后没有改回来"),
        edits=(("    start = x.detach().requires_grad_()             # a leaf of our own, with x's numbers | 自己的叶子，数与 x 相同\n", "    start = x.requires_grad_()\n"),),
        hint=Hint(
            question=Text(
                en="Print x.requires_grad before and after the call for the first case. Whose flag did you set?",
                zh="对第一个算例，在调用前后打印 x.requires_grad。你设置的是谁的标志？",
            ),
            neighbour=Text(
                en="t = torch.zeros(2); s = t.requires_grad_(): s is t. The underscore changes t itself. s = t.detach().requires_grad_() "
                "sets the flag on a new tensor; t.requires_grad stays False.",
                zh="t = torch.zeros(2); s = t.requires_grad_()，s 就是 t：带下划线的方法改的是 t 自己。s = t.detach().requires_grad_() 则把标志设在新张量上，"
                "t.requires_grad 仍是 False。",
            ),
        ),
    ),
    Wrong(
        "returns-the-tuple",
        Text(en="returns the tuple that torch.autograd.grad gives", zh="返回了 torch.autograd.grad 给出的元组"),
        edits=(("(product,) = ", "product = "),),
        hint=Hint(
            question=Text(
                en="What is type(torch.autograd.grad(...))? How many inputs did you ask about?",
                zh="type(torch.autograd.grad(...)) 是什么？你问了几个输入？",
            ),
            neighbour=Text(
                en="divmod(17, 5) returns (3, 2) even if you only care for the 3. A function that may be asked about several things returns a "
                "tuple also for one: (answer,) = ask([one]).",
                zh="divmod(17, 5) 返回 (3, 2)，哪怕你只想要 3。可以同时问好几样东西的函数，只问一样时也返回元组：(answer,) = ask([one])。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "functional",
        '''def vjp(f, x, v):
    """With torch.func."""
    _, back = torch.func.vjp(f, x.detach())
    return back(v)[0]
''',
    ),
    Right(
        "weighted-sum",
        '''def vjp(f, x, v):
    """The weighted sum of the outputs is one number, and its gradient is the product."""
    own = x.detach().clone().requires_grad_(True)
    (f(own) * v).sum().backward()
    return own.grad
''',
    ),
    Right(
        "whole-jacobian",
        '''def vjp(f, x, v):
    """Builds the whole Jacobian: wasteful, but right."""
    jacobian = torch.autograd.functional.jacobian(f, x.detach())
    return torch.tensordot(v, jacobian, v.dim())
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "leaf-from-a-list",
        Text(en="the leaf is made anew from a list of x's numbers", zh="叶子是用 x 的数列成列表重新生成的"),
        edits=(("start = x.detach().requires_grad_() ", "start = torch.tensor(x.tolist(), dtype=x.dtype, requires_grad=True) "),),
        hint=Hint(
            question=Text(en="A list knows numbers, but neither a dtype nor a device. Which of the two did you put back?", zh="列表只有数，既没有 dtype，也没有设备。这两样你补回了哪一样？"),
            neighbour=Text(en="torch.tensor(t.tolist()) lies on the CPU, and for a t of a million entries it fetches them one by one. t.clone() and t.detach() stay where t is.", zh="torch.tensor(t.tolist()) 在 CPU 上，t 有一百万个元素时还要一个个取回。t.clone() 和 t.detach() 都留在 t 那里。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="4.3 Vector-Jacobian product", zh="4.3 向量与雅可比矩阵的乘积"),
    properties=(
        Property("product", Text(en="the product vᵀ J", zh="乘积 vᵀ J"), points=3.0),
        Property("again", Text(en="the same again at the second call", zh="第二次调用，答案相同"), only_with="product"),
        Property(
            "x",
            Text(en="x, its flag and its .grad are left as they were", zh="x、它的标志和 .grad 都保持原样"),
            only_with="product",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Work out J for the first case by hand: one row for each output. Which sum of its rows do you expect?",
            zh="手算第一个算例的 J：每个输出一行。你预计得到各行的怎样一个和？",
        ),
        neighbour=Text(
            en="f(a, b) = (a*b, b) at (4, 5), v = (2, 7). The rows of J are (5, 4) and (0, 1). 2*(5, 4) + 7*(0, 1) = (10, 15).",
            zh="f(a, b) = (a*b, b)，在 (4, 5) 处，v = (2, 7)。J 的两行是 (5, 4) 和 (0, 1)。2*(5, 4) + 7*(0, 1) = (10, 15)。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
