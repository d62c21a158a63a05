"""Exercise 6.4: Adam with bias correction."""

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
    state: dict[str, Any] = {
        "step": 0,
        "m": [torch.zeros_like(p) for p in params],
        "v": [torch.zeros_like(p) for p in params],
    }
    watched = list(params), list(state["m"]), list(state["v"])
    for number, (lr, grads) in enumerate(zip(case["lrs"], case["grads"], strict=True)):
        for p, grad in zip(watched[0], grads, strict=True):
            p.grad = grad.clone()
        ns["adam_step"](params, state, lr, tuple(case["betas"]), case["eps"])
        if number == 0:
            yield "first", [p.detach() for p in watched[0]]
    yield "params", [p.detach() for p in watched[0]]
    yield "state", [state["step"], [m.detach() for m in watched[1]], [v.detach() for v in watched[2]]]


PUBLIC = (
    Case("constant", Text(en="the gradient is 1 and -2 in all three steps", zh="三步的梯度都是 1 和 -2"), {**small([[1.0, -2.0]] * 3, [0.1] * 3), "betas": [0.5, 0.75], "eps": 1e-8}),
    Case("one-zero", Text(en="one entry has the gradient 0; eps is large, 0.1", zh="有一个元素的梯度为 0；eps 较大，为 0.1"), {**small([[0.3, 0.0], [0.0, 0.5], [0.0, 0.0]], [0.1, 0.05, 0.2]), "betas": [0.9, 0.99], "eps": 0.1}),
    Case("two", Text(en="two parameters of different shapes, lr changes", zh="两个形状不同的参数，lr 变化"), {**two(3, [0.1, 0.05, 0.2], np.random.default_rng(5)), "betas": [0.9, 0.999], "eps": 1e-6}),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Forty-five steps with a falling learning rate and mostly zero gradients, small and large eps."""
    return [
        Case("long", Text(en="45 steps, lr changes", zh="45 步，lr 不断变化"), {**long(rng), "betas": [0.9, 0.999], "eps": 1e-8}),
        Case("sparse", Text(en="45 steps, most entries of the gradients are 0", zh="45 步，梯度的大部分元素为 0"), {**long(rng, 0.8), "betas": [0.8, 0.95], "eps": 0.01}),
    ]  # fmt: skip


_CORRECTION = Hint(
    question=Text(
        en="Both means start at 0. How large are they after the first step, if the gradient is 1? By what must each be divided?",
        zh="两个平均都从 0 开始。若梯度是 1，第一步之后它们各有多大？各应除以多少？",
    ),
    neighbour=Text(
        en="A class has answered 2 of 10 questions, both right. 'Right out of 10' is 0.2; right out of those answered so far is 0.2 / 0.2 = 1. After "
        "t steps a running mean with beta 0.75 has seen 1 - 0.75**t of its weights: 0.25, 0.4375, ...",
        zh="10 道题里答了 2 道，都对。“10 题中的正确率”是 0.2；按已答的算，则是 0.2 / 0.2 = 1。beta 为 0.75 的滑动平均，t 步之后见到的权重是 "
        "1 - 0.75**t：0.25、0.4375……",
    ),
)

WRONG = (
    Wrong(
        "no-bias-correction",
        Text(en="no bias correction at all", zh="完全没有做修正"),
        edits=(("m / (1 - beta1 ** state[\"step\"])", "m / 1"), ("v / (1 - beta2 ** state[\"step\"])", "v / 1")),
        hint=_CORRECTION,
    ),
    Wrong(
        "only-m-corrected",
        Text(en="only m is corrected", zh="只修正了 m"),
        edits=(("v / (1 - beta2 ** state[\"step\"])", "v / 1"),),
        hint=_CORRECTION,
    ),
    Wrong(
        "only-v-corrected",
        Text(en="only v is corrected", zh="只修正了 v"),
        edits=(("m / (1 - beta1 ** state[\"step\"])", "m / 1"),),
        hint=_CORRECTION,
    ),
    Wrong(
        "counts-from-zero",
        Text(en="the first step counts as number 0", zh="第一步按第 0 步来算"),
        source='''def adam_step(params, state, lr, betas, eps):
    beta1, beta2 = betas
    with torch.no_grad():
        for p, m, v in zip(params, state["m"], state["v"]):
            m.mul_(beta1).add_((1 - beta1) * p.grad)
            v.mul_(beta2).add_((1 - beta2) * p.grad**2)
            m_hat = m / torch.tensor(1 - beta1 ** state["step"])
            v_hat = v / torch.tensor(1 - beta2 ** state["step"])
            p -= lr * m_hat / (v_hat.sqrt() + eps)
    state["step"] += 1
''',
        hint=Hint(
            question=Text(
                en="What is state[\"step\"] while your first step is computed? What is 1 - beta**0?",
                zh="计算第一步时，state[\"step\"] 是多少？1 - beta**0 等于多少？",
            ),
            neighbour=Text(
                en="'How many days has the shop been open?' On the first day the answer is 1, not 0: the takings are divided by 1. Who raises the count "
                "only in the evening divides by 0 on the first day.",
                zh="“开店几天了？”第一天的回答是 1，不是 0：营业额除以 1。若到晚上才把天数加一，第一天就会除以 0。",
            ),
        ),
    ),
    Wrong(
        "counts-each-parameter",
        Text(en="the count rises with every parameter instead of every step", zh="每个参数都让步数加一，而不是每一步加一"),
        edits=(
            ('    state["step"] += 1\n', ""),
            ("            m.mul_(beta1)", '            state["step"] += 1\n            m.mul_(beta1)'),
        ),
        hint=Hint(
            question=Text(
                en="With two parameters: what is state[\"step\"] after the first step?",
                zh="有两个参数时，第一步之后 state[\"step\"] 是多少？",
            ),
            neighbour=Text(
                en="A bus with 3 passengers makes 1 journey, not 3. Count outside the loop over the passengers.",
                zh="一辆载着 3 名乘客的公交车跑了 1 趟，不是 3 趟。计数要放在遍历乘客的循环之外。",
            ),
        ),
    ),
    Wrong(
        "eps-inside-the-root",
        Text(en="eps stands inside the root", zh="eps 写进了根号里"),
        edits=(("(v_hat.sqrt() + eps)", "(v_hat + eps).sqrt()"),),
        hint=Hint(
            question=Text(
                en="Where does eps stand in the formula, inside the root or outside?",
                zh="公式里 eps 在根号里面还是外面？",
            ),
            neighbour=Text(
                en="v = 0, eps = 0.0001: outside, the denominator is 0.0001, inside 0.01. A hundred times larger, because a root makes small numbers "
                "larger.",
                zh="v = 0，eps = 0.0001：写在外面，分母是 0.0001；写在里面，是 0.01。差了一百倍，因为小于 1 的数开方之后会变大。",
            ),
        ),
    ),
    Wrong(
        "absolute-values",
        Text(en="|g| instead of g squared", zh="用了 |g|，而不是 g 的平方"),
        edits=(("(1 - beta2) * p.grad**2", "(1 - beta2) * p.grad.abs()"), ("(v_hat.sqrt() + eps)", "(v_hat + eps)")),
        hint=Hint(
            question=Text(
                en="Of what is v the running mean? Are the mean of the sizes and the root of the mean square the same number?",
                zh="v 是什么的滑动平均？大小的平均和均方根，是同一个数吗？",
            ),
            neighbour=Text(
                en="1 and 7: the mean of the sizes is 4, the root of the mean square 5.",
                zh="1 和 7：大小的平均是 4，均方根是 5。",
            ),
        ),
    ),
    Wrong(
        "mean-over-entries",
        Text(en="one v for the whole parameter", zh="整个参数只用一个 v"),
        edits=(("(1 - beta2) * p.grad**2", "(1 - beta2) * (p.grad**2).mean()"),),
        hint=Hint(
            question=Text(
                en="Where one entry's gradient is always 0: what is its v, and what is yours?",
                zh="某个元素的梯度一直是 0 时，它的 v 应当是多少？你的呢？",
            ),
            neighbour=Text(
                en="Three lamps of 100, 10 and 1 watts with one dimmer set for their mean: the small ones burn out, the large one hardly glows. Each "
                "needs its own.",
                zh="100 瓦、10 瓦、1 瓦的三盏灯，共用一个按平均功率设定的调光器：小的烧坏，大的几乎不亮。各自要有各自的。",
            ),
        ),
    ),
    Wrong(
        "betas-swapped",
        Text(en="beta1 and beta2 are swapped", zh="beta1 与 beta2 用反了"),
        edits=(("beta1, beta2 = betas", "beta2, beta1 = betas"),),
        hint=Hint(
            question=Text(
                en="Which of the two means should have the longer memory, that of the gradients or that of the squares?",
                zh="两个平均里，记性更长的应当是梯度的平均，还是平方的平均？",
            ),
            neighbour=Text(
                en="The pair (0.9, 0.999): the first forgets in about 10 steps, the second in about 1000. Direction may change quickly; the scale of a "
                "weight changes slowly.",
                zh="(0.9, 0.999) 这一对：前者约 10 步忘掉，后者约 1000 步。方向可以变得快，一个权重的尺度变得慢。",
            ),
        ),
    ),
    Wrong(
        "state-not-kept",
        Text(en="m and v are new tensors that nobody keeps", zh="m 和 v 成了没有保存下来的新张量"),
        edits=(
            ("m.mul_(beta1).add_((1 - beta1) * p.grad)", "m = beta1 * m + (1 - beta1) * p.grad"),
            ("v.mul_(beta2).add_((1 - beta2) * p.grad**2)", "v = beta2 * v + (1 - beta2) * p.grad**2"),
        ),
        hint=Hint(
            question=Text(
                en="What is in state[\"m\"][0] after your first step?",
                zh="第一步之后，state[\"m\"][0] 里是什么？",
            ),
            neighbour=Text(
                en="for row in table: row = row * 2 changes nothing in the table; row.mul_(2) does. A name inside a loop is not the place in the list.",
                zh="for row in table: row = row * 2，表里什么也没变；row.mul_(2) 才会变。循环里的名字，不是列表里的位置。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "the-real-one",
        '''def adam_step(params, state, lr, betas, eps):
    """Lends the state to torch.optim.Adam."""
    optimiser = torch.optim.Adam(params, lr=lr, betas=betas, eps=eps)
    for p, m, v in zip(params, state["m"], state["v"]):
        optimiser.state[p].update(step=torch.tensor(float(state["step"])), exp_avg=m, exp_avg_sq=v)
    optimiser.step()
    state["step"] += 1
''',
    ),
    Right(
        "corrected-step-size",
        '''@torch.no_grad()
def adam_step(params, state, lr, betas, eps):
    """The corrections go into the step size and the denominator."""
    t = state["step"] = state["step"] + 1
    c1, c2 = (1 - beta**t for beta in betas)
    for p, m, v in zip(params, state["m"], state["v"]):
        m.lerp_(p.grad, 1 - betas[0])
        v.lerp_(p.grad * p.grad, 1 - betas[1])
        p.addcdiv_(m, (v.sqrt() / c2**0.5).add_(eps), value=-lr / c1)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "beta-on-cpu",
        Text(en="beta is made a tensor with one entry, on the CPU", zh="把 beta 变成了 CPU 上只有一个元素的张量"),
        edits=(("m_hat = m / (1 - beta1 ** state[\"step\"]) ", "m_hat = m / (1 - torch.tensor([beta1], dtype=m.dtype) ** state[\"step\"]) "),),
        hint=Hint(
            question=Text(en="Which shape has torch.tensor([beta1])? Compare it with a Python number: which of them may meet a tensor on a GPU?", zh="torch.tensor([beta1]) 的形状是什么？拿它和 Python 的数比一比：哪一个可以和 GPU 上的张量一起运算？"),
            neighbour=Text(en="For t on a GPU, t * 0.5 works, even t * torch.tensor(0.5) does, as a tensor without axes counts as a number. t * torch.tensor([0.5]) has one axis and raises.", zh="t 在 GPU 上时，t * 0.5 没问题，t * torch.tensor(0.5) 也行，因为没有维的张量算作一个数。t * torch.tensor([0.5]) 有一个维，就会报错。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="6.4 Adam", zh="6.4 Adam"),
    properties=(
        Property("first", Text(en="the parameters after the first step", zh="第一步之后的参数")),
        Property("params", Text(en="the parameters after all steps", zh="全部步数之后的参数"), points=3.0),
        Property("state", Text(en="step, m and v after all steps", zh="全部步数之后的 step、m 和 v")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print m, v, both corrected means and the step for the first step of the smallest case. Which is the first that is not what the formulas "
            "give?",
            zh="对最小反例的第一步，打印 m、v、修正后的两个平均和步子。最先与公式对不上的是哪一个？",
        ),
        neighbour=Text(
            en="g = 4, betas (0.5, 0.75), lr 0.1, eps 0. Step 1: m = 2, v = 4; corrected 2 / 0.5 = 4 and 4 / 0.25 = 16; step 0.1 * 4 / 4 = 0.1. Step 2 with "
            "g = 0: m = 1, v = 3; corrected 1 / 0.75 = 1.333 and 3 / 0.4375 = 6.857; step 0.1 * 1.333 / 2.619 = 0.0509.",
            zh="g = 4，betas (0.5, 0.75)，lr 0.1，eps 0。第 1 步：m = 2，v = 4；修正后 2 / 0.5 = 4 和 4 / 0.25 = 16；步子 0.1 * 4 / 4 = 0.1。第 2 步 g = 0："
            "m = 1，v = 3；修正后 1 / 0.75 = 1.333 和 3 / 0.4375 = 6.857；步子 0.1 * 1.333 / 2.619 = 0.0509。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
