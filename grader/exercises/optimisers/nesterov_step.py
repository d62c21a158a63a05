"""Exercise 6.2: Nesterov momentum with weight decay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.exercises.optimisers._runs import long, small, two
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Takes all steps; yields the parameters after the first, then everything after the last."""
    import torch

    params = [p.clone().requires_grad_() for p in case["params"]]
    velocities = [torch.zeros_like(p) for p in case["params"]]
    watched = list(params), list(velocities)
    for number, (lr, grads) in enumerate(zip(case["lrs"], case["grads"], strict=True)):
        for p, grad in zip(watched[0], grads, strict=True):
            p.grad = grad.clone()
        ns["nesterov_step"](params, velocities, lr, case["momentum"], case["weight_decay"])
        if number == 0:
            yield "first", [p.detach() for p in watched[0]]
    yield "params", [p.detach() for p in watched[0]]
    yield "velocities", watched[1]
    yield "grads", [p.grad for p in watched[0]]


PUBLIC = (
    Case("no-decay", Text(en="no weight decay", zh="不带权重衰减"), {**small([[1.0, -2.0]] * 3, [0.1] * 3), "momentum": 0.5, "weight_decay": 0.0}),
    Case("only-decay", Text(en="all gradients are 0: only the decay pulls", zh="梯度全为 0：只有衰减在拉"), {**small([[0.0, 0.0]] * 3, [0.5, 0.1, 0.2]), "momentum": 0.5, "weight_decay": 0.5}),
    Case("both", Text(en="two parameters, decay 0.3, lr changes", zh="两个参数，衰减 0.3，lr 变化"), {**two(3, [0.1, 0.05, 0.2], np.random.default_rng(3)), "momentum": 0.8, "weight_decay": 0.3}),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Forty-five steps with a falling learning rate; mostly zero gradients; no momentum."""
    return [
        Case("long", Text(en="45 steps, lr changes", zh="45 步，lr 不断变化"), {**long(rng), "momentum": 0.9, "weight_decay": 0.05}),
        Case("sparse", Text(en="45 steps, most entries of the gradients are 0", zh="45 步，梯度的大部分元素为 0"), {**long(rng, 0.8), "momentum": 0.7, "weight_decay": 0.2}),
        Case("none", Text(en="momentum 0", zh="动量为 0"), {**long(rng), "momentum": 0.0, "weight_decay": 0.1}),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "decoupled-decay",
        Text(en="the weight is shrunk directly (AdamW's way) instead of through the gradient", zh="直接收缩权重（AdamW 的做法），而没有并入梯度"),
        edits=(
            ("grad = p.grad + weight_decay * p ", "grad = p.grad "),
            ("p -= lr * (grad + momentum * v)", "p -= lr * (grad + momentum * v) + lr * weight_decay * p"),
        ),
        hint=Hint(
            question=Text(
                en="Does your decay pass through the velocity? What does the card say about the order?",
                zh="你的衰减经过速度了吗？题目规定的次序是什么？",
            ),
            neighbour=Text(
                en="Gradient 0, decay pull 1 in each step, momentum 0.5, plain momentum: through the velocity the steps are 1, 1.5, 1.75; "
                "directly they are 1, 1, 1. Whether a force goes into the velocity or onto the place makes a difference.",
                zh="梯度 0，每步衰减的拉力是 1，普通动量 0.5：经过速度时，步子是 1、1.5、1.75；直接拉则是 1、1、1。力加在速度上还是加在位置上，是两回事。",
            ),
        ),
    ),
    Wrong(
        "look-ahead-without-decay",
        Text(en="the decay is in the velocity, but not in the gradient of the step", zh="速度里有衰减，走步用的梯度里却没有"),
        edits=(("p -= lr * (grad + momentum * v)", "p -= lr * (p.grad + momentum * v)"),),
        hint=Hint(
            question=Text(
                en="The gradient appears twice in the formulas. Is it the one with the decay in both places?",
                zh="公式里梯度出现了两次。两处都是带衰减的那个吗？",
            ),
            neighbour=Text(
                en="A bill of 100 and a tip of 10. The book-keeping says 110, but the guest pays 100: 'the amount' was replaced in one place only. "
                "Give the sum a name of its own and use it everywhere.",
                zh="账单 100，小费 10。账本上记 110，客人却付了 100：“金额”只改了一处。给总数单独起个名字，处处都用它。",
            ),
        ),
    ),
    Wrong(
        "decay-with-wrong-sign",
        Text(en="weight decay makes the weights grow", zh="权重衰减的符号反了，权重反而变大"),
        edits=(("p.grad + weight_decay * p ", "p.grad - weight_decay * p "),),
        hint=Hint(
            question=Text(
                en="In the case where all gradients are 0: do your weights move towards 0 or away from it?",
                zh="在梯度全为 0 的算例里，你的权重是向 0 靠近，还是离它而去？",
            ),
            neighbour=Text(
                en="The slope of 0.5 * 0.1 * u * u at u = 4 is +0.4. Going against a slope of +0.4 leads to the left, from 4 towards 0.",
                zh="0.5 * 0.1 * u * u 在 u = 4 处的斜率是 +0.4。逆着 +0.4 的斜率走，是向左，从 4 走向 0。",
            ),
        ),
    ),
    Wrong(
        "twice-the-decay",
        Text(en="the factor of p squared's derivative is added once more", zh="又多乘了一个平方求导的 2"),
        edits=(("p.grad + weight_decay * p ", "p.grad + 2 * weight_decay * p "),),
        hint=Hint(
            question=Text(
                en="What is the derivative of half of lambda times p squared?",
                zh="二分之一 λ 乘以 p 的平方，导数是什么？",
            ),
            neighbour=Text(
                en="0.5 * 6 * u * u at u = 2: the slope is 0.5 * 6 * 2 * 2 = 12, which is 6 times u. The half is there so that no 2 remains.",
                zh="0.5 * 6 * u * u 在 u = 2 处：斜率是 0.5 * 6 * 2 * 2 = 12，即 6 乘以 u。那个二分之一，就是为了不留下 2。",
            ),
        ),
    ),
    Wrong(
        "no-look-ahead",
        Text(en="ordinary momentum: the step is the velocity alone", zh="普通动量：步子只是速度"),
        edits=(("p -= lr * (grad + momentum * v)", "p -= lr * v"),),
        hint=Hint(
            question=Text(
                en="What is multiplied by lr in Nesterov's formula?",
                zh="Nesterov 的公式里，与 lr 相乘的是什么？",
            ),
            neighbour=Text(
                en="Gradient 2, old velocity 0, mu 0.5. The new velocity is 2. Ordinary momentum steps by 2. Looking ahead, the velocity will "
                "push by half of 2 once more: 2 + 1 = 3.",
                zh="梯度 2，原来的速度 0，mu 0.5。新速度是 2。普通动量走 2。往前看，速度还会再推 2 的一半：2 + 1 = 3。",
            ),
        ),
    ),
    Wrong(
        "look-ahead-twice",
        Text(en="the look-ahead is applied twice", zh="往前看了两次"),
        edits=(("p -= lr * (grad + momentum * v)", "p -= lr * (grad + momentum * (grad + momentum * v))"),),
        hint=Hint(
            question=Text(
                en="How many steps does Nesterov look ahead? How often does momentum appear as a factor in your step?",
                zh="Nesterov 往前看几步？在你的步子里，momentum 作为因子出现了几次？",
            ),
            neighbour=Text(
                en="Gradient 2, new velocity 8, mu 0.5: looking ahead once gives 2 + 0.5*8 = 6. Putting the result in once more, 2 + 0.5*6 = 5, is "
                "wrong.",
                zh="梯度 2，新速度 8，mu 0.5：往前看一次，2 + 0.5*8 = 6。把结果再代进去看一次，2 + 0.5*6 = 5，就不对了。",
            ),
        ),
    ),
    Wrong(
        "gradient-changed",
        Text(en="the decay is added to .grad itself", zh="把衰减直接加进了 .grad"),
        edits=(("grad = p.grad + weight_decay * p ", "grad = p.grad.add_(weight_decay * p) "),),
        hint=Hint(
            question=Text(
                en="Print p.grad before and after your step. Who else may want to read it, to log its size for instance?",
                zh="在走步前后打印 p.grad。还有谁可能要读它，比如记录它的大小？",
            ),
            neighbour=Text(
                en="t = torch.ones(2); s = t.add_(4): t is 5 now, because a method whose name ends in _ changes its tensor. s = t + 4 makes a new one.",
                zh="t = torch.ones(2); s = t.add_(4)：t 现在是 5，因为名字以 _ 结尾的方法会修改张量本身。s = t + 4 则生成新的。",
            ),
        ),
    ),
    Wrong(
        "parameters-rebound",
        Text(en="p = p - … makes new tensors; the parameters never move", zh="p = p - … 生成了新张量，参数根本没动"),
        edits=(("p -= lr * (grad + momentum * v)", "p = p - lr * (grad + momentum * v)"),),
        hint=Hint(
            question=Text(
                en="Is the tensor in the caller's list the one that you change?",
                zh="你修改的，是调用者列表里的那个张量吗？",
            ),
            neighbour=Text(
                en="for price in prices: price = price + 1 leaves the list as it was; the name price moved on to a new number.",
                zh="for price in prices: price = price + 1，列表没有变：price 这个名字挪到了新的数上。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "the-real-one",
        '''def nesterov_step(params, velocities, lr, momentum, weight_decay):
    """Lends the state to torch.optim.SGD, on copies of the gradients; without momentum torch has no Nesterov."""
    kept = [p.grad.clone() for p in params]
    optimiser = torch.optim.SGD(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=momentum > 0)
    for p, v in zip(params, velocities):
        optimiser.state[p]["momentum_buffer"] = v
    before = [p.detach().clone() for p in params]
    optimiser.step()
    for p, v, grad, old in zip(params, velocities, kept, before):
        if momentum == 0:
            v.copy_(grad + weight_decay * old)
        p.grad = grad
''',
    ),
    Right(
        "written-out",
        '''def nesterov_step(params, velocities, lr, momentum, weight_decay):
    """All four terms of the step by themselves."""
    for p, v in zip(params, velocities):
        with torch.no_grad():
            pull = p * weight_decay
            v.copy_(momentum * v + p.grad + pull)
            p.sub_(p.grad, alpha=lr).sub_(pull, alpha=lr).sub_(v, alpha=lr * momentum)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "sum-on-cpu",
        Text(en="gradient and decay are added into zeros on the CPU", zh="把梯度和衰减加进了 CPU 上的零"),
        edits=(("grad = p.grad + weight_decay * p ", "grad = torch.zeros(p.shape, dtype=p.dtype)\n            grad += p.grad + weight_decay * p "),),
        hint=Hint(
            question=Text(en="Which device does += write to: that of the left side or that of the right?", zh="+= 写到哪个设备上：左边的，还是右边的？"),
            neighbour=Text(en="total = torch.zeros(3); total += t raises for t on a GPU. total = torch.zeros_like(t) does not, and total = 0; total = total + t needs no tensor to begin with.", zh="t 在 GPU 上时，total = torch.zeros(3); total += t 会报错。total = torch.zeros_like(t) 就不会；而 total = 0; total = total + t 一开始连张量都不需要。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="6.2 Nesterov momentum with weight decay", zh="6.2 带权重衰减的 Nesterov 动量"),
    properties=(
        Property("first", Text(en="the parameters after the first step", zh="第一步之后的参数")),
        Property("params", Text(en="the parameters after all steps", zh="全部步数之后的参数"), points=2.0),
        Property("velocities", Text(en="the velocities after all steps", zh="全部步数之后的速度")),
        Property("grads", Text(en="the gradients keep their values", zh="梯度保持原值"), only_with="first"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Look at the case without decay first, then at the one with decay only. Which of the two parts is wrong?",
            zh="先看不带衰减的算例，再看只有衰减的算例。两部分中，错的是哪一部分？",
        ),
        neighbour=Text(
            en="p = 2, gradient 1, decay 0.5, mu 0.5, lr 0.1. The gradient with decay is 1 + 1 = 2. v = 2. The step is 0.1 * (2 + 0.5*2) = 0.3, so "
            "p = 1.7. Next, with gradient 1: 1 + 0.85 = 1.85; v = 1 + 1.85 = 2.85; step 0.1 * (1.85 + 1.425) = 0.3275.",
            zh="p = 2，梯度 1，衰减 0.5，mu 0.5，lr 0.1。带衰减的梯度是 1 + 1 = 2，v = 2，步子 0.1 * (2 + 0.5*2) = 0.3，p = 1.7。下一步梯度仍是 1："
            "1 + 0.85 = 1.85；v = 1 + 1.85 = 2.85；步子 0.1 * (1.85 + 1.425) = 0.3275。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
