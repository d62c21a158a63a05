"""Exercise 4.5: a large batch's gradient in small pieces of unequal sizes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Accumulates once with a linear model that keeps a diary; yields loss, gradient, the diary and w."""
    w = case["w"].clone().requires_grad_()
    if case["left_over"]:
        w.grad = w.detach() * 0 + 3.0
    diary: list[str] = []

    def predict(part: Any) -> Any:
        diary.append(f"predict {len(part)}")
        out = part @ w
        out.register_hook(lambda grad: diary.append("backward"))
        return out

    loss = ns["accumulate"](predict, w, case["x"], case["y"], case["sizes"])
    yield "loss", loss
    yield "grad", w.grad
    yield "diary", diary
    yield "w", w.detach()


def _case(
    name: str, label: Text, sizes: list[int], width: int, outputs: int, rng: Any, left_over: bool = False
) -> Case:
    n = sum(sizes)
    x, y, w = rng.standard_normal((n, width)), rng.standard_normal((n, outputs)), rng.standard_normal((width, outputs))
    return Case(
        name,
        label,
        {
            "w": torch.from_numpy(w),
            "x": torch.from_numpy(x),
            "y": torch.from_numpy(y),
            "sizes": sizes,
            "left_over": left_over,
        },
    )


PUBLIC = (
    Case(
        "two-and-one",
        Text(en="three samples in pieces of 2 and 1", zh="三个样本，分成 2 个和 1 个两份"),
        {
            "w": torch.tensor([[1.0]], dtype=torch.float64),
            "x": torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64),
            "y": torch.tensor([[0.0], [3.0], [-3.0]], dtype=torch.float64),
            "sizes": [2, 1],
            "left_over": False,
        },
    ),
    _case("uneven", Text(en="pieces of 1, 3 and 2; two outputs", zh="三份，分别为 1、3、2 个；两个输出"), [1, 3, 2], 3, 2, np.random.default_rng(8)),
    _case("left-over", Text(en="pieces of 2 and 3; something left in w.grad", zh="两份，分别为 2、3 个；w.grad 里留有东西"), [2, 3], 2, 1, np.random.default_rng(9), True),
    _case("whole", Text(en="a single piece", zh="只有一份"), [3], 2, 2, np.random.default_rng(10)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Many pieces, pieces of one sample, more outputs, something left over."""
    plans = (([5, 1, 4, 2], 3, 4, True), ([1, 1, 1], 2, 3, False), ([7, 2], 5, 1, True))
    return [
        _case(
            f"random-{number}", Text(en=f"pieces of {sizes}", zh=f"各份大小 {sizes}"), sizes, width, outputs, rng, left
        )
        for number, (sizes, width, outputs, left) in enumerate(plans)
    ]


_WEIGHTS = Hint(
    question=Text(
        en="How much does one sample in a piece of 1 count in your sum, and one in a piece of 4? How much should each count?",
        zh="在你的和里，1 个样本的那份中的一个样本占多大分量？4 个样本的那份中的一个呢？各应当占多少？",
    ),
    neighbour=Text(
        en="Two classes sit a test: 2 pupils with the mean 80, 8 pupils with the mean 60. The mean of all is (160 + 480) / 10 = 64, "
        "not (80 + 60) / 2 = 70. Add the points, then divide once by everybody.",
        zh="两个班考试：2 人的平均分是 80，8 人的平均分是 60。全体平均是 (160 + 480) / 10 = 64，不是 (80 + 60) / 2 = 70。先把分数都加起来，再一次除以总人数。",
    ),
)

WRONG = (
    Wrong(
        "means-added",
        Text(en="the means of the pieces are added up", zh="把各份的平均值加在一起"),
        edits=((".pow(2).sum() / y.numel()", ".pow(2).mean()"),),
        hint=_WEIGHTS,
    ),
    Wrong(
        "mean-of-means",
        Text(en="the mean of the pieces' means: small pieces count too much", zh="各份平均值再平均：小份占了太大的分量"),
        edits=((".pow(2).sum() / y.numel()", ".pow(2).mean() / len(sizes)"),),
        hint=_WEIGHTS,
    ),
    Wrong(
        "samples-not-entries",
        Text(en="divided by the number of samples instead of the number of entries", zh="除以了样本数，而不是元素个数"),
        edits=(("y.numel()", "len(y)"),),
        hint=Hint(
            question=Text(
                en="How many squared errors are there for N samples with K outputs each?",
                zh="N 个样本，每个有 K 个输出，一共有多少个误差的平方？",
            ),
            neighbour=Text(
                en="A table of 3 rows and 2 columns of ones: the sum is 6. Divided by the rows it is 2, by the entries 1; the mean of ones is 1.",
                zh="3 行 2 列全是 1 的表，和是 6。除以行数得 2，除以元素个数得 1；全是 1 的数，平均值是 1。",
            ),
        ),
    ),
    Wrong(
        "cleared-in-every-piece",
        Text(en="w.grad is cleared for each piece: only the last one is left", zh="每一份都清了 w.grad：只剩下最后一份"),
        edits=(("    for size in sizes:\n", "    for size in sizes:\n        w.grad = None\n"),),
        hint=Hint(
            question=Text(
                en="When does the sum begin: with each piece, or once for the whole batch?",
                zh="求和从什么时候开始：每份一次，还是整批一次？",
            ),
            neighbour=Text(
                en="Counting coins from three bags: 4, 5, 1. Whoever sets the counter to 0 before each bag reads 1 at the end, not 10.",
                zh="数三袋硬币：4、5、1。若每数一袋之前都把计数器归零，最后读到的是 1，而不是 10。",
            ),
        ),
    ),
    Wrong(
        "left-over-kept",
        Text(en="what was left in w.grad before is counted, too", zh="把 w.grad 里原先留下的东西也算了进去"),
        edits=(("    w.grad = None\n", ""),),
        hint=Hint(
            question=Text(
                en="What is in w.grad when you begin? To what does the first backward add?",
                zh="开始的时候，w.grad 里有什么？第一次 backward 会加到什么上面？",
            ),
            neighbour=Text(
                en="The counter still shows 7 from yesterday. Today's three bags of 4, 5 and 1 make it 17.",
                zh="计数器上还留着昨天的 7。今天的三袋 4、5、1 数完，显示的是 17。",
            ),
        ),
    ),
    Wrong(
        "one-graph-for-all",
        Text(en="all pieces are predicted first, and backward is called once at the end", zh="先预测完所有的份，最后才调用一次 backward"),
        edits=(
            ("        loss.backward()                                                  # its graph is released here | 图在这里释放\n        total += loss.item()\n", "        total = total + loss\n"),
            ("    return total\n", "    total.backward()\n    return total.item()\n"),
        ),
        hint=Hint(
            question=Text(
                en="How many graphs are alive at the same time in your loop? What was cutting the batch into pieces for?",
                zh="在你的循环里，同时活着的图有几张？把批量拆成小份，是为了什么？",
            ),
            neighbour=Text(
                en="You wash ten pans in a sink that holds one. Whoever puts all ten in first and washes then has the sink overflow. "
                "Pan in, wash, pan out; next.",
                zh="水槽只放得下一口锅，却要洗十口。先把十口全放进去再洗，水就溢出来了。放一口，洗一口，拿走；再来下一口。",
            ),
        ),
    ),
    Wrong(
        "retained-running-total",
        Text(en="backward on the running total, with retain_graph: early pieces count several times", zh="对累计的总损失反复 backward，并用 retain_graph：前面的份被算了好几次"),
        edits=(
            ("        loss.backward()                                                  # its graph is released here | 图在这里释放\n        total += loss.item()\n", "        total = total + loss\n        total.backward(retain_graph=True)\n"),
            ("    return total\n", "    return total.item()\n"),
        ),
        hint=Hint(
            question=Text(
                en="How often does the first piece's loss take part in a backward of yours?",
                zh="第一份的损失，参与了你的几次 backward？",
            ),
            neighbour=Text(
                en="Entries 4, 5, 1 and their running totals 4, 9, 10. Adding up the totals gives 23: the 4 was counted three times.",
                zh="记录是 4、5、1，累计是 4、9、10。把累计值加起来得 23：其中的 4 算了三次。",
            ),
        ),
    ),
    Wrong(
        "pieces-of-equal-size",
        Text(en="all pieces are cut with the first size", zh="每份都按第一份的大小来切"),
        edits=(("    for size in sizes:\n", "    for size in [sizes[0]] * len(sizes):\n"),),
        hint=Hint(
            question=Text(
                en="Print start and stop of each piece. Is each sample in exactly one of them?",
                zh="打印每一份的起点和终点。每个样本都恰好在其中一份里吗？",
            ),
            neighbour=Text(
                en="Sizes 2, 3, 1 of the letters abcdef: ab, cde, f. With 2 each time: ab, cd, ef, which happens to use all of them; with sizes "
                "1, 3, 2 cut as 1 each time, def are never seen.",
                zh="字母 abcdef 按 2、3、1 切：ab、cde、f。若每次都切 2 个：ab、cd、ef，碰巧也用全了；而 1、3、2 若每次都切 1 个，def 就永远轮不到。",
            ),
        ),
    ),
    Wrong(
        "updates-w",
        Text(en="w moves after each piece", zh="每一份之后都更新了 w"),
        edits=(("        start += size\n", "        start += size\n        with torch.no_grad():\n            w -= 0.1 * w.grad\n"),),
        hint=Hint(
            question=Text(
                en="At which w is each piece's gradient measured? Does the card ask for an update?",
                zh="每一份的梯度，是在哪个 w 处求的？题目要求更新了吗？",
            ),
            neighbour=Text(
                en="Four people measure a table's height while a fifth keeps sawing at its legs. The mean of the four numbers is nobody's "
                "height.",
                zh="四个人量桌子的高度，第五个人却一直在锯桌腿。四个数的平均，哪个时刻的高度都不是。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "split",
        '''def accumulate(predict, w, x, y, sizes):
    """With split, and shares of the mean."""
    if w.grad is not None:
        w.grad.zero_()
    losses = []
    for part, target in zip(x.split(list(sizes)), y.split(list(sizes))):
        share = len(part) / len(x)
        loss = share * torch.nn.functional.mse_loss(predict(part), target)
        loss.backward()
        losses.append(float(loss))
    return sum(losses)
''',
    ),
    Right(
        "grad-function",
        '''def accumulate(predict, w, x, y, sizes):
    """With torch.autograd.grad and a sum of its own."""
    ends = np.cumsum(sizes)
    total, grad = 0.0, torch.zeros_like(w)
    for first, last in zip([0, *ends[:-1]], ends):
        loss = (predict(x[first:last]) - y[first:last]).square().sum()
        grad += torch.autograd.grad(loss, w)[0]
        total += loss.item()
    w.grad = grad / y.numel()
    return total / y.numel()
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "grad-on-cpu",
        Text(en="w.grad begins as zeros on the CPU", zh="w.grad 的初值是 CPU 上的零"),
        edits=(("w.grad = None", "w.grad = torch.zeros(w.shape, dtype=w.dtype)"),),
        hint=Hint(
            question=Text(en="What must a .grad have in common with its tensor besides the shape and the dtype?", zh="除了形状和 dtype，.grad 还有什么必须与它的张量一致？"),
            neighbour=Text(en="p.grad = torch.zeros(3) for p on a GPU raises 'assigned grad has data of a different device'. p.grad = None lets backward() make the first gradient itself, beside p.", zh="p 在 GPU 上时，p.grad = torch.zeros(3) 会报错，说梯度与 p 不在同一设备上。p.grad = None 则让 backward() 自己在 p 旁边生成第一份梯度。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="4.5 Gradient accumulation", zh="4.5 梯度累积"),
    properties=(
        Property("loss", Text(en="the loss of the whole batch", zh="整批的损失")),
        Property("grad", Text(en="w.grad, the gradient of the whole batch", zh="w.grad：整批的梯度"), points=2.0),
        Property(
            "diary",
            Text(en="predict, backward, next piece: one graph at a time", zh="预测、反向、下一份：一次只有一张图"),
            only_with="grad",
        ),
        Property("w", Text(en="w is left as it was", zh="w 保持原样"), only_with="grad"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Work out the smallest case by hand: which errors, which loss, which gradient belong to each piece?",
            zh="手算最小的反例：每一份的误差、损失、梯度各是多少？",
        ),
        neighbour=Text(
            en="Samples 1, 1, 2, targets 0, 2, 1, w = 1: errors 1, -1, 1. Loss (1 + 1 + 1) / 3 = 1. Pieces of 2 and 1: their shares of the "
            "gradient are 2*(1*1 - 1*1)/3 = 0 and 2*(1*2)/3 = 4/3, together 4/3.",
            zh="样本 1、1、2，目标 0、2、1，w = 1：误差是 1、-1、1，损失 (1 + 1 + 1) / 3 = 1。分成 2 个和 1 个：两份在梯度中所占的部分是 "
            "2*(1*1 - 1*1)/3 = 0 和 2*(1*2)/3 = 4/3，合计 4/3。",
        ),
    ),
    survivors=(
        Survivor(
            "loss = (predict(x[piece]) - y[piece]).pow(2).sum() / y.numel()",
            "predict(x[piece]) - y[piece] -> y[piece] - predict(x[piece])",
            "the square of an error does not tell which way round it was taken, and nor does its gradient",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
