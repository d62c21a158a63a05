"""Exercise 8.1: a mean squared error that refuses to broadcast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls it once, and follows the gradients; or says which error it raised."""
    pred, target = case["pred"].clone().requires_grad_(), case["target"].clone().requires_grad_()
    if case["refused"]:
        try:
            ns["strict_mse"](pred, target)
        except ValueError:
            yield "refusal", "ValueError"
        else:
            yield "refusal", "a value was returned"
        return
    loss = ns["strict_mse"](pred, target)
    yield "loss", loss
    loss.backward()
    yield "grad", pred.grad
    yield "target", target.grad


def _case(name: str, label: Text, pred: Any, target: Any, refused: bool = False) -> Case:
    tensors = {"pred": torch.as_tensor(pred).double(), "target": torch.as_tensor(target).double()}
    return Case(name, label, {**tensors, "refused": refused})


PUBLIC = (
    _case("two", Text(en="two values", zh="两个值"), [1.0, 4.0], [2.0, 2.0]),
    _case("table", Text(en="shape [2, 3]", zh="形状 [2, 3]"), [[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]], [[1.0, 0.0, 3.5], [2.0, -1.0, 0.0]]),
    _case("column", Text(en="[3, 1] against [3]: refused", zh="[3, 1] 对 [3]：应拒绝"), [[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0], refused=True),
    _case("one-row", Text(en="[1, 2] against [2]: refused", zh="[1, 2] 对 [2]：应拒绝"), [[1.0, 2.0]], [1.0, 2.0], refused=True),
    _case("permuted", Text(en="[2, 3] against [3, 2]: refused", zh="[2, 3] 对 [3, 2]：应拒绝"), [[1.0] * 3] * 2, [[1.0] * 2] * 3, refused=True),
    _case("one-number", Text(en="[2] against a scalar: refused", zh="[2] 对标量：应拒绝"), [1.0, 2.0], 1.0, refused=True),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """More dimensions, a batch of one, shapes that broadcast in other ways."""
    cube, other = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4))
    return [
        _case("cube", Text(en="shape [2, 3, 4]", zh="形状 [2, 3, 4]"), cube, other),
        _case("single", Text(en="shape [1, 1]", zh="形状 [1, 1]"), [[rng.standard_normal()]], [[rng.standard_normal()]]),
        _case("flat", Text(en="[2, 6] against [12]: refused", zh="[2, 6] 对 [12]：应拒绝"), cube[0].reshape(2, 6), other[0].reshape(12), refused=True),
        _case("middle", Text(en="[2, 1, 4] against [2, 3, 4]: refused", zh="[2, 1, 4] 对 [2, 3, 4]：应拒绝"), cube[:, :1], other, refused=True),
        _case("single-refused", Text(en="[1, 1] against [1]: refused", zh="[1, 1] 对 [1]：应拒绝"), [[1.0]], [1.0], refused=True),
    ]  # fmt: skip


_SHAPES = Hint(
    question=Text(
        en="Print pred.shape and target.shape in the case that failed. Are they equal? What did your function do about it?",
        zh="在没通过的算例里打印 pred.shape 和 target.shape。它们相等吗？你的函数对此做了什么？",
    ),
    neighbour=Text(
        en="torch.ones(5, 1) + torch.ones(5) has shape [5, 5]: no error, and 25 numbers. As many entries does not mean the same shape: [2, 6] and [3, 4] both have 12.",
        zh="torch.ones(5, 1) + torch.ones(5) 的形状是 [5, 5]：不报错，25 个数。元素个数一样，不等于形状相同：[2, 6] 和 [3, 4] 都有 12 个。",
    ),
)

WRONG = (
    Wrong(
        "broadcasts",
        Text(en="other shapes are broadcast silently", zh="形状不同时被悄悄广播"),
        source='def strict_mse(pred, target):\n    pred, target = torch.broadcast_tensors(pred, target.detach()) if pred.shape[-1:] != target.shape[-1:] and 1 in (*pred.shape, target.dim() + 1) else (pred, target.detach())\n    return ((pred - target) ** 2).mean()\n',
        hint=_SHAPES,
    ),
    Wrong(
        "squeezes",
        Text(en="both are squeezed instead of refused", zh="没有拒绝，而是两边都 squeeze"),
        source='def strict_mse(pred, target):\n    pred, target = pred.squeeze(), target.detach().squeeze()\n    if pred.shape != target.shape:\n        raise ValueError("shapes")\n    return ((pred - target) ** 2).mean()\n',
        hint=Hint(
            question=Text(
                en="What do you do with [3, 1] against [3]: refuse it, or mend it? Which does the card ask for?",
                zh="[3, 1] 对 [3]，你是拒绝，还是帮忙改好？题目要的是哪个？",
            ),
            neighbour=Text(
                en="x.squeeze() makes [1, 5, 1] into [5], and a last batch [1, 1] into a scalar []. It hides the mistake from whoever made it.",
                zh="x.squeeze() 把 [1, 5, 1] 变成 [5]，把最后一批 [1, 1] 变成标量 []。犯错的人就看不到自己的错了。",
            ),
        ),
    ),
    Wrong(
        "counts-entries",
        Text(en="compares the number of entries, not the shapes", zh="比较的是元素个数，而不是形状"),
        edits=(("    if pred.shape != target.shape:\n", "    if pred.numel() != target.numel():\n"), ("(pred - target.detach())", "(pred.reshape(-1) - target.detach().reshape(-1))")),
        hint=_SHAPES,
    ),
    Wrong(
        "sum-for-mean",
        Text(en="the sum instead of the mean", zh="取了和，而不是平均"),
        edits=(("** 2).mean()", "** 2).sum()"),),
        hint=Hint(
            question=Text(en="What happens to your loss when the same data are given twice?", zh="同样的数据给两遍，你的损失会怎样？"),
            neighbour=Text(en="Errors 3 and 4: the squares 9 and 16 have the sum 25 and the mean 12.5.", zh="误差 3 和 4：平方 9 和 16，和是 25，平均是 12.5。"),
        ),
    ),
    Wrong(
        "mean-over-samples-only",
        Text(en="the mean over the first dimension only", zh="只对第一维求平均"),
        edits=(("** 2).mean()", "** 2).sum() / pred.shape[0]"),),
        hint=Hint(
            question=Text(en="For shape [2, 3], by which number do you divide? How many entries are there?", zh="形状 [2, 3] 时，你除以了几？一共有几个元素？"),
            neighbour=Text(en="4 pupils with 5 marks each: the mean mark is the sum of all 20, divided by 20.", zh="4 个学生每人 5 个分数：平均分是 20 个分数之和除以 20。"),
        ),
    ),
    Wrong(
        "gradient-into-target",
        Text(en="a gradient flows into the target", zh="梯度流进了目标"),
        edits=(("target.detach()", "target"),),
        hint=Hint(
            question=Text(en="What is target.grad after backward()? What should it be?", zh="backward() 之后 target.grad 是什么？应该是什么？"),
            neighbour=Text(
                en="An archer may move the arrow towards the disc. If the disc moves as well, the distance shrinks without anybody learning to shoot. a.detach() shares a's numbers and no history.",
                zh="射箭的人可以让箭靠近靶心。要是靶子也跟着动，距离是小了，可谁也没学会射箭。a.detach() 与 a 共用数值，但没有历史。",
            ),
        ),
    ),
    Wrong(
        "absolute",
        Text(en="absolute errors instead of squares", zh="用了绝对值，而不是平方"),
        edits=(("((pred - target.detach()) ** 2)", "(pred - target.detach()).abs()"),),
        hint=Hint(
            question=Text(en="How much more does an error of 4 cost than one of 2?", zh="误差 4 比误差 2 多付出多少？"),
            neighbour=Text(en="Squares: 3 costs 9, 6 costs 36, four times as much. Absolute values: 3 and 6, twice as much.", zh="平方：3 付 9，6 付 36，四倍。绝对值：3 和 6，两倍。"),
        ),
    ),
    Wrong(
        "assertion",
        Text(en="another kind of error is raised", zh="引发了另一种错误"),
        edits=(('        raise ValueError(f"pred has shape {tuple(pred.shape)}, target {tuple(target.shape)}")\n', '        raise TypeError("shapes differ")\n'),),
        hint=Hint(
            question=Text(en="Which class of exception does the card name?", zh="题目指定的是哪种异常？"),
            neighbour=Text(en="int('x') raises ValueError: the type is right, the value is not. int([]) raises TypeError. A caller catches one of them.", zh="int('x') 引发 ValueError：类型对，值不对。int([]) 引发 TypeError。调用者只捕获其中一种。"),
        ),
    ),
    Wrong(
        "plain-number",
        Text(en="returns a plain number, the graph is lost", zh="返回了普通的数，计算图丢了"),
        edits=(("** 2).mean()", "** 2).mean().item()"),),
        hint=Hint(
            question=Text(en="Can backward() be called on what you return?", zh="在你返回的东西上能调用 backward() 吗？"),
            neighbour=Text(en="torch.tensor(2.5, requires_grad=True).item() is the float 2.5. A float knows nothing of where it came from.", zh="torch.tensor(2.5, requires_grad=True).item() 是浮点数 2.5。浮点数不知道自己从哪儿来。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "library-behind-a-check",
        '''def strict_mse(pred, target):
    """torch's own, after the check."""
    if list(pred.size()) != list(target.size()):
        raise ValueError("the shapes differ")
    return torch.nn.functional.mse_loss(pred, target.detach())
''',
    ),
    Right(
        "by-hand",
        '''def strict_mse(pred, target):
    """Divides by the number of entries itself."""
    same = pred.dim() == target.dim() and all(a == b for a, b in zip(pred.shape, target.shape))
    if not same:
        raise ValueError(pred.shape)
    with torch.no_grad():
        fixed = target + 0
    d = (pred - fixed).reshape(-1)
    return torch.dot(d, d) / d.numel()
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "target-from-a-list",
        Text(en="the target is rebuilt from a list to get rid of its graph", zh="为了去掉计算图，用列表重新生成了目标"),
        edits=(("target.detach())", "torch.tensor(target.tolist(), dtype=target.dtype))"),),
        hint=Hint(
            question=Text(en="What does detach() leave as it is that a list of numbers forgets?", zh="有什么是 detach() 会保留，而一串数会忘掉的？"),
            neighbour=Text(en="t.tolist() waits for the GPU, fetches all numbers and forgets where they came from; torch.tensor(...) then puts them on the CPU. t.detach() copies nothing at all.", zh="t.tolist() 要等 GPU 算完，把数全部取回，也不再记得它们从哪里来；接着 torch.tensor(...) 把它们放到 CPU 上。t.detach() 则什么也不复制。"),
        ),
    ),
    Wrong(
        "target-by-numpy",
        Text(en="the target takes the way through NumPy to get rid of its graph", zh="为了去掉计算图，目标绕道 NumPy 走了一圈"),
        edits=(('target.detach())', 'torch.from_numpy(target.detach().numpy()))'),),
        hint=Hint(
            question=Text(en="detach() has cut the graph already. What is the way through NumPy for, and who cannot go it?", zh="detach() 已经切断了计算图。绕道 NumPy 还有什么用？谁又走不了这条路？"),
            neighbour=Text(en="t.detach() shares t's memory without its graph, on every device. torch.from_numpy(t.detach().numpy()) does so on the CPU, and raises a TypeError for t on a GPU.", zh="t.detach() 与 t 共用内存而没有计算图，在哪个设备上都行。torch.from_numpy(t.detach().numpy()) 在 CPU 上是一回事，t 在 GPU 上时就抛出 TypeError。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="8.1 An MSE that refuses", zh="8.1 会拒绝的 MSE"),
    properties=(
        Property("loss", Text(en="the loss", zh="损失")),
        Property("grad", Text(en="the gradient of pred", zh="pred 的梯度")),
        Property("target", Text(en="no gradient flows into target", zh="梯度不流进 target"), only_with="grad"),
        Property("refusal", Text(en="unequal shapes are refused", zh="拒绝不同的形状")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take pred = [1., 4.] and target = [2., 2.] and do it on paper. Which step of your function gives something else?",
            zh="取 pred = [1., 4.]，target = [2., 2.]，在纸上算一遍。你的函数从哪一步开始不一样？",
        ),
        neighbour=Text(
            en="pred = [3., 3., 3.], target = [3., 0., 6.]: the errors are 0, 3, -3, the squares 0, 9, 9, their mean is 6. The gradient is 2 (pred - target) / 3 = [0., 2., -2.].",
            zh="pred = [3., 3., 3.]，target = [3., 0., 6.]：误差为 0、3、-3，平方为 0、9、9，平均为 6。梯度为 2 (pred - target) / 3 = [0., 2., -2.]。",
        ),
    ),
    survivors=(
        Survivor(
            "return ((pred - target.detach()) ** 2).mean()",
            "pred - target.detach() -> target.detach() - pred",
            "a difference and its negative have the same square, and the gradient is the same as well",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
