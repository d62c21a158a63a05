"""Exercise 6.1: one step of momentum, under a learning rate that changes."""

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
        ns["momentum_step"](params, velocities, lr, case["momentum"])
        if number == 0:
            yield "first", [p.detach() for p in watched[0]]
    yield "params", [p.detach() for p in watched[0]]
    yield "velocities", watched[1]
    yield "kept", [[p.grad, p.is_leaf, p.requires_grad] for p in watched[0]]


PUBLIC = (
    Case("constant", Text(en="the gradient is 1 and -2 in all three steps", zh="三步的梯度都是 1 和 -2"), {**small([[1.0, -2.0]] * 3, [0.1] * 3), "momentum": 0.5}),
    Case("schedule", Text(en="lr 0.5, then 0.1, then 0.02", zh="lr 先 0.5，再 0.1，再 0.02"), {**small([[1.0, 0.0], [0.0, 3.0], [-2.0, 1.0]], [0.5, 0.1, 0.02]), "momentum": 0.9}),
    Case("two", Text(en="two parameters of different shapes", zh="两个形状不同的参数"), {**two(3, [0.1, 0.05, 0.2], np.random.default_rng(2)), "momentum": 0.8}),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Forty-five steps with a falling learning rate; mostly zero gradients; no momentum at all."""
    return [
        Case("long", Text(en="45 steps, lr changes", zh="45 步，lr 不断变化"), {**long(rng), "momentum": 0.9}),
        Case(
            "sparse",
            Text(en="45 steps, most entries of the gradients are 0", zh="45 步，梯度的大部分元素为 0"),
            {**long(rng, 0.8), "momentum": 0.7},
        ),
        Case("none", Text(en="momentum 0", zh="动量为 0"), {**long(rng), "momentum": 0.0}),
    ]


_IN_PLACE = Hint(
    question=Text(
        en="Are the tensors in the caller's lists the ones that you change? Or do you give a name to new ones?",
        zh="你修改的，是调用者列表里的那些张量吗？还是给新张量起了个名字？",
    ),
    neighbour=Text(
        en="for row in table: row = row * 2 leaves the table as it was: row is a name that moves on. for row in table: row.mul_(2) "
        "doubles every row of it.",
        zh="for row in table: row = row * 2，表没有变：row 只是个挪来挪去的名字。for row in table: row.mul_(2) 才把每一行都翻倍。",
    ),
)

WRONG = (
    Wrong(
        "averaged-gradient",
        Text(en="v = mu * v + (1 - mu) * g: the gradient is weighed down", zh="写成 v = mu * v + (1 - mu) * g：梯度被打了折"),
        edits=((".add_(p.grad)", ".add_((1 - momentum) * p.grad)"),),
        hint=Hint(
            question=Text(
                en="How large is your very first step when the velocity is still zero? What does the formula say?",
                zh="速度还是零的时候，你的第一步有多大？公式说应当多大？",
            ),
            neighbour=Text(
                en="Savings of 100 a month, of which half is lost each month: 100, 150, 175, towards 200. A mean of the payments would stay "
                "at 100 for ever. Momentum is the savings book, not the mean.",
                zh="每月存 100，每月余额损失一半：100、150、175，趋于 200。若是存款的平均，就永远是 100。动量是存折，不是平均。",
            ),
        ),
    ),
    Wrong(
        "lr-inside-velocity",
        Text(en="the learning rate goes into the velocity", zh="把学习率乘进了速度里"),
        edits=((".add_(p.grad)", ".add_(lr * p.grad)"), ("p -= lr * v", "p -= v")),
        hint=Hint(
            question=Text(
                en="When lr falls to a tenth, does your next step shrink to a tenth at once? Should it?",
                zh="lr 降到十分之一时，你的下一步马上也缩到十分之一吗？应当吗？",
            ),
            neighbour=Text(
                en="A debt in euros of 10 plus 20, converted when it is paid at 2: 60. Converting each part on its own day, 10 at 4 and 20 at "
                "2, gives 80. The formula converts at the end, with today's rate.",
                zh="欠款 10 加 20，还钱那天按汇率 2 换算：60。若每一笔按各自当天的汇率换算，10 按 4，20 按 2，就是 80。公式是最后按当天的汇率换算。",
            ),
        ),
    ),
    Wrong(
        "velocity-forgotten",
        Text(en="the velocity is not kept for the next step", zh="速度没有留给下一步"),
        edits=(("v.mul_(momentum).add_(p.grad)", "v = momentum * v + p.grad"),),
        hint=Hint(
            question=Text(
                en="What is in velocities[0] after your first step? Who would have put it there?",
                zh="第一步之后，velocities[0] 里是什么？应当由谁放进去？",
            ),
            neighbour=Text(
                en="A diary whose page you copy, complete and then throw away: tomorrow you find the old page again. Write into the diary itself.",
                zh="把日记抄一页出来，补写完又扔掉：明天翻开，还是旧的那页。要写就写在日记本上。",
            ),
        ),
    ),
    Wrong(
        "one-velocity-for-all",
        Text(en="all parameters share the first velocity", zh="所有参数共用第一个速度"),
        source='''def momentum_step(params, velocities, lr, momentum):
    with torch.no_grad():
        first = velocities[0]
        for p in params:
            v = first if first.shape == p.shape else torch.zeros_like(p)
            p -= lr * v.mul_(momentum).add_(p.grad)
''',
        hint=Hint(
            question=Text(
                en="How many velocities are there? Which one belongs to the second parameter?",
                zh="一共有几个速度？第二个参数用的是哪一个？",
            ),
            neighbour=Text(
                en="Two runners with one stop watch: the second one's time begins where the first one's ended. Each needs a watch of his own; "
                "zip(runners, watches) hands them out.",
                zh="两名跑者共用一只秒表：第二个人的时间从第一个人结束处算起。每人一只表才行，zip(runners, watches) 正好一一发给他们。",
            ),
        ),
    ),
    Wrong(
        "parameters-rebound",
        Text(en="p = p - … makes new tensors; the parameters never move", zh="p = p - … 生成了新张量，参数根本没动"),
        edits=(("p -= lr * v", "p = p - lr * v"),),
        hint=_IN_PLACE,
    ),
    Wrong(
        "lists-rebound",
        Text(en="new tensors are put into the lists", zh="把新张量放进了列表"),
        source='''def momentum_step(params, velocities, lr, momentum):
    with torch.no_grad():
        for i, p in enumerate(list(params)):
            velocities[i] = momentum * velocities[i] + p.grad
            params[i] = p - lr * velocities[i]
            params[i].requires_grad_()
            params[i].grad = p.grad
''',
        hint=_IN_PLACE,
    ),
    Wrong(
        "old-velocity",
        Text(en="the step uses the velocity from before", zh="走步时用的是更新之前的速度"),
        edits=(
            ("            v.mul_(momentum).add_(p.grad)\n            p -= lr * v\n", "            p -= lr * v\n            v.mul_(momentum).add_(p.grad)\n"),
        ),
        hint=Hint(
            question=Text(
                en="Which of the two formulas comes first? Where does the gradient of this step take effect in your code?",
                zh="两个公式谁先谁后？在你的代码里，这一步的梯度在哪里起作用？",
            ),
            neighbour=Text(
                en="First add the rain of today to the barrel, then water the garden from it: 5 + 3 = 8. Watering first gives the garden the 5 of "
                "yesterday, and on the first day nothing at all.",
                zh="先把今天的雨水加进桶里，再用桶浇园：5 + 3 = 8。先浇园，用的就是昨天的 5，而第一天什么也浇不上。",
            ),
        ),
    ),
    Wrong(
        "uphill",
        Text(en="the step is added", zh="该减的写成了加"),
        edits=(("p -= lr * v", "p += lr * v"),),
        hint=Hint(
            question=Text(en="Which way does the gradient point, and which way do you go?", zh="梯度指向哪边？你往哪边走？"),
            neighbour=Text(
                en="At t = 3 the loss t*t rises by 6 for each unit to the right. Going left by 0.6 leads to 5.76, going right to 12.96.",
                zh="在 t = 3 处，损失 t*t 每向右一个单位约增加 6。向左走 0.6，损失是 5.76；向右走，是 12.96。",
            ),
        ),
    ),
    Wrong(
        "looks-ahead",
        Text(en="Nesterov's look-ahead, which nobody asked for", zh="用了 Nesterov 的往前看，这里并不要"),
        edits=(("p -= lr * v", "p -= lr * (p.grad + momentum * v)"),),
        hint=Hint(
            question=Text(
                en="What is multiplied by lr in the second formula: the velocity, or more than that?",
                zh="第二个公式里，与 lr 相乘的是速度，还是比速度更多的东西？",
            ),
            neighbour=Text(
                en="Velocity 4 before, gradient 1, mu 0.5: the new velocity is 0.5*4 + 1 = 3, and the step is lr * 3. Gradient plus half of the "
                "new velocity, 1 + 1.5 = 2.5, is the method of the next section.",
                zh="原来的速度 4，梯度 1，mu 0.5：新速度是 0.5*4 + 1 = 3，步子就是 lr * 3。梯度加上新速度的一半，即 1 + 1.5 = 2.5，那是下一节的方法。",
            ),
        ),
    ),
    Wrong(
        "gradient-overwritten",
        Text(en="the velocity is computed in .grad itself", zh="直接在 .grad 里算速度"),
        source='''def momentum_step(params, velocities, lr, momentum):
    with torch.no_grad():
        for p, v in zip(params, velocities):
            v.copy_(p.grad.add_(momentum * v))
            p -= lr * v
''',
        hint=Hint(
            question=Text(
                en="Is p.grad after your step what it was before? Whose memory do you write to?",
                zh="走完这一步，p.grad 还和之前一样吗？你写的是谁的内存？",
            ),
            neighbour=Text(
                en="a = torch.ones(2); b = a.add_(3): b is a, and both hold 4. With b = a + 3 there is a new tensor, and a stays 1.",
                zh="a = torch.ones(2); b = a.add_(3)：b 就是 a，两者都是 4。写成 b = a + 3，则得到新张量，a 仍是 1。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "copies-back",
        '''def momentum_step(params, velocities, lr, momentum):
    """Computes new values and copies them back."""
    for index in range(len(params)):
        p, v = params[index], velocities[index]
        new = momentum * v + p.grad
        v.copy_(new)
        with torch.no_grad():
            p.copy_(p - lr * new)
''',
    ),
    Right(
        "many-at-once",
        '''@torch.no_grad()
def momentum_step(params, velocities, lr, momentum):
    """With torch's functions for whole lists, as torch.optim does it."""
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, [p.grad for p in params])
    torch._foreach_add_(params, velocities, alpha=-lr)
''',
    ),
    Right(
        "the-real-one",
        '''def momentum_step(params, velocities, lr, momentum):
    """Lends the state to torch.optim.SGD."""
    optimiser = torch.optim.SGD(params, lr=lr, momentum=momentum)
    for p, v in zip(params, velocities):
        optimiser.state[p]["momentum_buffer"] = v
    optimiser.step()
    for p, v in zip(params, velocities):
        v.copy_(optimiser.state[p]["momentum_buffer"]) if momentum else v.copy_(p.grad)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "step-by-numpy",
        Text(en="the step is computed by NumPy", zh="用 NumPy 来计算这一步"),
        edits=(("p -= lr * v", "p.copy_(torch.from_numpy(p.detach().numpy() - lr * v.numpy()))"),),
        hint=Hint(
            question=Text(en="What would p.numpy() have to do if p lay on a GPU? Is there anything in this line that torch cannot compute?", zh="如果 p 在 GPU 上，p.numpy() 得怎么办？这一行里有什么是 torch 算不了的吗？"),
            neighbour=Text(en="A step for 10 million parameters by way of NumPy would carry 40 MB down and 40 MB up again each time; t.numpy() therefore refuses instead of copying in silence. t.mul_(0.9) stays where t lies.", zh="一千万个参数绕道 NumPy 走一步，每次要搬下来 40 MB，再搬上去 40 MB；所以 t.numpy() 宁可拒绝，也不悄悄拷贝。t.mul_(0.9) 就留在 t 那里算。"),
        ),
    ),
    Wrong(
        "rate-on-cpu",
        Text(en="the learning rate is made a tensor on the CPU", zh="把学习率变成了 CPU 上的张量"),
        edits=(('p -= lr * v', 'p -= torch.full(p.shape, lr, dtype=p.dtype) * v'),),
        hint=Hint(
            question=Text(en="Which of the three factors in this line lies on the CPU? Must it be a tensor?", zh="这一行的三个量里，哪一个在 CPU 上？它非得是张量吗？"),
            neighbour=Text(en="t.mul_(0.9) takes a number; t.mul_(torch.full(t.shape, 0.9)) takes a second tensor, and for t on a GPU it raises.", zh="t.mul_(0.9) 用的是一个数；t.mul_(torch.full(t.shape, 0.9)) 用的是另一个张量，t 在 GPU 上时就会报错。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="6.1 Momentum", zh="6.1 动量"),
    properties=(
        Property("first", Text(en="the parameters after the first step", zh="第一步之后的参数")),
        Property("params", Text(en="the parameters after all steps", zh="全部步数之后的参数"), points=2.0),
        Property("velocities", Text(en="the velocities after all steps", zh="全部步数之后的速度")),
        Property(
            "kept",
            Text(en="gradients kept, parameters still leaves", zh="梯度保持原样，参数仍是叶子"),
            only_with="first",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Do the first two steps of the smallest case by hand: velocity, step, velocity, step. Where does your code part from them?",
            zh="手算最小反例的前两步：速度、步子、速度、步子。你的代码从哪里开始不同？",
        ),
        neighbour=Text(
            en="p = 1, gradients 4 and then 2, mu 0.5, lr 0.1. Step 1: v = 4, p = 1 - 0.4 = 0.6. Step 2: v = 0.5*4 + 2 = 4, p = 0.6 - 0.4 = 0.2. "
            "With lr 0.01 in step 2: p = 0.6 - 0.04 = 0.56.",
            zh="p = 1，梯度先 4 后 2，mu 0.5，lr 0.1。第 1 步：v = 4，p = 1 - 0.4 = 0.6。第 2 步：v = 0.5*4 + 2 = 4，p = 0.6 - 0.4 = 0.2。"
            "若第 2 步的 lr 是 0.01：p = 0.6 - 0.04 = 0.56。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
