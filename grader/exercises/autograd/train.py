"""Exercise 4.2: train the two-layer network with autograd, changing the leaves in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Trains once; yields the losses, then what the two leaves have become."""
    w1, w2 = (case[name].clone().requires_grad_() for name in ("w1", "w2"))
    if case["left_over"]:
        w1.grad, w2.grad = w1.detach() + 7.0, w2.detach() - 5.0
    losses = ns["train"](w1, w2, case["x"], case["y"], case["lr"], case["steps"])
    yield "losses", losses
    yield "w1", w1.detach()
    yield "w2", w2.detach()
    yield "leaves", [w1.is_leaf, w1.requires_grad, w2.is_leaf, w2.requires_grad]


def _case(
    name: str, label: Text, sizes: tuple[int, int, int, int], lr: float, steps: int, left_over: bool, rng: Any
) -> Case:
    n, d_in, width, d_out = sizes
    drawn = {
        "x": rng.standard_normal((n, d_in)),
        "y": rng.standard_normal((n, d_out)),
        "w1": rng.standard_normal((d_in, width)),
        "w2": rng.standard_normal((width, d_out)),
    }
    tensors = {
        key: torch.from_numpy(np.round(value, 1)) if n <= 2 else torch.from_numpy(value) for key, value in drawn.items()
    }
    return Case(name, label, {**tensors, "lr": lr, "steps": steps, "left_over": left_over})


PUBLIC = (
    Case(
        "one-step",
        Text(en="one step, every size is 1", zh="走一步，各维大小都是 1"),
        {
            "x": torch.tensor([[2.0]], dtype=torch.float64),
            "y": torch.tensor([[1.0]], dtype=torch.float64),
            "w1": torch.tensor([[1.5]], dtype=torch.float64),
            "w2": torch.tensor([[2.0]], dtype=torch.float64),
            "lr": 0.01,
            "steps": 1,
            "left_over": False,
        },
    ),
    _case("three-steps", Text(en="three steps, sizes 2, 3, 4, 2", zh="走三步，各维大小 2、3、4、2"), (2, 3, 4, 2), 0.01, 3, False, np.random.default_rng(5)),
    _case("left-over", Text(en="two steps, with something left in .grad", zh="走两步，.grad 里留有东西"), (2, 2, 3, 1), 0.02, 2, True, np.random.default_rng(6)),
    _case("no-step", Text(en="no step at all", zh="一步也不走"), (1, 2, 2, 1), 0.1, 0, False, np.random.default_rng(7)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, more steps, a batch of one, something left over."""
    plans = (((5, 4, 6, 3), 0.002, 8, False), ((1, 6, 3, 4), 0.003, 5, True), ((7, 2, 5, 1), 0.001, 12, True))
    return [
        _case(
            f"random-{number}",
            Text(en=f"{steps} steps, lr = {lr}", zh=f"{steps} 步，lr = {lr}"),
            sizes,
            lr,
            steps,
            left,
            rng,
        )
        for number, (sizes, lr, steps, left) in enumerate(plans)
    ]


_REBOUND = Hint(
    question=Text(
        en="After your update, is w1 still the tensor that the caller handed you? Compare with 'is' before and after.",
        zh="更新之后，w1 还是调用者交给你的那个张量吗？更新前后用 is 比一比。",
    ),
    neighbour=Text(
        en="def empty(shelf): shelf = [] leaves the caller's shelf full: the name inside was moved to a new list. "
        "def empty(shelf): shelf.clear() empties it. A tensor that is to be changed for the caller must change itself.",
        zh="def empty(shelf): shelf = []，调用者的架子还是满的：只是函数里的名字挪到了新列表上。def empty(shelf): shelf.clear() 才真的清空。"
        "要让调用者看到变化，张量就得自己变。",
    ),
)

WRONG = (
    Wrong(
        "rebinding-under-no-grad",
        Text(en="w = w - … under no_grad: new tensors without gradients", zh="在 no_grad 下写 w = w - …：得到了不带梯度的新张量"),
        edits=(("w1 -= lr * w1.grad", "w1 = w1 - lr * w1.grad"), ("w2 -= lr * w2.grad", "w2 = w2 - lr * w2.grad")),
        hint=_REBOUND,
    ),
    Wrong(
        "rebinding-and-tracking-again",
        Text(en="new leaves in each step; the caller's are never changed", zh="每一步都换成新的叶子，调用者的那两个没有变"),
        edits=(
            ("w1 -= lr * w1.grad", "w1 = (w1 - lr * w1.grad).requires_grad_()"),
            ("w2 -= lr * w2.grad", "w2 = (w2 - lr * w2.grad).requires_grad_()"),
        ),
        hint=_REBOUND,
    ),
    Wrong(
        "recorded-update",
        Text(en="the in-place update stands outside no_grad", zh="原地更新写在了 no_grad 之外"),
        edits=(("        with torch.no_grad():                # the update is not part of the function | 更新不属于要求导的函数\n", "        if True:\n"),),
        hint=Hint(
            question=Text(
                en="Should the update itself be differentiated later? If not, how do you tell the recorder to look away?",
                zh="更新这一步，以后还要对它求导吗？如果不要，怎样让记录员先别记？",
            ),
            neighbour=Text(
                en="A referee writes down every throw of a dart. Between two games you move the board nearer. If he writes "
                "that down as a throw, his book makes no sense. You ask him to close the book, move the board, and let him "
                "open it again.",
                zh="裁判记下每一次投镖。两局之间，你把靶子挪近了一点。要是他把这也记成一次投掷，记录本就乱套了。"
                "所以先请他合上本子，挪好靶子，再请他打开。",
            ),
        ),
    ),
    Wrong(
        "never-cleared",
        Text(en="the gradients are never cleared", zh="梯度从没清零"),
        edits=(("        w1.grad = None                       # a new sum begins | 新的求和从这里开始\n        w2.grad = None\n", ""),),
        hint=Hint(
            question=Text(
                en="What was in .grad just before backward, in the second step?",
                zh="第二步里，backward 之前那一刻，.grad 里是什么？",
            ),
            neighbour=Text(
                en="A till that is not reset in the evening: day 1 takes 40 and shows 40; day 2 takes 30 and shows 70. Who reads 70 "
                "as the takings of day 2 is wrong by all of day 1.",
                zh="收银机晚上没有归零：第一天收 40，显示 40；第二天收 30，显示 70。谁要是把 70 当成第二天的收入，就多算了整个第一天。",
            ),
        ),
    ),
    Wrong(
        "cleared-only-afterwards",
        Text(en="cleared after the update only, so what was left over counts", zh="只在更新之后清零，先前留下的东西被算进去了"),
        edits=(
            ("        w1.grad = None                       # a new sum begins | 新的求和从这里开始\n        w2.grad = None\n", ""),
            ("            w2 -= lr * w2.grad\n", "            w2 -= lr * w2.grad\n            w1.grad.zero_()\n            w2.grad.zero_()\n"),
        ),
        hint=Hint(
            question=Text(
                en="What if the caller has called backward before, and .grad is not empty when you begin?",
                zh="如果调用者之前做过 backward，你开始时 .grad 并不是空的，会怎样？",
            ),
            neighbour=Text(
                en="Washing the pan after cooking keeps your own dishes clean, but the first one is cooked in whatever the "
                "tenant before you left in it. Washing it before cooking needs no trust.",
                zh="做完饭再刷锅，自己的下一顿是干净的；但头一顿，用的还是前一位房客没刷的锅。先刷锅再做饭，就不必信任何人。",
            ),
        ),
    ),
    Wrong(
        "only-one-cleared",
        Text(en="only w1's gradient is cleared", zh="只清了 w1 的梯度"),
        edits=(("        w2.grad = None\n", ""),),
        hint=Hint(
            question=Text(
                en="How many leaves does backward add to? How many do you clear?",
                zh="backward 会往几个叶子上累加？你清了几个？",
            ),
            neighbour=Text(
                en="Two meters, gas and water, are read each month. Reset only the gas meter: month 1 reads (5, 8), month 2 "
                "with the same use (5, 16).",
                zh="煤气表和水表每月抄一次，却只把煤气表归零：第一个月是 (5, 8)，第二个月用量相同，读数却是 (5, 16)。",
            ),
        ),
    ),
    Wrong(
        "step-before-backward",
        Text(en="the weights move first, with the gradients of the step before", zh="先更新再 backward，用的是上一步的梯度"),
        source='''def train(w1, w2, x, y, lr, steps):
    losses = []
    for _ in range(steps):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        losses.append(loss.item())
        old = [w.grad for w in (w1, w2)]
        w1.grad = w2.grad = None
        loss.backward()
        with torch.no_grad():
            for w, grad in zip((w1, w2), old):
                if grad is not None:
                    w -= lr * grad
    return losses
''',
        hint=Hint(
            question=Text(
                en="Write the five steps of training in order: clear, forward, loss, backward, update. In which order does your loop "
                "take them?",
                zh="按次序写出训练的五步：清零、前向、损失、反向、更新。你的循环是按什么次序做的？",
            ),
            neighbour=Text(
                en="You look at the map, then walk. Whoever walks first and looks afterwards follows in each minute the advice for "
                "the place where he stood a minute ago, and the first minute not at all.",
                zh="先看地图，再走路。先走后看的人，每一分钟听从的都是一分钟前所在位置的建议，而头一分钟根本没有建议可听。",
            ),
        ),
    ),
    Wrong(
        "uphill",
        Text(en="the gradient is added instead of subtracted", zh="该减梯度却加上了"),
        edits=(("w1 -= lr * w1.grad", "w1 += lr * w1.grad"), ("w2 -= lr * w2.grad", "w2 += lr * w2.grad")),
        hint=Hint(
            question=Text(
                en="The gradient points to where the loss grows. Which way do you walk?",
                zh="梯度指向损失增大的方向。你在往哪边走？",
            ),
            neighbour=Text(
                en="At t = 3 the loss t*t has slope 6. Subtracting 0.1 of it leads to 2.4 and the loss 5.76; adding leads to 3.6 and "
                "12.96.",
                zh="损失 t*t 在 t = 3 处斜率是 6。减去它的 0.1 倍，到 2.4，损失 5.76；加上，则到 3.6，损失 12.96。",
            ),
        ),
    ),
    Wrong(
        "mean-for-sum",
        Text(en="the mean of the squared errors instead of the sum", zh="求和写成了取平均"),
        edits=((".pow(2).sum()", ".pow(2).mean()"),),
        hint=Hint(
            question=Text(
                en="Does the card ask for the sum or the mean? What becomes of the gradient?",
                zh="题目要的是求和还是取平均？梯度会因此怎样？",
            ),
            neighbour=Text(
                en="Errors 1 and 3. Sum of squares 10, slopes 2 and 6. Mean 5, slopes 1 and 3. The same direction, half the step.",
                zh="误差是 1 和 3。平方和 10，斜率 2 和 6；平均 5，斜率 1 和 3。方向相同，步子只有一半。",
            ),
        ),
    ),
    Wrong(
        "logs-tensors",
        Text(en="the list holds tensors instead of numbers", zh="列表里放的是张量，不是数"),
        edits=(("losses.append(loss.item())", "losses.append(loss)"),),
        hint=Hint(
            question=Text(
                en="Print type(losses[0]). What hangs on it through grad_fn?",
                zh="打印 type(losses[0])。顺着它的 grad_fn，还挂着什么？",
            ),
            neighbour=Text(
                en="A hiker notes the height at each hut: 812, 1040, 1385. Another one packs each hut's whole guest book into the "
                "rucksack. Both know the heights in the evening; one of them can hardly walk.",
                zh="一位登山者在每个山屋记下海拔：812、1040、1385。另一位把每个山屋的留言簿整本装进背包。晚上两人都知道海拔，但其中一位已经走不动了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "autograd-grad",
        '''def train(w1, w2, x, y, lr, steps):
    """With torch.autograd.grad, which touches no .grad."""
    losses = []
    for _ in range(steps):
        loss = ((torch.relu(x @ w1) @ w2 - y) ** 2).sum()
        for w, grad in zip((w1, w2), torch.autograd.grad(loss, (w1, w2))):
            with torch.no_grad():
                w.sub_(grad, alpha=lr)
        losses.append(float(loss))
    return losses
''',
    ),
    Right(
        "an-optimiser",
        '''def train(w1, w2, x, y, lr, steps):
    """With torch's own optimiser."""
    optimiser = torch.optim.SGD([w1, w2], lr=lr)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(x.mm(w1).clamp_min(0).mm(w2), y, reduction="sum")
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses
''',
    ),
    Right(
        "by-hand-and-copied",
        '''def train(w1, w2, x, y, lr, steps):
    """Clears with zeros, updates by copying."""
    losses = []
    for step in range(steps):
        for w in (w1, w2):
            if w.grad is not None:
                w.grad.zero_()
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).square().sum()
        loss.backward()
        losses += [loss.detach().cpu().numpy().item()]
        with torch.no_grad():
            for w in (w1, w2):
                w.copy_(w - lr * w.grad)
    return losses
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "loss-by-numpy",
        Text(en="the loss is read through NumPy", zh="通过 NumPy 读取损失"),
        edits=(("losses.append(loss.item())", "losses.append(float(loss.detach().numpy()))"),),
        hint=Hint(
            question=Text(en="detach() takes the loss out of the graph. Does it also take it off the GPU?", zh="detach() 让损失脱离计算图。它也会让损失离开 GPU 吗？"),
            neighbour=Text(en="For one number, t.item() does it all: out of the graph, off the device, a Python float. For an array the long way is t.detach().cpu().numpy().", zh="只取一个数时，t.item() 一步到位：脱离计算图，离开设备，得到 Python 的浮点数。要数组就得走完全程：t.detach().cpu().numpy()。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="4.2 Train with autograd", zh="4.2 用自动求导来训练"),
    properties=(
        Property("losses", Text(en="the list of losses", zh="损失的列表"), points=2.0),
        Property("w1", Text(en="w1 after training", zh="训练之后的 w1"), only_with="losses"),
        Property("w2", Text(en="w2 after training", zh="训练之后的 w2"), only_with="losses"),
        Property(
            "leaves",
            Text(en="w1 and w2 are leaves and require gradients", zh="w1、w2 是叶子，且需要梯度"),
            only_with="losses",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print the loss and w1.grad in each step of the smallest case, and work the first step out by hand. Which number is the "
            "first that differs?",
            zh="在最小反例的每一步打印损失和 w1.grad，并手算第一步。最先对不上的是哪个数？",
        ),
        neighbour=Text(
            en="The loss (3u - 6)**2 at u = 1, lr 0.01. Step 1: loss 9, gradient 2*3*(3 - 6) = -18, u becomes 1.18. Step 2: loss "
            "(3.54 - 6)**2 = 6.0516, gradient 2*3*(-2.46) = -14.76, u becomes 1.3276. The list is [9, 6.0516].",
            zh="损失 (3u - 6)**2，u = 1，lr 0.01。第 1 步：损失 9，梯度 2*3*(3 - 6) = -18，u 变成 1.18。第 2 步：损失 (3.54 - 6)**2 = 6.0516，"
            "梯度 2*3*(-2.46) = -14.76，u 变成 1.3276。列表是 [9, 6.0516]。",
        ),
    ),
    survivors=(
        Survivor(
            "loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()",
            "x.mm(w1).clamp(min=0).mm(w2) - y -> y - x.mm(w1).clamp(min=0).mm(w2)",
            "the square of an error does not tell which way round it was taken, and nor does its gradient",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
