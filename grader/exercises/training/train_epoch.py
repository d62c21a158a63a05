"""Exercise 12.1: one epoch of training, with a ragged last batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Trains one epoch with a linear model that keeps a diary; yields the loss, the weights, the diary and the mode."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(case["w"].clone())
            self.diary: list[bool] = []

        def forward(self, x: Any) -> Any:
            self.diary.append(self.training)
            return x @ self.w

    model = Model()
    model.train(case["starts_in_train_mode"])
    if case["left_over"]:
        model.w.grad = torch.ones_like(model.w) * 5.0
    optimiser = torch.optim.SGD(model.parameters(), lr=case["lr"], momentum=0.5)
    pairs = [(x, y) for x, y in zip(case["xs"], case["ys"], strict=True)]
    yield "loss", ns["train_epoch"](model, pairs, optimiser)
    yield "weights", model.w.detach()
    yield "diary", model.diary
    yield "mode", model.training


def _case(
    name: str,
    label: Text,
    sizes: tuple[int, ...],
    width: int,
    classes: int,
    rng: Any,
    lr: float = 0.5,
    left_over: bool = False,
    train: bool = True,
) -> Case:
    xs = [torch.from_numpy(np.round(rng.standard_normal((n, width)), 1)) for n in sizes]
    ys = [torch.from_numpy(rng.integers(0, classes, n)) for n in sizes]
    w = torch.from_numpy(np.round(rng.standard_normal((width, classes)), 1))
    return Case(
        name, label, {"xs": xs, "ys": ys, "w": w, "lr": lr, "left_over": left_over, "starts_in_train_mode": train}
    )


PUBLIC = (
    _case("one-batch", Text(en="a single batch of 2", zh="只有一批，2 个样本"), (2,), 2, 2, np.random.default_rng(1)),
    _case("ragged", Text(en="batches of 3, 3 and 1", zh="三批，分别为 3、3、1 个"), (3, 3, 1), 2, 3, np.random.default_rng(2)),
    _case("eval-mode", Text(en="the model is in eval mode at first", zh="模型一开始处于评估模式"), (2, 1), 3, 2, np.random.default_rng(3), train=False),
    _case("left-over", Text(en="something is left in .grad", zh=".grad 里留有东西"), (2, 2), 2, 3, np.random.default_rng(4), left_over=True),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """More batches and classes, a last batch of one, another learning rate."""
    return [
        _case(
            "many", Text(en="batches of 8, 8, 8 and 5", zh="四批，分别为 8、8、8、5 个"), (8, 8, 8, 5), 6, 4, rng, 0.2
        ),
        _case(
            "ones", Text(en="batches of 1", zh="每批 1 个"), (1, 1, 1, 1), 3, 5, rng, 0.1, left_over=True, train=False
        ),
    ]


_ORDER = Hint(
    question=Text(
        en="What is in .grad at the moment of step()? Do the weights move at all?",
        zh="step() 那一刻，.grad 里是什么？权重到底动了没有？",
    ),
    neighbour=Text(
        en="Write the letter, tear it up, post the envelope; or post the envelope first and write afterwards: nothing arrives either way. Clear, forward, loss, backward, step.",
        zh="写好信，撕掉，再寄信封；或者先寄信封，再写信：两种都等于没寄。清零、前向、损失、反向、更新。",
    ),
)

WRONG = (
    Wrong(
        "never-cleared",
        Text(en="the gradients are never cleared", zh="从不清零梯度"),
        edits=(("        optimiser.zero_grad()\n", ""),),
        hint=Hint(
            question=Text(en="What is in .grad when the second batch's backward begins?", zh="第二批的 backward 开始时，.grad 里有什么？"),
            neighbour=Text(
                en="A till that is not reset: the second day shows 70 for takings of 40 and 30. Which of the five lines resets it?",
                zh="收银机没有归零：两天收入 40 和 30，第二天显示 70。五行里的哪一行负责归零？",
            ),
        ),
    ),
    Wrong(
        "cleared-before-step",
        Text(en="the gradients are cleared between backward and step: nothing is learnt", zh="在 backward 与 step 之间清零：什么也没学到"),
        edits=(
            ("        optimiser.zero_grad()\n", ""),
            ("        loss.backward()\n", "        loss.backward()\n        optimiser.zero_grad()\n"),
        ),
        hint=_ORDER,
    ),
    Wrong(
        "step-before-backward",
        Text(en="step comes before backward: there is no gradient yet", zh="step 写在了 backward 之前：那时还没有梯度"),
        edits=(("        loss.backward()\n        optimiser.step()\n", "        optimiser.step()\n        loss.backward()\n"),),
        hint=_ORDER,
    ),
    Wrong(
        "mean-of-means",
        Text(en="the mean of the batch means: the small last batch counts too much", zh="各批平均值的平均：较小的最后一批占了太大分量"),
        edits=(("total += loss.item() * len(y) ", "total += loss.item() "), ("seen += len(y)", "seen += 1")),
        hint=Hint(
            question=Text(en="How much does a sample in a batch of 1 count in your mean, and one in a batch of 3?", zh="在你的平均里，1 个样本那批中的样本占多大分量？3 个样本那批中的呢？"),
            neighbour=Text(
                en="Two shelves: 9 books of 100 pages, 1 book of 500. Pages per book: 1400 / 10 = 140. The mean of the shelves' means is 300.",
                zh="两层书架：9 本各 100 页，1 本 500 页。平均每本 1400 / 10 = 140 页。两层平均值的平均却是 300。",
            ),
        ),
    ),
    Wrong(
        "last-loss",
        Text(en="the loss of the last batch", zh="返回了最后一批的损失"),
        edits=(("return total / seen", "return loss.item()"),),
        hint=Hint(
            question=Text(en="Over how many samples does your number go?", zh="你返回的数涵盖了多少个样本？"),
            neighbour=Text(
                en="A week's temperature is not Sunday's. 10, 12, 20: mean 14, last 20.",
                zh="一周的气温不等于周日的气温。10、12、20：平均 14，最后一天 20。",
            ),
        ),
    ),
    Wrong(
        "loss-tensors-summed",
        Text(en="loss tensors are summed: the result drags every graph along", zh="把损失张量加起来：结果拖着每一张图"),
        edits=(("loss.item() * len(y)", "loss * len(y)"),),
        hint=Hint(
            question=Text(en="What is type() of your result? What hangs on its grad_fn?", zh="你的结果的 type() 是什么？它的 grad_fn 上挂着什么？"),
            neighbour=Text(
                en="Keeping every receipt in one's pocket all year, instead of writing the sums down: the trousers grow heavy. loss.item() writes the sum down.",
                zh="一年里把每张小票都揣在口袋里，而不是记下金额：裤子会越来越沉。loss.item() 就是记下金额。",
            ),
        ),
    ),
    Wrong(
        "mode-not-set",
        Text(en="the model is trained in whatever mode it was", zh="模型原来是什么模式，就在什么模式下训练"),
        edits=(("    model.train()\n", ""),),
        hint=Hint(
            question=Text(en="In which mode is a model after an evaluation? Who switches it back?", zh="评估之后，模型处于什么模式？谁来切换回来？"),
            neighbour=Text(
                en="A car left in reverse by the driver before: check the gear before you set off, not after.",
                zh="上一位司机把车停在倒挡：起步之前先看挡位，不要等开了再看。",
            ),
        ),
    ),
    Wrong(
        "sum-for-mean",
        Text(en="steps with the sum of the batch's losses", zh="用一批损失的总和来走步"),
        edits=(("F.cross_entropy(model(x), y)", 'F.cross_entropy(model(x), y, reduction="sum")'), ("loss.item() * len(y)", "loss.item()")),
        hint=Hint(
            question=Text(en="Does a batch twice as large make a step twice as large in your loop? Should it?", zh="在你的循环里，批量大一倍，步子也大一倍吗？应当吗？"),
            neighbour=Text(
                en="Opinions 2, 4, 6: the sum is 12, the mean 4. A council of six members with the same opinions has the sum 24 and the mean 4.",
                zh="意见是 2、4、6：总和 12，平均 4。意见相同的六人会议，总和是 24，平均仍是 4。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "list-of-losses",
        '''def train_epoch(model, batches, optimiser):
    """Keeps one number per sample and takes the mean at the end."""
    model.train(True)
    losses = []
    for x, y in batches:
        each = F.cross_entropy(model(x), y, reduction="none")
        optimiser.zero_grad(set_to_none=True)
        each.mean().backward()
        optimiser.step()
        losses += each.tolist()
    return sum(losses) / len(losses)
''',
    ),
    Right(
        "log-softmax-by-hand",
        '''def train_epoch(model, batches, optimiser):
    """Cross-entropy from log_softmax, gradients cleared by hand."""
    model.train()
    total = 0.0
    for x, y in batches:
        for p in model.parameters():
            p.grad = None
        logs = torch.log_softmax(model(x), dim=1)
        loss = -logs[torch.arange(len(y)), y].sum() / len(y)
        loss.backward()
        optimiser.step()
        total += float(loss.detach()) * len(y)
    return total / sum(len(y) for _, y in batches)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "total-on-cpu",
        Text(en="the losses are added up in a tensor on the CPU", zh="损失累加在 CPU 上的张量里"),
        edits=(("total, seen = 0.0, 0", "total, seen = torch.zeros(1, dtype=torch.float64), 0"), ("total += loss.item() * len(y)", "total += loss.detach() * len(y)"), ("return total / seen", "return (total / seen).item()")),
        hint=Hint(
            question=Text(en="Which of the two sides of += is on the CPU? Which one decides?", zh="+= 的两边，哪一边在 CPU 上？由哪一边决定？"),
            neighbour=Text(en="best = torch.zeros(1); best += t raises for t on a GPU. A Python number, best = 0.0; best += t.item(), asks nobody; a tensor, torch.zeros(1, device=t.device), has to be told.", zh="t 在 GPU 上时，best = torch.zeros(1); best += t 会报错。用 Python 的数，best = 0.0; best += t.item()，与设备无关；用张量就得说明：torch.zeros(1, device=t.device)。"),
        ),
    ),
    Wrong(
        "loss-by-numpy",
        Text(en="the loss is read through NumPy", zh="通过 NumPy 读取损失"),
        edits=(('total += loss.item() * len(y)', 'total += float(loss.detach().numpy()) * len(y)'),),
        hint=Hint(
            question=Text(en="Which method takes a single number out of a tensor, out of the graph and off the device at once?", zh="哪个方法能一步到位：从张量里取出一个数，脱离计算图，也离开设备？"),
            neighbour=Text(en="float(t.max().detach().numpy()) stops on a GPU with a TypeError; t.max().item() gives the number on every device. Each of them waits for the GPU, so not more often than needed.", zh="float(t.max().detach().numpy()) 到 GPU 上就以 TypeError 中止；t.max().item() 在哪个设备上都能给出这个数。取一次就要等 GPU 一次，所以不要取得太勤。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="12.1 One epoch of training", zh="12.1 训练一轮"),
    properties=(
        Property("loss", Text(en="the mean loss over all samples", zh="所有样本的平均损失"), points=2.0),
        Property("weights", Text(en="the weights after the epoch", zh="一轮之后的权重"), points=2.0),
        Property(
            "diary",
            Text(en="train mode at every forward pass, one for each batch", zh="每次前向都在训练模式，每批一次"),
            only_with="weights",
        ),
        Property("mode", Text(en="train mode afterwards", zh="结束后处于训练模式"), only_with="weights"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print, for the failing case, the loss of each batch and the weights after each step. Which is the first number that is not what you expect?",
            zh="对出错的算例，打印每一批的损失和每一步之后的权重。最先出乎意料的是哪个数？",
        ),
        neighbour=Text(
            en="Two batches, 3 samples with the mean loss 1.0 and 1 sample with 2.0: the epoch's mean is (3 * 1.0 + 1 * 2.0) / 4 = 1.25. Each batch: clear, forward, loss, backward, "
            "step.",
            zh="两批，3 个样本平均损失 1.0，1 个样本损失 2.0：整轮平均 (3 * 1.0 + 1 * 2.0) / 4 = 1.25。每一批：清零、前向、损失、反向、更新。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
