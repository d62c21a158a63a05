"""Exercise 1.4: gradient descent, for any loss that comes with its two gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Trains on a bowl whose two weights pull on each other; yields what came back, then the starting weights."""
    import numpy as np

    w1, w2 = case["w1"], case["w2"]

    def loss_and_grads(w1: Any, w2: Any) -> tuple[Any, Any, Any]:
        loss = (w1 * w1).sum() + (w2 * w2).sum() + w1.sum() * w2.sum()
        return np.array(loss), 2 * w1 + w2.sum(), 2 * w2 + w1.sum()

    returned = ns["train"](w1, w2, loss_and_grads, case["lr"], case["steps"])
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        yield "w1", returned  # not three values: the comparison then says what came instead
        return
    yield from zip(("w1", "w2", "losses"), returned, strict=True)
    yield "start", {"w1": w1, "w2": w2}


def _case(name: str, label: Text, w1: Any, w2: Any, lr: float, steps: int) -> Case:
    return Case(name, label, {"w1": np.array(w1), "w2": np.array(w2), "lr": lr, "steps": steps})


PUBLIC = (
    _case("one-step", Text(en="one step", zh="走一步"), [[1.0]], [[2.0]], 0.1, 1),
    _case("three-steps", Text(en="three steps", zh="走三步"), [[1.0, -2.0, 4.0]], [[2.0], [-1.0]], 0.1, 3),
    _case("no-step", Text(en="no step at all", zh="一步也不走"), [[0.5, 1.0]], [[3.0], [1.0]], 0.25, 0),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes, a longer run, a step so large that the loss grows, other memory layouts."""
    cases = []
    plans = ((2, 3, 1, 0.02, 5), (4, 1, 2, 0.05, 12), (3, 5, 2, 0.4, 4), (1, 2, 3, 0.1, 2))
    for number, (d_in, width, d_out, lr, steps) in enumerate(plans):
        w1, w2 = rng.standard_normal((d_in, width)), rng.standard_normal((width, d_out))
        if number == 0:
            w1, w2 = np.asfortranarray(w1), rng.standard_normal((width, 2 * d_out))[:, ::2]
        label = Text(en=f"{steps} steps with lr = {lr}", zh=f"{steps} 步，lr = {lr}")
        cases.append(Case(f"random-{number}", label, {"w1": w1, "w2": w2, "lr": lr, "steps": steps}))
    return cases


WRONG = (
    Wrong(
        "uphill",
        Text(en="+= in place of minus: the step goes uphill", zh="该减的写成了加：在往上坡走"),
        edits=(
            ("w1 = w1 - lr * grad_w1", "w1 = w1 + lr * grad_w1"),
            ("w2 = w2 - lr * grad_w2", "w2 = w2 + lr * grad_w2"),
        ),
        hint=Hint(
            question=Text(
                en="The gradient points to where the loss grows. Do you want to go there?",
                zh="梯度指向损失增大的方向。你想往那边走吗？",
            ),
            neighbour=Text(
                en="The loss t*t at t = 3 has slope 6. With lr 0.1: 3 - 0.6 = 2.4 gives 5.76, less than 9. "
                "3 + 0.6 = 3.6 gives 12.96, more than 9.",
                zh="损失 t*t 在 t = 3 处的斜率是 6。取 lr 0.1：3 - 0.6 = 2.4，损失 5.76，比 9 小；3 + 0.6 = 3.6，损失 12.96，比 9 大。",
            ),
        ),
    ),
    Wrong(
        "g2-after-w1-moved",
        Text(en="the gradient of w2 is taken after w1 has moved", zh="w1 已经更新之后，才去求 w2 的梯度"),
        edits=(("w2 = w2 - lr * grad_w2", "w2 = w2 - lr * loss_and_grads(w1, w2)[2]"),),
        hint=Hint(
            question=Text(
                en="At which weights is each of your gradients measured? Are both measured at the same point?",
                zh="你的每个梯度是在哪一组权重处求的？两个梯度是在同一点上求的吗？",
            ),
            neighbour=Text(
                en="z = a*b at (2, 3), lr 0.1: the slopes are 3 and 2, so the step leads to (1.7, 2.8). Moving a first, "
                "to 1.7, and asking again for the slope in b gives 1.7 and the point (1.7, 2.83): another method.",
                zh="z = a*b，在 (2, 3)，lr 0.1：两个斜率是 3 和 2，所以走到 (1.7, 2.8)。若先把 a 移到 1.7，再重新求 b 的斜率，得 1.7，"
                "走到 (1.7, 2.83)：那是另一种方法。",
            ),
        ),
    ),
    Wrong(
        "logs-the-array",
        Text(en="the log keeps arrays instead of numbers", zh="记录的是数组，而不是数"),
        edits=(("losses.append(float(loss))", "losses.append(loss)"),),
        hint=Hint(
            question=Text(
                en="Print type(losses[0]). Is it a number or an array that happens to hold one?",
                zh="打印 type(losses[0])：它是一个数，还是恰好只装了一个数的数组？",
            ),
            neighbour=Text(
                en="box = np.array(5.0); log = [box]; box -= 1. Now log[0] shows 4: the list holds the box, not the 5. With "
                "log = [float(box)] it stays 5. In PyTorch the box also drags its whole computation graph along.",
                zh="box = np.array(5.0); log = [box]; box -= 1。现在 log[0] 显示 4：列表里放的是盒子，不是 5。写成 log = [float(box)]，"
                "就仍是 5。在 PyTorch 里，这个盒子还会拖着整张计算图。",
            ),
        ),
    ),
    Wrong(
        "logs-after-the-step",
        Text(en="the loss is logged after the step, not before", zh="记录的是更新之后的损失，而不是更新之前的"),
        edits=(
            ("losses.append(float(loss))", "pass"),
            ("w2 = w2 - lr * grad_w2", "w2 = w2 - lr * grad_w2; losses.append(float(loss_and_grads(w1, w2)[0]))"),
        ),
        hint=Hint(
            question=Text(
                en="Is losses[0] the loss of the starting weights? And does your loop call loss_and_grads once per step?",
                zh="losses[0] 是起始权重的损失吗？你的循环每步只调用一次 loss_and_grads 吗？",
            ),
            neighbour=Text(
                en="The loss t*t from t = 4, halving t each time: 16, 4, 1. A log of three entries that starts with the "
                "starting point is [16, 4, 1]; one that starts after the first step is [4, 1, 0.25].",
                zh="损失 t*t，从 t = 4 出发，每步 t 减半：16、4、1。从起点开始记三项是 [16, 4, 1]；从第一步之后开始记则是 [4, 1, 0.25]。",
            ),
        ),
    ),
    Wrong(
        "one-step-too-many",
        Text(en="steps + 1 rounds of the loop", zh="循环了 steps + 1 轮"),
        edits=(("for _ in range(steps):", "for _ in range(steps + 1):"),),
        hint=Hint(
            question=Text(
                en="With steps = 0, what should come back? How long should losses be?",
                zh="steps = 0 时应当返回什么？losses 应当有多长？",
            ),
            neighbour=Text(
                en="range(3) counts 0, 1, 2: three rounds. range(3 + 1) counts 0, 1, 2, 3: four. Three fence panels need four "
                "posts, but here you are asked for panels.",
                zh="range(3) 数 0、1、2，共三轮；range(3 + 1) 数 0、1、2、3，共四轮。三段篱笆要四根柱子，但这里问的是几段篱笆。",
            ),
        ),
    ),
    Wrong(
        "one-step-too-few",
        Text(en="the loop begins at 1 and makes one step too few", zh="循环从 1 开始，少走了一步"),
        edits=(("for _ in range(steps):", "for _ in range(1, steps):"),),
        hint=Hint(
            question=Text(
                en="With steps = 1, how often does your loop run?",
                zh="steps = 1 时，你的循环跑几次？",
            ),
            neighbour=Text(
                en="range(1, 4) counts 1, 2, 3: three rounds, not four. To get four: range(4) or range(1, 4 + 1).",
                zh="range(1, 4) 数 1、2、3，是三轮，不是四轮。想要四轮：range(4) 或 range(1, 4 + 1)。",
            ),
        ),
    ),
    Wrong(
        "w2-forgotten",
        Text(en="only w1 is updated", zh="只更新了 w1"),
        edits=(("w2 = w2 - lr * grad_w2", "pass"),),
        hint=Hint(
            question=Text(
                en="Which weights have changed after one step? Which should have?",
                zh="走一步之后，哪些权重变了？哪些应该变？",
            ),
            neighbour=Text(
                en="A shower has two taps. Turning only the hot one, you find the best hot setting for a cold tap that is "
                "wrong. Each step turns both.",
                zh="淋浴有两个龙头。只拧热水，找到的只是在冷水开得不合适时最好的热水位置。每一步都要两个一起拧。",
            ),
        ),
    ),
    Wrong(
        "changes-the-start",
        Text(en="the caller's weights are changed in place", zh="原地改动了调用者的权重"),
        edits=(("w1 = w1 - lr * grad_w1", "w1 -= lr * grad_w1"), ("w2 = w2 - lr * grad_w2", "w2 -= lr * grad_w2")),
        hint=Hint(
            question=Text(
                en="After the call, does the caller still have the starting weights? What is the difference between "
                "w = w - s and w -= s?",
                zh="调用之后，调用者手里的起始权重还在吗？w = w - s 和 w -= s 有什么区别？",
            ),
            neighbour=Text(
                en="a = np.array([5.0]); b = a; b = b - 1: a is still [5]. With b -= 1 instead, a becomes [4], because b is "
                "another name of the same array. A second experiment that starts from a would then start elsewhere.",
                zh="a = np.array([5.0]); b = a; b = b - 1：a 仍是 [5]。换成 b -= 1，a 就变成 [4]，因为 b 是同一个数组的另一个名字。"
                "第二次实验若从 a 出发，起点就不一样了。",
            ),
        ),
    ),
    Wrong(
        "stale-gradient",
        Text(en="the gradient is computed once, before the loop", zh="梯度只在循环之前算了一次"),
        edits=(
            ("losses = []", "losses = []; loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)"),
            ("loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)  #", "#"),
        ),
        hint=Hint(
            question=Text(
                en="After the first step you stand somewhere else. Is the slope still the same there?",
                zh="走完第一步，你已经换了位置。那里的斜率还和原来一样吗？",
            ),
            neighbour=Text(
                en="t*t from t = 4 with lr 0.25. Asking anew each time: slope 8, t = 2; slope 4, t = 1. With the first slope "
                "for ever: t = 2, 0, -2, -4: straight through the valley and up the other side.",
                zh="t*t，从 t = 4 出发，lr 0.25。每步重新求斜率：斜率 8，t = 2；斜率 4，t = 1。一直用第一个斜率：t = 2、0、-2、-4，"
                "径直穿过谷底，又爬上对面的坡。",
            ),
        ),
    ),
    Wrong(
        "only-the-last-loss",
        Text(en="returns the last loss instead of the list", zh="只返回最后一个损失，而不是整个列表"),
        edits=(("losses.append(float(loss))", "losses = float(loss)"),),
        hint=Hint(
            question=Text(
                en="How many numbers does the card promise for losses? Could you draw a curve from what you return?",
                zh="题目卡片上说 losses 里有几个数？用你返回的东西能画出一条曲线吗？",
            ),
            neighbour=Text(
                en="days = []; then for t in (3, 5, 4): days.append(t) gives [3, 5, 4]. With days = t in the loop, only 4 "
                "is left at the end.",
                zh="先 days = []，再 for t in (3, 5, 4): days.append(t)，得到 [3, 5, 4]。若循环里写 days = t，最后只剩 4。",
            ),
        ),
    ),
    Wrong(
        "averaged-step",
        Text(en="the step is divided by the number of steps", zh="步长又除以了步数"),
        edits=(("losses = []", "losses = []; lr = lr / max(steps, 1)"),),
        hint=Hint(
            question=Text(
                en="Is lr the length of one step or of the whole way?",
                zh="lr 说的是一步的大小，还是整段路的大小？",
            ),
            neighbour=Text(
                en="t*t from t = 4, lr 0.25, two steps: 4 - 0.25*8 = 2, then 2 - 0.25*4 = 1. With lr halved to 0.125: 3, "
                "then 2.25. The rule says lr for each step.",
                zh="t*t，从 t = 4 出发，lr 0.25，走两步：4 - 0.25*8 = 2，再 2 - 0.25*4 = 1。lr 减半成 0.125：先到 3，再到 2.25。"
                "规则说的是：每一步都用 lr。",
            ),
        ),
    ),
    Wrong(
        "direction-only",
        Text(en="steps by the gradient's sign, not by its size", zh="只按梯度的符号走，没有按它的大小走"),
        edits=(
            ("w1 = w1 - lr * grad_w1", "w1 = w1 - lr * np.sign(grad_w1)"),
            ("w2 = w2 - lr * grad_w2", "w2 = w2 - lr * np.sign(grad_w2)"),
        ),
        hint=Hint(
            question=Text(
                en="Should a step be longer where the slope is steeper? What does weight - lr * gradient say?",
                zh="坡越陡，步子应该越大吗？weight - lr * gradient 是怎么说的？",
            ),
            neighbour=Text(
                en="lr 0.1, gradients [8, -0.5]: the rule moves by [-0.8, 0.05]. By sign alone it would be [-0.1, 0.1], the "
                "same for a cliff and for a plain.",
                zh="lr 0.1，梯度 [8, -0.5]：按规则移动 [-0.8, 0.05]。只看符号则是 [-0.1, 0.1]，悬崖和平地走得一样远。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "copies-and-in-place",
        '''def train(w1, w2, loss_and_grads, lr, steps):
    """Works on copies, in place."""
    weights = [w1.copy(), w2.copy()]
    losses = [0.0] * steps
    for t in range(steps):
        loss, *grads = loss_and_grads(*weights)
        losses[t] = loss.item()
        for w, g in zip(weights, grads):
            w -= lr * g
    return (*weights, losses)
''',
    ),
    Right(
        "recursive",
        '''def train(w1, w2, loss_and_grads, lr, steps):
    """One step, then the rest of the way."""
    if steps == 0:
        return w1, w2, []
    loss, g1, g2 = loss_and_grads(w1, w2)
    w1, w2, later = train(w1 - lr * g1, w2 - lr * g2, loss_and_grads, lr, steps - 1)
    return w1, w2, [float(loss)] + later
''',
    ),
    Right(
        "while-loop",
        '''def train(w1, w2, loss_and_grads, lr, steps):
    """The same with while, the weights side by side."""
    losses, done = [], 0
    while done < steps:
        loss, g1, g2 = loss_and_grads(w1, w2)
        w1, w2 = w1 + (-lr) * g1, w2 + (-lr) * g2
        losses += [float(loss)]
        done += 1
    return w1, w2, losses
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="1.4 Gradient descent", zh="1.4 梯度下降"),
    properties=(
        Property("w1", Text(en="w1 after the last step", zh="最后一步之后的 w1"), points=2.0),
        Property("w2", Text(en="w2 after the last step", zh="最后一步之后的 w2"), points=2.0),
        Property("losses", Text(en="the losses, as numbers", zh="各步的损失，都是数")),
        Property("start", Text(en="the starting weights are left as they were", zh="起始权重保持原样"), only_with="w1"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Say the round of the loop in words: measure, log, step. At which weights is each of the three done?",
            zh="把循环的一轮用话说出来：测量、记录、迈步。这三件事各是在哪一组权重上做的？",
        ),
        neighbour=Text(
            en="The loss t*t with slope 2t, from t = 4, lr 0.25, two steps. Round 1: loss 16, slope 8, t = 4 - 0.25*8 = 2. "
            "Round 2: loss 4, slope 4, t = 2 - 0.25*4 = 1. Back come t = 1 and the log [16, 4].",
            zh="损失 t*t，斜率 2t，从 t = 4 出发，lr 0.25，走两步。第 1 轮：损失 16，斜率 8，t = 4 - 0.25*8 = 2。"
            "第 2 轮：损失 4，斜率 4，t = 2 - 0.25*4 = 1。返回 t = 1 和记录 [16, 4]。",
        ),
    ),
)
