"""Exercise 12.2: evaluation that does not depend on how the samples are cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Evaluates in the case's batches, then the same samples in another order and in batches of two."""
    import torch

    class Model(torch.nn.Module):
        """Linear; in train mode it adds 1 to the first class, as dropout would disturb it."""

        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(case["w"].clone())
            self.diary: list[list[bool]] = []

        def forward(self, x: Any) -> Any:
            self.diary.append([self.training, torch.is_grad_enabled()])
            out = x @ self.w
            return out + torch.eye(out.shape[1], dtype=out.dtype)[0] if self.training else out

    model = Model()
    model.train(case["train_mode"])
    x, y = case["x"], case["y"]
    pairs = list(zip(x.split(case["sizes"]), y.split(case["sizes"]), strict=True))
    returned = ns["evaluate_model"](model, pairs)
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        yield "loss", returned  # not two values: the comparison then says what came instead
        return
    yield "loss", returned[0]
    yield "accuracy", returned[1]
    yield "diary", model.diary
    yield "mode", model.training
    order = torch.arange(len(x)).flip(0)
    again = ns["evaluate_model"](model, list(zip(x[order].split(2), y[order].split(2), strict=True)))
    yield "again", list(again)


def _case(
    name: str, label: Text, sizes: list[int], width: int, classes: int, rng: Any, train_mode: bool = True
) -> Case:
    n = sum(sizes)
    x, y = torch.from_numpy(np.round(rng.standard_normal((n, width)), 2)), torch.from_numpy(rng.integers(0, classes, n))
    w = torch.from_numpy(np.round(2 * rng.standard_normal((width, classes)), 2))
    return Case(name, label, {"x": x, "y": y, "w": w, "sizes": sizes, "train_mode": train_mode})


PUBLIC = (
    _case("one-batch", Text(en="a single batch of 4", zh="只有一批，4 个样本"), [4], 2, 2, np.random.default_rng(1), train_mode=False),
    _case("ragged", Text(en="batches of 4 and 1", zh="两批，分别为 4、1 个"), [4, 1], 2, 3, np.random.default_rng(2), train_mode=False),
    _case("train-mode", Text(en="the model is in train mode at first; batches of 3, 3 and 2", zh="模型一开始处于训练模式；三批，分别为 3、3、2 个"), [3, 3, 2], 3, 4, np.random.default_rng(6)),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """More classes than samples in a batch, a last batch of one, many batches."""
    return [
        _case("many", Text(en="batches of 8, 8, 8 and 1", zh="四批，分别为 8、8、8、1 个"), [8, 8, 8, 1], 5, 6, rng),
        _case(
            "two-classes",
            Text(en="two classes, batches of 5 and 2", zh="两个类别，两批，分别为 5、2 个"),
            [5, 2],
            4,
            2,
            rng,
            train_mode=False,
        ),
    ]


_MEANS = Hint(
    question=Text(
        en="Cut the same samples into other batches and evaluate again. Does your number change?",
        zh="把同样的样本换一种分法再评估一次，你的数变了吗？",
    ),
    neighbour=Text(
        en="A class of 20 with 15 passes and a class of 2 with none: 15 of 22 passed, 68 %. The mean of 75 % and 0 % is 37.5 %. Add up first, divide once.",
        zh="20 人的班有 15 人及格，2 人的班没有人及格：22 人中 15 人及格，68 %。75 % 和 0 % 的平均却是 37.5 %。先加起来，再除一次。",
    ),
)

WRONG = (
    Wrong(
        "mean-of-means",
        Text(en="the mean of the batch means", zh="各批平均值的平均"),
        source='''def evaluate_model(model, batches):
    before = model.training
    model.eval()
    losses, accuracies = [], []
    with torch.no_grad():
        for x, y in batches:
            logits = model(x)
            losses.append(F.cross_entropy(logits, y).item())
            accuracies.append((logits.argmax(dim=1) == y).double().mean().item())
    model.train(before)
    return sum(losses) / len(losses), sum(accuracies) / len(accuracies)
''',
        hint=_MEANS,
    ),
    Wrong(
        "divided-by-batches",
        Text(en="sums over samples divided by the number of batches", zh="对样本求的和除以了批数"),
        edits=(("seen += len(y)", "seen += 1"),),
        hint=Hint(
            question=Text(en="What do you count in the denominator: samples or batches? Can an accuracy be above 1?", zh="你的分母数的是样本还是批？准确率会大于 1 吗？"),
            neighbour=Text(
                en="3 boxes with 12 eggs in all, 6 of them brown: the share of brown ones is 6 / 12, not 6 / 3.",
                zh="3 个盒子共 12 个鸡蛋，6 个是褐色的：褐色的比例是 6 / 12，不是 6 / 3。",
            ),
        ),
    ),
    Wrong(
        "argmax-over-samples",
        Text(en="argmax over the samples instead of the classes", zh="argmax 沿着样本而不是类别"),
        edits=(("logits.argmax(dim=1) == y", "logits.argmax(dim=0)[y % len(logits.argmax(dim=0))] == y"),),
        hint=Hint(
            question=Text(en="What shape has your argmax? Is there one answer for each sample or one for each class?", zh="你的 argmax 是什么形状？是每个样本一个答案，还是每个类别一个？"),
            neighbour=Text(
                en="A table with 5 pupils as rows and 3 subjects as columns: along dimension 1 one finds each pupil's best subject (5 answers), along dimension 0 each subject's best pupil "
                "(3 answers).",
                zh="表格的行是 5 个学生，列是 3 门课：沿第 1 维找的是每个学生最好的一门（5 个答案），沿第 0 维找的是每门课最好的学生（3 个答案）。",
            ),
        ),
    ),
    Wrong(
        "train-mode",
        Text(en="evaluated in train mode", zh="在训练模式下评估"),
        edits=(("    model.eval()\n", "    model.train()\n"),),
        hint=Hint(
            question=Text(en="Which mode was the model in at its forward passes? What does dropout do in it?", zh="前向传播时模型处于什么模式？在这个模式下 dropout 会做什么？"),
            neighbour=Text(
                en="Measuring a runner's time while somebody trips him up at random: the time tells little about his speed. eval() sends that somebody away.",
                zh="有人不时绊跑者一脚，这时测的成绩说明不了他的速度。eval() 就是把这个人请走。",
            ),
        ),
    ),
    Wrong(
        "recorded",
        Text(en="graphs are recorded", zh="评估时记录了计算图"),
        edits=(("    with torch.no_grad():\n", "    if True:\n"),),
        hint=Hint(
            question=Text(en="Does eval() switch the recording off? What does?", zh="eval() 会关掉记录吗？用什么来关？"),
            neighbour=Text(
                en="'Quiet in the hall' does not switch the cameras off. Two things to be done, two commands.",
                zh="“请保持安静”并不会关掉摄像机。两件事，要两条命令。",
            ),
        ),
    ),
    Wrong(
        "mode-not-restored",
        Text(en="the model is left in eval mode", zh="结束后模型留在了评估模式"),
        edits=(("    model.train(before)\n", ""),),
        hint=Hint(
            question=Text(en="In which mode was the model before your call, and in which one is it now?", zh="调用之前模型处于什么模式？现在呢？"),
            neighbour=Text(
                en="Whoever borrows the room for an exam puts the tables back afterwards: remember how they stood, restore it at the end.",
                zh="借教室考试的人，考完要把桌子摆回原样：先记住怎么摆的，最后恢复。",
            ),
        ),
    ),
    Wrong(
        "always-back-to-train",
        Text(en="the model is put into train mode, whatever it was", zh="不管原来是什么，结束后都切到训练模式"),
        edits=(("    model.train(before)\n", "    model.train()\n"),),
        hint=Hint(
            question=Text(en="The first case's model was in eval mode. In which mode do you leave it?", zh="第一个算例的模型原来处于评估模式，你把它留在了什么模式？"),
            neighbour=Text(
                en="Light off when you came, light on when you leave: that is not how you found it. before = light; ...; light = before.",
                zh="来时灯是关的，走时灯开着：那不是原样。before = light；……；light = before。",
            ),
        ),
    ),
    Wrong(
        "percent",
        Text(en="the accuracy in percent", zh="准确率用了百分数"),
        edits=(("right / seen", "100 * right / seen"),),
        hint=Hint(
            question=Text(en="From what to what does the card's accuracy go?", zh="题目里的准确率从多少到多少？"),
            neighbour=Text(en="3 of 4 is 0.75; as a percentage it is 75. Both are fine, but the card names one.", zh="4 个里对 3 个是 0.75，写成百分数是 75。两种都行，但题目指定了一种。"),
        ),
    ),
    Wrong(
        "tensors-returned",
        Text(en="tensors instead of numbers", zh="返回的是张量，不是数"),
        edits=(('reduction="sum").item()', 'reduction="sum")'), ("== y).sum().item()", "== y).sum()")),
        hint=Hint(
            question=Text(en="What is type() of your two results?", zh="你的两个结果的 type() 是什么？"),
            neighbour=Text(en="t.sum() is a tensor with no dimension; t.sum().item() is a number.", zh="t.sum() 是没有维度的张量；t.sum().item() 才是数。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "all-at-once",
        '''def evaluate_model(model, batches):
    """Collects all logits first."""
    mode = model.training
    try:
        model.eval()
        with torch.inference_mode():
            logits = torch.cat([model(x) for x, _ in batches])
            y = torch.cat([y for _, y in batches])
            return float(F.cross_entropy(logits, y)), float((logits.max(1).indices == y).double().mean())
    finally:
        model.train(mode)
''',
    ),
    Right(
        "weighted-means",
        '''@torch.no_grad()
def evaluate_model(model, batches):
    """Means of the batches, weighted by their sizes."""
    mode, n = model.training, sum(len(y) for _, y in batches)
    model.train(False)
    loss = accuracy = 0.0
    for x, y in batches:
        logs = model(x).log_softmax(dim=-1)
        share = len(y) / n
        loss += share * F.nll_loss(logs, y).item()
        accuracy += share * logs.argmax(-1).eq(y).double().mean().item()
    model.train(mode)
    return [loss, accuracy]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "counted-by-numpy",
        Text(en="the right answers are counted by NumPy", zh="用 NumPy 来数答对的个数"),
        edits=(("right += (logits.argmax(dim=1) == y).sum().item()", "right += int((logits.argmax(dim=1).numpy() == y.numpy()).sum())"),),
        hint=Hint(
            question=Text(en="Where do logits lie when the model is on a GPU? What does numpy() say to that?", zh="模型在 GPU 上时，logits 在哪里？numpy() 对此会怎么说？"),
            neighbour=Text(en="(t > 0.5).sum().item() counts on the device and fetches one number. (t.cpu().numpy() > 0.5).sum() fetches all of them; without .cpu() it raises.", zh="(t > 0.5).sum().item() 在设备上数完，只取回一个数。(t.cpu().numpy() > 0.5).sum() 要把数全部取回；不写 .cpu() 就会报错。"),
        ),
    ),
    Wrong(
        "count-on-cpu",
        Text(en="the right answers are counted in a tensor on the CPU", zh="答对的个数累加在 CPU 上的张量里"),
        edits=(('loss, right, seen = 0.0, 0, 0', 'loss, right, seen = 0.0, torch.zeros(1, dtype=torch.float64), 0'), ('(logits.argmax(dim=1) == y).sum().item()', '(logits.argmax(dim=1) == y).sum()'), ('right / seen', '(right / seen).item()'),),
        hint=Hint(
            question=Text(en="Where was the counter made, and where are the things that it counts?", zh="计数器是在哪里生成的？它要数的东西又在哪里？"),
            neighbour=Text(en="seen = torch.zeros(1); seen += (t > 0).sum() raises for t on a GPU. seen = 0; seen += (t > 0).sum().item() counts on every device.", zh="t 在 GPU 上时，seen = torch.zeros(1); seen += (t > 0).sum() 会报错。seen = 0; seen += (t > 0).sum().item() 在哪个设备上都能数。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="12.2 Evaluation", zh="12.2 评估"),
    properties=(
        Property("loss", Text(en="the mean loss over all samples", zh="所有样本的平均损失"), points=2.0),
        Property("accuracy", Text(en="the accuracy over all samples", zh="所有样本的准确率"), points=2.0),
        Property("diary", Text(en="eval mode, nothing recorded", zh="评估模式，不做记录"), only_with="loss"),
        Property("mode", Text(en="the old mode afterwards", zh="结束后恢复原来的模式"), only_with="loss"),
        Property(
            "again",
            Text(en="the same for other batches and another order", zh="换一种分批和次序，结果相同"),
            only_with="loss",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Evaluate the samples of the failing case all in one batch. Which of your numbers agree with that, and which do not?",
            zh="把出错算例的样本放在一批里评估。你的哪些数与之一致，哪些不一致？",
        ),
        neighbour=Text(
            en="Batches of 2 and 1 with the losses (1, 3) and (5), right answers 2 and 0: loss (1 + 3 + 5) / 3 = 3, accuracy 2 / 3.",
            zh="两批，2 个和 1 个，损失是 (1, 3) 和 (5)，答对 2 个和 0 个：损失 (1 + 3 + 5) / 3 = 3，准确率 2 / 3。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
