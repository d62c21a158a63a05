"""Exercise 8.4: binary cross-entropy from logits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the loss (of ordinary or extreme logits, or of answers that are no floats) and the gradient."""
    z = case["z"].clone().requires_grad_()
    loss = ns["bce_with_logits"](z, case["y"])
    yield case["kind"], loss
    loss.backward()
    yield "grad", z.grad


def _case(name: str, label: Text, z: Any, y: Any, kind: str = "loss", dtype: torch.dtype = torch.float64, answers: torch.dtype | None = None) -> Case:  # fmt: skip
    z = torch.as_tensor(z).to(dtype)
    if not bool(z.all()):
        raise ValueError(f"case {name!r} has a logit of exactly 0, where hand-made formulas have a kink")
    return Case(name, label, {"z": z, "y": torch.as_tensor(y).to(answers or dtype), "kind": kind})


PUBLIC = (
    _case("two", Text(en="two questions", zh="两个问题"), [1.0, -2.0], [1.0, 1.0]),
    _case("table", Text(en="shape [2, 3]", zh="形状 [2, 3]"), [[0.5, -1.0, 2.0], [3.0, 0.25, -0.5]], [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]),
    _case("integers", Text(en="answers as integers", zh="回答是整数"), [[1.0, -1.5], [0.5, 2.0]], [[1, 0], [0, 1]], "answers", answers=torch.int64),
    _case("booleans", Text(en="answers as booleans", zh="回答是布尔值"), [2.0, -1.0, 0.5], [True, False, False], "answers", answers=torch.bool),
    _case("double", Text(en="float32 logits, float64 answers", zh="logits 为 float32，回答为 float64"), [1.5, -0.5], [1.0, 1.0], "answers", torch.float32, torch.float64),
    _case("extreme", Text(en="logits of ±10⁴", zh="logits 为 ±10⁴"), [[1e4, -1e4], [1e4, -1e4]], [[1.0, 0.0], [0.0, 1.0]], "extreme"),
    _case("extreme-32", Text(en="logits of 30, 100 and -200 in float32", zh="logits 为 30、100、-200，float32"), [30.0, 100.0, -200.0], [0.0, 0.0, 1.0], "extreme", torch.float32),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """A single entry, more dimensions, other layouts, extreme logits of both kinds."""

    def draw(*shape: int) -> tuple[Any, Any]:
        return 2 * rng.standard_normal(shape) + 1e-3, rng.integers(0, 2, shape).astype(float)

    cube = draw(2, 3, 2)
    wide = draw(4, 3)
    return [
        _case("single", Text(en="shape [1]", zh="形状 [1]"), *draw(1)),
        _case("cube", Text(en="shape [2, 3, 2]", zh="形状 [2, 3, 2]"), *cube),
        _case("layout", Text(en="transposed in memory", zh="内存中是转置的"), torch.from_numpy(wide[0]).t(), torch.from_numpy(wide[1]).t()),
        _case("integers", Text(en="answers as integers", zh="回答是整数"), *draw(3, 5), "answers", answers=torch.int64),
        _case("booleans", Text(en="answers as booleans, float32", zh="回答是布尔值，float32"), *draw(5, 1), "answers", torch.float32, torch.bool),
        _case("extreme", Text(en="extreme logits", zh="极端的 logits"), 1e4 * rng.choice([-1.0, 1.0], (3, 4)), rng.integers(0, 2, (3, 4)), "extreme"),
    ]  # fmt: skip


_LINE = "return (torch.logaddexp(z, torch.zeros_like(z)) - y.to(z.dtype) * z).mean()"

WRONG = (
    Wrong(
        "sigmoid-first",
        Text(en="a sigmoid is applied to the logits first", zh="先对 logits 做了 sigmoid"),
        edits=((f"    {_LINE}", f"    z = torch.sigmoid(z)\n    {_LINE}"),),
        hint=Hint(
            question=Text(en="Your formula contains the sigmoid already. What goes into it: z or σ(z)?", zh="你的公式里已经含有 sigmoid 了。送进去的是 z 还是 σ(z)？"),
            neighbour=Text(
                en="Converting 20 °C to 68 °F and then, by the same formula, to 154: a conversion done twice is no conversion.",
                zh="20 °C 换成 68 °F，再用同一个公式换成 154：换算做了两次，就不是换算了。",
            ),
        ),
    ),
    Wrong(
        "log-of-zero",
        Text(en="the logarithm of a sigmoid that has become 0 or 1", zh="sigmoid 已经成了 0 或 1，再取对数"),
        edits=((_LINE, "y = y.to(z.dtype)\n    p = torch.sigmoid(z)\n    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()"),),
        hint=Hint(
            question=Text(en="What is torch.sigmoid(torch.tensor(100.)), exactly? What is 1 minus that, and its logarithm?", zh="torch.sigmoid(torch.tensor(100.)) 到底是多少？1 减去它呢？再取对数呢？"),
            neighbour=Text(
                en="ln(1 + e^50) is 50 to 21 digits. Going through 1 / (1 + e^50) and back loses all of them. Which function of torch adds exponentials without making them?",
                zh="ln(1 + e^50) 有 21 位数字与 50 相同。绕道 1 / (1 + e^50) 再回来，就全丢了。torch 里哪个函数能把指数相加而又不真的算出指数？",
            ),
        ),
    ),
    Wrong(
        "clipped",
        Text(en="the probability is clipped, so extreme errors look alike", zh="截断了概率，极端的错误看起来都一样"),
        edits=((_LINE, "y = y.to(z.dtype)\n    p = torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)\n    return -(y * p.log() + (1 - y) * (1 - p).log()).mean()"),),
        hint=Hint(
            question=Text(en="What are your loss and your gradient for z = 10000 and the answer no? And for z = 20000?", zh="z = 10000 而答案是“否”时，你的损失和梯度是多少？z = 20000 呢？"),
            neighbour=Text(en="A scale that stops at 16 kg shows 16 for a dog and for a horse, and does not move when either gains weight.", zh="最多显示 16 公斤的秤，称狗称马都是 16；它们再胖，指针也不动。"),
        ),
    ),
    Wrong(
        "softplus-overflows",
        Text(en="ln(1 + exp(z)) written as it stands", zh="照原样写 ln(1 + exp(z))"),
        edits=(("torch.logaddexp(z, torch.zeros_like(z))", "torch.log(1 + torch.exp(z))"),),
        hint=Hint(
            question=Text(en="What is torch.exp(torch.tensor(1e4))?", zh="torch.exp(torch.tensor(1e4)) 是多少？"),
            neighbour=Text(en="ln(e^3 + e^800) = 800 + ln(e^-797 + 1): the larger exponent goes in front, and what is left cannot overflow.", zh="ln(e^3 + e^800) = 800 + ln(e^-797 + 1)：把较大的指数提到前面，剩下的不会溢出。"),
        ),
    ),
    Wrong(
        "only-the-yes-half",
        Text(en="only answers 'yes' cost something", zh="只有回答为“是”的才算损失"),
        edits=((_LINE, "return (y.to(z.dtype) * torch.logaddexp(-z, torch.zeros_like(z))).mean()"),),
        hint=Hint(
            question=Text(en="What does your loss say about a confident yes, when the answer is no?", zh="预测很有把握地说“是”，而答案是“否”，你的损失说什么？"),
            neighbour=Text(en="A smoke alarm that is only judged by fires: one that always rings is perfect. The quiet days must count as well.", zh="只按着火的日子评价烟雾报警器：一直响的就是满分。平安的日子也要算。"),
        ),
    ),
    Wrong(
        "answers-swapped",
        Text(en="yes and no are confused", zh="“是”和“否”弄反了"),
        edits=(("torch.logaddexp(z, torch.zeros_like(z)) - y.to(z.dtype) * z", "torch.logaddexp(-z, torch.zeros_like(z)) + y.to(z.dtype) * z"),),
        hint=Hint(
            question=Text(en="z = 5 and y = 1: is that a good prediction? Is your loss small there?", zh="z = 5，y = 1：这是好的预测吗？你的损失在这里小吗？"),
            neighbour=Text(en="-ln p for a yes that was given 0.99 is 0.01; for a yes that was given 0.01 it is 4.6.", zh="答案为“是”，预测给了 0.99，-ln p 是 0.01；预测只给 0.01，就是 4.6。"),
        ),
    ),
    Wrong(
        "sum-over-questions",
        Text(en="the mean over the first dimension only", zh="只对第一维求平均"),
        edits=((").mean()", ").sum() / len(z)"),),
        hint=Hint(
            question=Text(en="Shape [2, 3]: how many entries? By what do you divide?", zh="形状 [2, 3]：有几个元素？你除以了几？"),
            neighbour=Text(en="5 people answer 4 questions each and make 6 mistakes: 6 / 20 per answer, 6 / 5 per person. The card wants it per answer.", zh="5 个人各答 4 题，共错 6 处：按答案算是 6 / 20，按人算是 6 / 5。题目要的是按答案算。"),
        ),
    ),
    Wrong(
        "integers-fail",
        Text(en="answers that are no floats are not converted", zh="不是浮点数的回答没有转换"),
        edits=((_LINE, "if not y.is_floating_point():\n        raise TypeError(\"y must be floats\")\n    return (torch.logaddexp(z, torch.zeros_like(z)) - y * z).mean()"),),
        hint=Hint(
            question=Text(en="Which dtypes of y does the card allow?", zh="题目允许 y 是哪些 dtype？"),
            neighbour=Text(en="torch.tensor([True, False]).to(torch.float64) is tensor([1., 0.]).", zh="torch.tensor([True, False]).to(torch.float64) 是 tensor([1., 0.])。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "two-logsigmoids",
        '''def bce_with_logits(z, y):
    """Both halves with logsigmoid."""
    y = y.type_as(z)
    yes, no = torch.nn.functional.logsigmoid(z), torch.nn.functional.logsigmoid(-z)
    return -(y * yes + (1 - y) * no).mean()
''',
    ),
    Right(
        "by-the-sign",
        '''def bce_with_logits(z, y):
    """Turns each question round so that the answer is always yes; then one softplus."""
    sign = torch.where(y.bool(), -1.0, 1.0).to(z.dtype)
    wrong = sign * z
    largest = wrong.clamp(min=0)
    each = largest + torch.log1p(torch.exp(-wrong.abs()))
    return each.sum() / each.numel()
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "zeros-on-cpu",
        Text(en="the zeros beside z are made on the CPU", zh="与 z 配对的零是在 CPU 上生成的"),
        edits=(("torch.zeros_like(z)", "torch.zeros(z.shape, dtype=z.dtype)"),),
        hint=Hint(
            question=Text(en="Which of shape, dtype and device does your tensor of zeros take from z?", zh="形状、dtype、设备这三样，你的零张量从 z 那里取了哪几样？"),
            neighbour=Text(en="softplus(t) is logaddexp(t, 0). torch.logaddexp wants two tensors; torch.zeros_like(t) or t.new_zeros(()) lie beside t, torch.zeros(5) lies on the CPU.", zh="softplus(t) 就是 logaddexp(t, 0)。torch.logaddexp 要两个张量；torch.zeros_like(t) 和 t.new_zeros(()) 都在 t 旁边，torch.zeros(5) 则在 CPU 上。"),
        ),
    ),
    Wrong(
        "answers-from-a-list",
        Text(en="the answers are made anew from a list, on the CPU", zh="由列表在 CPU 上重新生成了答案"),
        edits=(('y.to(z.dtype) * z', 'torch.tensor(y.tolist(), dtype=z.dtype) * z'),),
        hint=Hint(
            question=Text(en="You want y with z's dtype. Which way gives that and leaves y where it is?", zh="你要的是 dtype 与 z 相同的 y。哪种写法既能得到它，又让 y 留在原处？"),
            neighbour=Text(en="t.to(torch.float64), t.double() and t.type_as(s) change the dtype on the device; torch.tensor(t.tolist(), dtype=...) goes by way of a list and ends on the CPU.", zh="t.to(torch.float64)、t.double() 和 t.type_as(s) 就在设备上改 dtype；torch.tensor(t.tolist(), dtype=...) 绕道列表，最后落在 CPU 上。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="8.4 Binary cross-entropy from logits", zh="8.4 从 logits 计算二元交叉熵"),
    properties=(
        Property("loss", Text(en="the loss", zh="损失"), points=2.0),
        Property("answers", Text(en="the loss for answers of other dtypes", zh="回答为其他 dtype 时的损失")),
        Property("extreme", Text(en="the loss for extreme logits", zh="极端 logits 的损失")),
        Property("grad", Text(en="the gradient of the logits", zh="logits 的梯度")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Take one entry, z = 1 and y = 1, then y = 0. What should the two losses be, and what are yours?",
            zh="只取一个元素，z = 1，先 y = 1，再 y = 0。两个损失应该是多少？你的是多少？",
        ),
        neighbour=Text(
            en="z = ln 3, so σ(z) = 3/4. For a yes the loss is -ln(3/4) = 0.288, for a no -ln(1/4) = 1.386; the difference is ln 3 = z.",
            zh="z = ln 3，于是 σ(z) = 3/4。答案为“是”时损失是 -ln(3/4) = 0.288，为“否”时是 -ln(1/4) = 1.386；两者之差是 ln 3，就是 z。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
