"""Exercise 6.3: RMSProp, with gradients that are mostly zero."""

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
    squares = [torch.zeros_like(p) for p in case["params"]]
    watched = list(params), list(squares)
    for number, (lr, grads) in enumerate(zip(case["lrs"], case["grads"], strict=True)):
        for p, grad in zip(watched[0], grads, strict=True):
            p.grad = grad.clone()
        ns["rmsprop_step"](params, squares, lr, case["alpha"], case["eps"])
        if number == 0:
            yield "first", [p.detach() for p in watched[0]]
    yield "params", [p.detach() for p in watched[0]]
    yield "squares", watched[1]


PUBLIC = (
    Case("constant", Text(en="the gradient is 1 and -2 in all three steps", zh="三步的梯度都是 1 和 -2"), {**small([[1.0, -2.0]] * 3, [0.1] * 3), "alpha": 0.9, "eps": 1e-8}),
    Case("one-zero", Text(en="one entry has the gradient 0; eps is large, 0.1", zh="有一个元素的梯度为 0；eps 较大，为 0.1"), {**small([[0.3, 0.0], [0.0, 0.5], [0.0, 0.0]], [0.1, 0.05, 0.2]), "alpha": 0.5, "eps": 0.1}),
    Case("two", Text(en="two parameters of different shapes, lr changes", zh="两个形状不同的参数，lr 变化"), {**two(3, [0.1, 0.05, 0.2], np.random.default_rng(4)), "alpha": 0.8, "eps": 1e-6}),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Forty-five steps with a falling learning rate and mostly zero gradients, small and large eps."""
    return [
        Case("long", Text(en="45 steps, lr changes", zh="45 步，lr 不断变化"), {**long(rng), "alpha": 0.99, "eps": 1e-8}),
        Case("sparse", Text(en="45 steps, most entries of the gradients are 0", zh="45 步，梯度的大部分元素为 0"), {**long(rng, 0.8), "alpha": 0.9, "eps": 0.05}),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "absolute-values",
        Text(en="a running mean of |g| instead of g squared", zh="对 |g| 而不是 g 的平方取滑动平均"),
        edits=(("(1 - alpha) * p.grad**2", "(1 - alpha) * p.grad.abs()"), ("s.sqrt()", "s")),
        hint=Hint(
            question=Text(
                en="What does s hold the mean of? What does the S in RMSProp stand for?",
                zh="s 是什么的平均？RMSProp 里的 S 代表什么？",
            ),
            neighbour=Text(
                en="The numbers 1 and 7: the mean of the sizes is 4, the root of the mean square is the root of (1 + 49) / 2 = 25, so 5. They agree only "
                "where all sizes are the same.",
                zh="两个数 1 和 7：大小的平均是 4；均方根是 (1 + 49) / 2 = 25 的平方根，即 5。只有大小都相同时，两者才一致。",
            ),
        ),
    ),
    Wrong(
        "eps-inside-the-root",
        Text(en="eps stands inside the root", zh="eps 写进了根号里"),
        edits=(("(s.sqrt() + eps)", "(s + eps).sqrt()"),),
        hint=Hint(
            question=Text(
                en="Where does eps stand in the formula: inside the root or outside? How large is the root of a very small eps?",
                zh="公式里 eps 在根号里面还是外面？一个很小的 eps，开方之后有多大？",
            ),
            neighbour=Text(
                en="s = 0, eps = 0.0001: outside, one divides by 0.0001; inside, by its root 0.01, which is 100 times as much. Small numbers grow "
                "under a root.",
                zh="s = 0，eps = 0.0001：写在外面，除以 0.0001；写在里面，除以它的平方根 0.01，差 100 倍。小于 1 的数，开方之后会变大。",
            ),
        ),
    ),
    Wrong(
        "no-root",
        Text(en="divided by s instead of its root", zh="除以了 s，没有开方"),
        edits=(("(s.sqrt() + eps)", "(s + eps)"),),
        hint=Hint(
            question=Text(
                en="If g is in metres, in what is s? What do you have to divide by, so that no unit is left?",
                zh="如果 g 的单位是米，s 的单位是什么？要除以什么，单位才会消掉？",
            ),
            neighbour=Text(
                en="g = 1000 every time: s becomes 1000000. g / s is 0.001, and 1 / 1 would be 1 for g = 1: the scale is still there, upside down. "
                "1000 / 1000 = 1 is free of it.",
                zh="g 每次都是 1000：s 变成 1000000，g / s 是 0.001；而 g = 1 时是 1 / 1 = 1：尺度还在，只是颠倒了。1000 / 1000 = 1 才摆脱了它。",
            ),
        ),
    ),
    Wrong(
        "mean-over-entries",
        Text(en="one s for the whole parameter: the mean over its entries", zh="整个参数只用一个 s：对各元素取了平均"),
        edits=(("(1 - alpha) * p.grad**2", "(1 - alpha) * (p.grad**2).mean()"),),
        hint=Hint(
            question=Text(
                en="In the second case one entry's gradient is 0. What is that entry's s, and what is yours?",
                zh="在第二个算例里，有个元素的梯度是 0。这个元素的 s 应当是多少？你的是多少？",
            ),
            neighbour=Text(
                en="Shoe sizes of a family: 46, 38, 22. With the mean size 35.3 for everybody nobody can walk. 'Entry by entry' means each has its own.",
                zh="一家人的鞋码是 46、38、22。人人都穿平均码 35.3，谁也走不了路。“逐元素”就是各有各的。",
            ),
        ),
    ),
    Wrong(
        "weights-swapped",
        Text(en="alpha and 1 - alpha are swapped", zh="alpha 与 1 - alpha 用反了"),
        edits=(("s.mul_(alpha).add_((1 - alpha) * p.grad**2)", "s.mul_(1 - alpha).add_(alpha * p.grad**2)"),),
        hint=Hint(
            question=Text(
                en="With alpha 0.99, how much of the old s should be left after a step?",
                zh="alpha 为 0.99 时，走一步之后，旧的 s 应当剩下多少？",
            ),
            neighbour=Text(
                en="An old mean of 10, a new value of 20, alpha 0.9: 0.9*10 + 0.1*20 = 11, a slow mean. The other way round it is 19 and forgets everything "
                "within two steps.",
                zh="旧的平均 10，新的值 20，alpha 0.9：0.9*10 + 0.1*20 = 11，是慢慢变的平均。反过来则是 19，两步之内就把过去忘光了。",
            ),
        ),
    ),
    Wrong(
        "sum-not-mean",
        Text(en="the squares are added up and never fade (AdaGrad)", zh="平方一直累加，不会消退（成了 AdaGrad）"),
        edits=(("s.mul_(alpha).add_((1 - alpha) * p.grad**2)", "s.add_(p.grad**2)"),),
        hint=Hint(
            question=Text(
                en="Does your s ever become smaller? What should happen to it while the gradients are 0?",
                zh="你的 s 会变小吗？梯度为 0 的那些步里，它应当怎样？",
            ),
            neighbour=Text(
                en="Visitors per day 4, 0, 0. The total stays 4, 4, 4. A running mean with alpha 0.5 is 2, 1, 0.5: it forgets, as it should.",
                zh="每天的访客数 4、0、0。总数一直是 4、4、4。alpha 为 0.5 的滑动平均是 2、1、0.5：它会忘记，本该如此。",
            ),
        ),
    ),
    Wrong(
        "zeros-skipped",
        Text(en="where the gradient is 0, s is left as it was", zh="梯度为 0 的地方，s 没有更新"),
        edits=(("s.mul_(alpha).add_((1 - alpha) * p.grad**2)", "s.copy_(torch.where(p.grad == 0, s, alpha * s + (1 - alpha) * p.grad**2))"),),
        hint=Hint(
            question=Text(
                en="Put g = 0 into the formula of s. What remains?",
                zh="把 g = 0 代入 s 的公式，剩下什么？",
            ),
            neighbour=Text(
                en="A mean mark of 4 and a day with 0 points, alpha 0.5: the mean becomes 2. A day with zero points is a day, too.",
                zh="平均分 4，某天得了 0 分，alpha 0.5：平均变成 2。得零分的一天，也是一天。",
            ),
        ),
    ),
    Wrong(
        "step-before-mean",
        Text(en="the step divides by the s from before", zh="走步时除以了更新之前的 s"),
        edits=(
            ("            s.mul_(alpha).add_((1 - alpha) * p.grad**2)\n            p -= lr * p.grad / (s.sqrt() + eps)\n", "            p -= lr * p.grad / (s.sqrt() + eps)\n            s.mul_(alpha).add_((1 - alpha) * p.grad**2)\n"),
        ),
        hint=Hint(
            question=Text(
                en="What is s at the very first step, before it is updated? What do you divide by then?",
                zh="第一步、尚未更新时，s 是多少？那时你除以了什么？",
            ),
            neighbour=Text(
                en="A scale that still shows 0: whoever divides by the reading before putting anything on it divides by zero. First weigh, then divide.",
                zh="秤上还显示 0，东西没放上去就拿读数来除，等于除以零。先称，再除。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "the-real-one",
        '''def rmsprop_step(params, squares, lr, alpha, eps):
    """Lends the state to torch.optim.RMSprop."""
    optimiser = torch.optim.RMSprop(params, lr=lr, alpha=alpha, eps=eps)
    for p, s in zip(params, squares):
        optimiser.state[p].update(step=torch.tensor(0.0), square_avg=s)
    optimiser.step()
''',
    ),
    Right(
        "lerp-and-addcdiv",
        '''@torch.no_grad()
def rmsprop_step(params, squares, lr, alpha, eps):
    """With the functions that torch.optim uses inside."""
    for i in range(len(params)):
        squares[i].lerp_(params[i].grad.square(), 1 - alpha)
        params[i].addcdiv_(params[i].grad, squares[i].sqrt().add_(eps), value=-lr)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "eps-on-cpu",
        Text(en="eps is made a tensor on the CPU", zh="把 eps 变成了 CPU 上的张量"),
        edits=(("(s.sqrt() + eps)", "(s.sqrt() + torch.full(p.shape, eps, dtype=p.dtype))"),),
        hint=Hint(
            question=Text(en="Why should eps be a tensor? If it is one, where does it lie?", zh="eps 为什么要是张量？如果是，它在哪里？"),
            neighbour=Text(en="t + 1e-8 adds the number to every entry, on any device. t + torch.full(t.shape, 1e-8) asks for a second tensor, on the CPU, as large as t.", zh="t + 1e-8 给每个元素都加上这个数，在哪个设备上都行。t + torch.full(t.shape, 1e-8) 则要在 CPU 上另造一个和 t 一样大的张量。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="6.3 RMSProp", zh="6.3 RMSProp"),
    properties=(
        Property("first", Text(en="the parameters after the first step", zh="第一步之后的参数")),
        Property("params", Text(en="the parameters after all steps", zh="全部步数之后的参数"), points=2.0),
        Property("squares", Text(en="the running means of the squares", zh="平方的滑动平均")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Do the first step of the smallest case by hand: s first, then its root, then the step. Which of the three differs?",
            zh="手算最小反例的第一步：先 s，再开方，再走步。三者中哪一个不同？",
        ),
        neighbour=Text(
            en="g = 4, alpha 0.75, lr 0.1, eps 0: s = 0.25 * 16 = 4, its root is 2, the step 0.1 * 4 / 2 = 0.2. Next g = 0: s = 0.75 * 4 = 3, step 0. Next "
            "g = 2: s = 0.75 * 3 + 0.25 * 4 = 3.25, step 0.1 * 2 / 1.803 = 0.111.",
            zh="g = 4，alpha 0.75，lr 0.1，eps 0：s = 0.25 * 16 = 4，平方根是 2，步子 0.1 * 4 / 2 = 0.2。接着 g = 0：s = 0.75 * 4 = 3，步子 0。再接着 g = 2："
            "s = 0.75 * 3 + 0.25 * 4 = 3.25，步子 0.1 * 2 / 1.803 = 0.111。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
