"""Exercise 9.3: one-hot vectors as a transform of the label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls one object for every label, then looks at all results, and pickles what the object keeps. Vectors of
    single labels are carried to the device as the training loop carries a batch: an int lies nowhere."""
    import pickle

    import torch

    transform, here = ns["OneHot"](case["classes"]), torch.empty(0).device
    results = [transform(label) for label in case["labels"]]
    if isinstance(case["labels"][0], torch.Tensor):
        yield "batch", results
    else:
        yield "single", [hot.to(here) if isinstance(hot, torch.Tensor) else hot for hot in results]
    try:
        pickle.dumps(vars(transform))
    except Exception as error:
        yield "pickled", type(error).__name__
    else:
        yield "pickled", "yes"


def _case(name: str, label: Text, classes: int, labels: list[Any]) -> Case:
    return Case(name, label, {"classes": classes, "labels": labels})


PUBLIC = (
    _case("one", Text(en="label 1 of 3 classes", zh="3 类，标签 1"), 3, [1]),
    _case("several", Text(en="labels 0, 4 and 2 of 5 classes, one call each", zh="5 类，标签 0、4、2，各调用一次"), 5, [0, 4, 2]),
    _case("batch", Text(en="a tensor of four labels, 3 classes", zh="四个标签的张量，3 类"), 3, [torch.tensor([2, 0, 1, 2])]),
    _case("few", Text(en="a tensor of two labels, 4 classes", zh="两个标签的张量，4 类"), 4, [torch.tensor([3, 1])]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """The first and the last class, more classes, a batch of one, batches of different sizes one after the other."""
    n = int(rng.integers(6, 12))
    return [
        _case("ends", Text(en="the first and the last class", zh="第一类和最后一类"), n, [0, n - 1, 0]),
        _case("random", Text(en="random labels", zh="随机标签"), n, [int(v) for v in rng.integers(0, n, 4)]),
        _case("batch-of-one", Text(en="a tensor of one label", zh="一个标签的张量"), n, [torch.tensor([n - 2])]),
        _case("batches", Text(en="two tensors of labels", zh="两个标签张量"), n, [torch.from_numpy(rng.integers(0, n, 5)), torch.from_numpy(rng.integers(0, n, 3))]),
    ]  # fmt: skip


_INIT = "        self.classes = classes\n"
_CALL = """        index = torch.as_tensor(label)[..., None]
        return torch.zeros(*index.shape[:-1], self.classes, device=index.device).scatter_(-1, index, value=1.0)
"""

WRONG = (
    Wrong(
        "shared-buffer",
        Text(en="every call fills and returns the same tensor", zh="每次调用都填写并返回同一个张量"),
        edits=(
            (_INIT, "        self.classes = classes\n        self.buffer = torch.zeros(classes)\n"),
            (_CALL, "        if torch.is_tensor(label) and label.dim() > 0:\n            return torch.eye(self.classes)[label]\n        self.buffer.zero_()\n        self.buffer[label] = 1.0\n        return self.buffer\n"),
        ),
        hint=Hint(
            question=Text(en="Keep the first result, call the object for another label, and look at the first result again. What has happened?", zh="留着第一个结果，用另一个标签再调用一次，再看第一个结果。发生了什么？"),
            neighbour=Text(
                en="Whoever notes every guest's name on the same slip, wiping it each time, has one name in the end: the last one.",
                zh="每来一位客人都写在同一张纸条上，擦了再写，最后只剩一个名字：最后那位的。",
            ),
        ),
    ),
    Wrong(
        "shared-and-never-cleared",
        Text(en="the same tensor, and old ones are never cleared", zh="同一个张量，旧的 1 也从不清除"),
        edits=(
            (_INIT, "        self.classes = classes\n        self.buffer = torch.zeros(classes)\n"),
            (_CALL, "        if torch.is_tensor(label) and label.dim() > 0:\n            return torch.eye(self.classes)[label]\n        self.buffer[label] = 1.0\n        return self.buffer.clone()\n"),
        ),
        hint=Hint(
            question=Text(en="How many ones are in the result of your third call?", zh="第三次调用的结果里有几个 1？"),
            neighbour=Text(en="A board on which each day's date is added and none wiped off shows every date after a month.", zh="黑板上每天写日期，从不擦，一个月后每个日期都在上面。"),
        ),
    ),
    Wrong(
        "lambda-kept",
        Text(en="the object keeps a lambda, which cannot be pickled", zh="对象里存了 lambda，无法用 pickle 打包"),
        edits=((_INIT, "        self.classes = classes\n        self.make = lambda shape: torch.zeros(*shape, classes)\n"), ("torch.zeros(*index.shape[:-1], self.classes, device=index.device)", "self.make(index.shape[:-1])")),
        hint=Hint(
            question=Text(en="Which of the object's attributes is a function without a name?", zh="对象的哪个属性是没有名字的函数？"),
            neighbour=Text(en="pickle.dumps(len) works: a name is sent. pickle.dumps(lambda x: x) fails: there is no name to send. Keep data, and write methods.", zh="pickle.dumps(len) 可以：送的是名字。pickle.dumps(lambda x: x) 不行：没有名字可送。属性里存数据，功能写成方法。"),
        ),
    ),
    Wrong(
        "integers",
        Text(en="the vector is of integers", zh="向量是整数"),
        edits=(("torch.zeros(*index.shape[:-1], self.classes, device=index.device).scatter_(-1, index, value=1.0)", "torch.zeros(*index.shape[:-1], self.classes, dtype=torch.int64, device=index.device).scatter_(-1, index, value=1)"),),
        hint=Hint(
            question=Text(en="Which dtype does the card ask for? Why would probabilities be integers?", zh="题目要什么 dtype？概率会是整数吗？"),
            neighbour=Text(en="torch.nn.functional.one_hot returns int64; .float() makes it usable as probabilities.", zh="torch.nn.functional.one_hot 返回 int64；.float() 之后才能当概率用。"),
        ),
    ),
    Wrong(
        "counted-from-one",
        Text(en="labels are counted from 1", zh="标签从 1 数起"),
        edits=(("scatter_(-1, index, value=1.0)", "scatter_(-1, (index - 1) % self.classes, value=1.0)"),),
        hint=Hint(
            question=Text(en="Where is the 1 for label 0?", zh="标签 0 的 1 在哪里？"),
            neighbour=Text(en="x = [10, 20, 30]: x[1] is 20. The first entry has the number 0.", zh="x = [10, 20, 30]：x[1] 是 20。第一个元素的编号是 0。"),
        ),
    ),
    Wrong(
        "wrong-dimension",
        Text(en="batches: the ones are put along the wrong dimension", zh="一批标签时，1 放错了维"),
        edits=((_CALL, "        if not torch.is_tensor(label):\n            return torch.eye(self.classes)[label]\n        hot = torch.zeros(self.classes, len(label))\n        return hot.scatter_(0, label[None], value=1.0)\n"),),
        hint=Hint(
            question=Text(en="For two labels and four classes: what shape should come out, and what shape do you get?", zh="两个标签、四个类别，应该得到什么形状？你得到什么形状？"),
            neighbour=Text(en="Five answers to a question with three boxes: five rows, three columns, one cross in each row.", zh="五个人回答有三个选项的题：五行三列，每行打一个勾。"),
        ),
    ),
    Wrong(
        "only-single-labels",
        Text(en="a tensor of labels makes one vector with several ones", zh="一个标签张量变成了一个有几个 1 的向量"),
        edits=((_CALL, "        hot = torch.zeros(self.classes)\n        hot[label] = 1.0\n        return hot\n"),),
        hint=Hint(
            question=Text(en="How many rows does the result for four labels have?", zh="四个标签的结果有几行？"),
            neighbour=Text(en="z = torch.zeros(4); z[torch.tensor([1, 3])] = 1 gives [0, 1, 0, 1]: one vector. Two labels should give two.", zh="z = torch.zeros(4)；z[torch.tensor([1, 3])] = 1 得到 [0, 1, 0, 1]：一个向量。两个标签应该有两个。"),
        ),
    ),
    Wrong(
        "one-cold",
        Text(en="ones everywhere and 0 at the label", zh="处处是 1，标签处是 0"),
        edits=(("torch.zeros(*index.shape[:-1], self.classes, device=index.device).scatter_(-1, index, value=1.0)", "torch.ones(*index.shape[:-1], self.classes, device=index.device).scatter_(-1, index, value=0.0)"),),
        hint=Hint(
            question=Text(en="What is the sum of a one-hot vector?", zh="one-hot 向量的和是多少？"),
            neighbour=Text(en="On a row of lamps, 'hot' means that this one is on and the others are off.", zh="一排灯里，“hot”的那盏亮着，其余的都灭。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "library",
        '''class OneHot:
    """torch's own, converted."""

    def __init__(self, classes):
        self.classes = int(classes)

    def __call__(self, label):
        return torch.nn.functional.one_hot(torch.as_tensor(label), self.classes).to(torch.float32)
''',
    ),
    Right(
        "comparison",
        '''class OneHot:
    """Compares with all class numbers at once."""

    def __init__(self, classes):
        self.numbers = torch.arange(classes)

    def __call__(self, label):
        if isinstance(label, int):
            return (self.numbers == label).float()
        return (label.unsqueeze(1) == self.numbers.to(label.device)).float()
''',
    ),
    Right(
        "rows-of-the-identity",
        '''class OneHot:
    """Copies rows of the identity matrix."""

    def __init__(self, classes):
        self.n = classes

    def __call__(self, label):
        rows = torch.eye(self.n, device=label.device if torch.is_tensor(label) else None)
        return rows[label].clone()
''',
    ),
)

DEVICE_WRONG = (
    Wrong(
        "zeros-on-cpu",
        Text(en="the zeros are made on the CPU, wherever the labels lie", zh="不管标签在哪里，零都在 CPU 上生成"),
        edits=(("self.classes, device=index.device)", "self.classes)"),),
        hint=Hint(
            question=Text(en="A whole batch of labels may lie on a GPU already. Where do your zeros lie then, and what does scatter_ want?", zh="一整批标签可能已经在 GPU 上了。那时你的零在哪里？scatter_ 又要求什么？"),
            neighbour=Text(en="A table of counts for t on a GPU: torch.zeros(9).index_add_(0, t, ones) raises, torch.zeros(9, device=t.device) is beside t. torch.as_tensor leaves a tensor where it is, so its .device can be asked.", zh="t 在 GPU 上，要数各个数出现几次：torch.zeros(9).index_add_(0, t, ones) 会报错，torch.zeros(9, device=t.device) 则在 t 旁边。torch.as_tensor 不会搬动张量，所以可以问它的 .device。"),
        ),
    ),
    Wrong(
        "numbers-kept-on-cpu",
        Text(en="the class numbers are kept as a tensor on the CPU and compared with the labels", zh="把类别编号存成了 CPU 上的张量，再与标签比较"),
        source='''class OneHot:
    """Compares with the class numbers that it keeps."""

    def __init__(self, classes):
        self.numbers = torch.arange(classes)

    def __call__(self, label):
        return (torch.as_tensor(label)[..., None] == self.numbers).float()
''',
        hint=Hint(
            question=Text(en="Your object was made before it had seen any label. How could it know on which device the labels would come?", zh="你的对象在见到标签之前就创建好了。标签会在哪个设备上来，它怎么可能知道？"),
            neighbour=Text(en="A plain object has no .to(device) that would carry self.table along. So it carries what it needs at each call: self.table.to(t.device) costs nothing where both are in the same place.", zh="普通的对象没有 .to(device)，不会把 self.table 带走。那就每次调用时带上：self.table.to(t.device)，两者本来就在一处时不花什么。"),
        ),
    ),
    Wrong(
        "identity-on-cpu",
        Text(en="rows are picked from an identity matrix on the CPU", zh="从 CPU 上的单位矩阵里取行"),
        edits=((_CALL, "        return torch.eye(self.classes)[label]\n"),),
        hint=Hint(
            question=Text(en="Square brackets take an index from the CPU for a tensor on a GPU. Do they take it the other way round?", zh="方括号允许用 CPU 上的下标去取 GPU 上的张量。反过来也行吗？"),
            neighbour=Text(en="With i on a GPU, torch.arange(10)[i] raises 'indices should be either on cpu or on the same device as the indexed tensor'; torch.arange(10, device=i.device)[i] does not.", zh="i 在 GPU 上时，torch.arange(10)[i] 会报 indices should be either on cpu or on the same device as the indexed tensor；写成 torch.arange(10, device=i.device)[i] 就不会。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="9.3 OneHot", zh="9.3 OneHot"),
    properties=(
        Property(
            "single",
            Text(en="vectors of single labels, kept side by side", zh="单个标签的向量，放在一起看"),
            points=2.0,
        ),
        Property("batch", Text(en="tensors of labels", zh="标签张量")),
        Property(
            "pickled",
            Text(en="what the object keeps can be pickled", zh="对象保存的东西能用 pickle 打包"),
            only_with="single",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print OneHot(3)(1): its shape, its dtype and its values. Which of the three is not what the card says?",
            zh="打印 OneHot(3)(1) 的形状、dtype 和值。三者中哪一个与题目不符？",
        ),
        neighbour=Text(
            en="A class that adds: class Add: __init__(self, n) keeps self.n = n; __call__(self, x) returns x + self.n. Add(5)(2) is 7, and each call makes a new number.",
            zh="一个做加法的类：class Add：__init__(self, n) 记住 self.n = n；__call__(self, x) 返回 x + self.n。Add(5)(2) 是 7，每次调用都产生新的数。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
