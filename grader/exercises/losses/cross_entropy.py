"""Exercise 8.3: cross-entropy from logits, with class weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls it once, with or without weights; yields the loss and the gradient of the logits."""
    logits = case["logits"].clone().requires_grad_()
    weight = case["weight"]
    loss = ns["cross_entropy"](logits, case["labels"], *([] if weight is None else [weight]))
    yield ("loss" if weight is None else "weighted"), loss
    loss.backward()
    yield "grad", logits.grad


def _case(name: str, label: Text, logits: Any, labels: Any, weight: Any = None) -> Case:
    weight = None if weight is None else torch.as_tensor(weight).double()
    return Case(
        name,
        label,
        {"logits": torch.as_tensor(logits).double(), "labels": torch.as_tensor(labels), "weight": weight},
    )


PUBLIC = (
    _case("one", Text(en="one sample, three classes", zh="一个样本，三个类别"), [[1.0, 2.0, 0.0]], [0]),
    _case("three", Text(en="three samples, two classes", zh="三个样本，两个类别"), [[0.0, 1.0], [2.0, -1.0], [0.5, 0.25]], [1, 1, 0]),
    _case("weighted", Text(en="three samples, weights 1, 2 and 5", zh="三个样本，权重 1、2、5"), [[1.0, 0.0, -1.0], [0.0, 2.0, 1.0], [0.5, 0.5, 3.0]], [2, 0, 2], [1.0, 2.0, 5.0]),
    _case("extreme", Text(en="logits of ±10⁴", zh="logits 为 ±10⁴"), [[1e4, -1e4, 0.0], [0.0, 0.0, 1e4]], [1, 2]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """More classes than samples and the reverse, a batch of one with weights, a weight of 0, extreme logits."""

    def draw(n: int, classes: int) -> tuple[Any, Any]:
        return 2 * rng.standard_normal((n, classes)), rng.integers(0, classes, n)

    return [
        _case("many-classes", Text(en="3 samples, 7 classes", zh="3 个样本，7 个类别"), *draw(3, 7)),
        _case("many-samples", Text(en="9 samples, 4 classes", zh="9 个样本，4 个类别"), *draw(9, 4)),
        _case("single-weighted", Text(en="one sample with weights", zh="一个样本，有权重"), *draw(1, 4), rng.uniform(0.2, 3, 4)),
        _case("weighted", Text(en="8 samples, 3 classes, weights", zh="8 个样本，3 个类别，有权重"), *draw(8, 3), rng.uniform(0.2, 3, 3)),
        _case("zero-weight", Text(en="one class with weight 0", zh="有一个类别权重为 0"), rng.standard_normal((5, 3)), [0, 1, 2, 1, 0], [1.5, 0.0, 0.5]),
        _case("extreme", Text(en="logits of ±10⁴", zh="logits 为 ±10⁴"), 1e4 * np.sign(rng.standard_normal((4, 5))), rng.integers(0, 5, 4)),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "labels-ignored",
        Text(en="the labels play no part: the mean over all classes", zh="标签没起作用：对所有类别求了平均"),
        edits=(("[torch.arange(len(labels)), labels]", ".mean(dim=1)"),),
        hint=Hint(
            question=Text(en="Change the labels. Does your loss change?", zh="换一换标签，你的损失变吗？"),
            neighbour=Text(
                en="A forecast: sun 0.7, rain 0.2, snow 0.1. It rained, so the loss is -ln 0.2 = 1.61. Had it snowed, 2.30. Only the entry of what happened counts.",
                zh="天气预报：晴 0.7，雨 0.2，雪 0.1。结果下了雨，损失是 -ln 0.2 = 1.61；要是下雪，就是 2.30。只看实际发生的那一项。",
            ),
        ),
    ),
    Wrong(
        "softmax-twice",
        Text(en="softmax twice", zh="做了两次 softmax"),
        edits=(("torch.log_softmax(logits, dim=1)", "torch.log_softmax(torch.softmax(logits, dim=1), dim=1)"),),
        hint=Hint(
            question=Text(en="What goes into log_softmax: logits or something that was squeezed between 0 and 1 already?", zh="送进 log_softmax 的是 logits，还是已经被压到 0 和 1 之间的东西？"),
            neighbour=Text(
                en="softmax([0, 10]) is about [0, 1]; softmax of that is about [0.27, 0.73]. Certainty has become a guess.",
                zh="softmax([0, 10]) 约为 [0, 1]；再做一次 softmax，约为 [0.27, 0.73]。确信变成了猜测。",
            ),
        ),
    ),
    Wrong(
        "nll-on-logits",
        Text(en="the logits themselves are taken for log-probabilities", zh="把 logits 直接当成了对数概率"),
        edits=(("-torch.log_softmax(logits, dim=1)[", "-logits["),),
        hint=Hint(
            question=Text(en="Can your loss be negative? Can a cross-entropy?", zh="你的损失会是负数吗？交叉熵呢？"),
            neighbour=Text(
                en="-ln p with p = 0.9, 0.5, 0.01: 0.105, 0.693, 4.6. It is never negative, since p is at most 1.",
                zh="-ln p，p = 0.9、0.5、0.01：0.105、0.693、4.6。因为 p 不超过 1，它从不为负。",
            ),
        ),
    ),
    Wrong(
        "softmax-without-log",
        Text(en="minus the probability: the logarithm is missing", zh="只取了概率的相反数：漏了对数"),
        edits=(("-torch.log_softmax(logits, dim=1)", "-torch.softmax(logits, dim=1)"),),
        hint=Hint(
            question=Text(en="What is the loss for a right class with probability 1? What does yours give?", zh="正确类别的概率为 1 时，损失是多少？你的是多少？"),
            neighbour=Text(en="-ln 1 = 0, but -1 is -1. -ln 0.001 = 6.9, but -0.001 is almost 0.", zh="-ln 1 = 0，而 -1 就是 -1。-ln 0.001 = 6.9，而 -0.001 几乎是 0。"),
        ),
    ),
    Wrong(
        "sum-for-mean",
        Text(en="the sum over the samples, not the mean", zh="对样本求了和，而不是平均"),
        edits=(("        return each.mean()\n", "        return each.sum()\n"),),
        hint=Hint(
            question=Text(en="What happens to the loss when each sample is given twice?", zh="每个样本都给两遍，损失会怎样？"),
            neighbour=Text(en="Losses 0.2, 0.4 and 0.9: the sum is 1.5, the mean 0.5.", zh="损失 0.2、0.4、0.9：和是 1.5，平均是 0.5。"),
        ),
    ),
    Wrong(
        "divided-by-n",
        Text(en="the weighted sum is divided by the number of samples", zh="加权的和除以了样本数"),
        edits=(("(w * each).sum() / w.sum()", "(w * each).mean()"),),
        hint=Hint(
            question=Text(en="If all weights are 2: what should the weighted mean be, compared with the plain one?", zh="如果所有权重都是 2，加权平均与普通平均相比应该怎样？"),
            neighbour=Text(
                en="Marks 1 and 4 with weights 2 and 1: (2 · 1 + 1 · 4) / (2 + 1) = 2. Divided by the number of marks it would be 3.",
                zh="分数 1 和 4，权重 2 和 1：(2 · 1 + 1 · 4) / (2 + 1) = 2。除以分数的个数就成了 3。",
            ),
        ),
    ),
    Wrong(
        "divided-by-all-weights",
        Text(en="divided by the sum of the class weights, not of the samples' weights", zh="除以了各类别权重之和，而不是各样本权重之和"),
        edits=(("/ w.sum()", "/ weight.sum()"),),
        hint=Hint(
            question=Text(en="A class that no sample belongs to: should its weight count in the denominator?", zh="没有样本属于某一类，它的权重该算进分母吗？"),
            neighbour=Text(en="Prices 3 and 1 per kg; 2 kg of the first are bought, none of the second. The mean price per kg is 6 / 2, not 6 / (2 + something).", zh="两种米每公斤 3 元和 1 元；第一种买了 2 公斤，第二种没买。平均每公斤 6 / 2 元，分母里没有第二种。"),
        ),
    ),
    Wrong(
        "weights-ignored",
        Text(en="the weights are ignored", zh="没有用到权重"),
        edits=(("    if weight is None:\n", "    if True:\n"),),
        hint=Hint(
            question=Text(en="Make one weight a hundred times larger. Does anything change?", zh="把一个权重放大一百倍，有变化吗？"),
            neighbour=Text(en="An exam that counts twice: marks 2 and 5, the second with weight 2, give 12 / 3 = 4, not 3.5.", zh="一门考试算两倍：分数 2 和 5，第二个权重为 2，得 12 / 3 = 4，而不是 3.5。"),
        ),
    ),
    Wrong(
        "overflows",
        Text(en="exponentials of the plain logits", zh="对没有处理过的 logits 取了指数"),
        edits=(("-torch.log_softmax(logits, dim=1)", "-torch.log(logits.exp() / logits.exp().sum(dim=1, keepdim=True))"),),
        hint=Hint(
            question=Text(en="In the case with ±10⁴: which number on the way is inf or 0?", zh="在 ±10⁴ 的算例里，途中哪个数是 inf 或 0？"),
            neighbour=Text(en="e^800 / (e^800 + 1) is inf / inf = nan as floats. On paper: 800 - ln(e^800 + 1), about 0.", zh="e^800 / (e^800 + 1) 用浮点数算是 inf / inf = nan。在纸上：800 - ln(e^800 + 1)，约等于 0。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "one-hot",
        '''def cross_entropy(logits, labels, weight=None):
    """A mask of ones picks the entries; without weights all weigh 1."""
    n, classes = logits.shape
    chosen = logits.new_zeros(n, classes)
    chosen[torch.arange(n), labels] = 1
    if weight is not None:
        chosen = chosen * weight
    return -(chosen * torch.log_softmax(logits, 1)).sum() / chosen.sum()
''',
    ),
    Right(
        "sample-by-sample",
        '''def cross_entropy(logits, labels, weight=None):
    """A loop over the samples with logsumexp."""
    total, weights = 0, 0
    for z, y in zip(logits, labels):
        w = 1.0 if weight is None else weight[y]
        total = total + w * (torch.logsumexp(z, 0) - z[y])
        weights = weights + w
    return total / weights
''',
    ),
    Right(
        "gather",
        '''def cross_entropy(logits, labels, weight=None):
    """gather, and torch.where for the weights."""
    p = logits - logits.logsumexp(dim=1, keepdim=True)
    each = p.gather(1, labels[:, None]).squeeze(1).neg()
    w = torch.ones_like(each) if weight is None else weight.index_select(0, labels)
    return torch.dot(w, each) / w.sum()
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "mask-on-cpu",
        Text(en="the one-hot mask is made on the CPU", zh="one-hot 掩码是在 CPU 上生成的"),
        source='''def cross_entropy(logits, labels, weight=None):
    """A mask of ones picks the entries; without weights all weigh 1."""
    n, classes = logits.shape
    chosen = torch.zeros(n, classes, dtype=logits.dtype)
    chosen[torch.arange(n), labels] = 1
    if weight is not None:
        chosen = chosen * weight
    return -(chosen * torch.log_softmax(logits, 1)).sum() / chosen.sum()
''',
        hint=Hint(
            question=Text(en="logits.new_zeros(n, classes) and torch.zeros(n, classes, dtype=logits.dtype): in what do they differ?", zh="logits.new_zeros(n, classes) 和 torch.zeros(n, classes, dtype=logits.dtype) 有什么不同？"),
            neighbour=Text(en="For t on a GPU, t[torch.arange(4), labels] works, an index may come from the CPU. The other way round it does not: torch.zeros(4, 3)[labels] with labels on the GPU raises.", zh="t 在 GPU 上时，t[torch.arange(4), labels] 没问题，下标可以来自 CPU。反过来不行：labels 在 GPU 上，torch.zeros(4, 3)[labels] 就会报错。"),
        ),
    ),
    Wrong(
        "labels-from-a-list",
        Text(en="the index for gather is made from a list of the labels", zh="传给 gather 的下标是由标签列成的列表生成的"),
        edits=(('[torch.arange(len(labels)), labels]     #', '.gather(1, torch.tensor(labels.tolist())[:, None])[:, 0]     #'),),
        hint=Hint(
            question=Text(en="labels is a tensor already. What does gather ask of an index that square brackets do not ask?", zh="labels 本来就是张量。gather 对下标的哪个要求，是方括号没有的？"),
            neighbour=Text(en="t.gather(1, i) wants i on t's device. torch.tensor(i.tolist()) is a copy on the CPU; i[:, None] is a view of i, wherever it lies.", zh="t.gather(1, i) 要求 i 与 t 在同一个设备上。torch.tensor(i.tolist()) 是 CPU 上的副本；i[:, None] 是 i 的视图，i 在哪里它就在哪里。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="8.3 Cross-entropy with class weights", zh="8.3 带类别权重的交叉熵"),
    properties=(
        Property("loss", Text(en="the loss without weights", zh="没有权重时的损失"), points=2.0),
        Property("weighted", Text(en="the loss with weights", zh="有权重时的损失"), points=2.0),
        Property("grad", Text(en="the gradient of the logits", zh="logits 的梯度")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Compute the loss of each single sample on paper and compare with yours. Is one of them wrong, or the way they are put together?",
            zh="在纸上算出每个样本的损失，与你的比较。是某一个错了，还是合起来的方式错了？",
        ),
        neighbour=Text(
            en="Logits [[0, 0], [0, ln 3]], labels [0, 1]: the probabilities of the right classes are 1/2 and 3/4, the losses 0.693 and 0.288, the mean is 0.490.",
            zh="logits [[0, 0], [0, ln 3]]，标签 [0, 1]：正确类别的概率是 1/2 和 3/4，损失是 0.693 和 0.288，平均是 0.490。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
