"""Exercise 9.4: a loader that loses nothing and shuffles anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Runs two epochs; of shuffled ones it yields only what every permutation has in common."""
    import torch

    class Data:
        """Sample i is a tensor full of i and the label (7 i) mod 10, so that pairs can be told."""

        def __len__(self) -> int:
            return int(case["n"])

        def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
            if not 0 <= i < case["n"]:
                raise IndexError(i)
            return torch.full(case["shape"], float(i)), 7 * i % 10

    def epochs(used: bool = False) -> tuple[Any, list[list[Any]]]:
        generator = torch.Generator().manual_seed(case["seed"])
        if used:
            torch.rand(1, generator=generator)
        options = {"shuffle": True, "generator": generator} if case["shuffle"] else {}
        loader = ns["Loader"](Data(), case["size"], **options)
        return loader, [list(loader), list(loader)]

    torch.manual_seed(case["seed"])
    state = torch.get_rng_state()
    loader, runs = epochs()
    yield "length", len(loader)
    yield "sizes", [[len(y) for _, y in run] for run in runs]
    if not case["shuffle"]:
        yield "batches", [list(batch) for batch in runs[0]]
        yield "again", [list(batch) for batch in runs[1]]
        return

    def numbers(run: list[Any]) -> list[int]:
        return [int(i) for x, _ in run for i in x.flatten(1)[:, 0].tolist()]

    first, second = map(numbers, runs)
    yield "complete", [sorted(first), sorted(second)]
    yield "pairs", [all(torch.equal(y, (7 * x.flatten(1)[:, 0].long()) % 10) for x, y in run) for run in runs]
    yield "new", [first != sorted(first), first != second, first != numbers(epochs(used=True)[1][0])]
    yield "seed", [[*map(numbers, epochs()[1])] == [first, second], torch.equal(state, torch.get_rng_state())]


def _case(name: str, label: Text, n: int, size: int, shape: list[int], shuffle: bool = False, seed: int = 0) -> Case:
    return Case(name, label, {"n": n, "size": size, "shape": shape, "shuffle": shuffle, "seed": seed})


PUBLIC = (
    _case("even", Text(en="4 samples in batches of 2, in order", zh="4 个样本，每批 2 个，按次序"), 4, 2, [2]),
    _case("ragged", Text(en="5 samples in batches of 3, in order", zh="5 个样本，每批 3 个，按次序"), 5, 3, [1, 2]),
    _case("shuffled", Text(en="12 samples in batches of 5, shuffled, two epochs", zh="12 个样本，每批 5 个，打乱，两轮"), 12, 5, [2], shuffle=True, seed=1),
    _case("large-batch", Text(en="3 samples in batches of 8, in order", zh="3 个样本，每批 8 个，按次序"), 3, 8, [1]),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes, a batch size of 1, images, another seed."""
    n = int(rng.integers(14, 30))
    return [
        _case("ones", Text(en="batches of 1", zh="每批 1 个"), 3, 1, [2, 2]),
        _case("images", Text(en="images, a ragged last batch", zh="图像，最后一批不满"), n, 4, [1, 3, 2]),
        _case("shuffled", Text(en="shuffled, a ragged last batch", zh="打乱，最后一批不满"), n, 6, [1, 2, 2], shuffle=True, seed=int(rng.integers(1, 10_000))),
        _case("shuffled-exact", Text(en="shuffled, all batches full", zh="打乱，每批都满"), 16, 4, [1], shuffle=True, seed=int(rng.integers(1, 10_000))),
    ]  # fmt: skip


_ORDER = "order = torch.randperm(n, generator=self.generator) if self.shuffle else torch.arange(n)"
_YIELD = "            samples = [self.dataset[i] for i in part.tolist()]\n            yield torch.stack([x for x, _ in samples]), torch.tensor([y for _, y in samples])\n"

WRONG = (
    Wrong(
        "same-order-each-epoch",
        Text(en="the permutation is drawn once, in __init__", zh="排列只在 __init__ 里抽了一次"),
        edits=(
            ("        self.shuffle, self.generator = shuffle, generator\n", "        self.shuffle, self.generator = shuffle, generator\n        n = len(dataset)\n        self.order = torch.randperm(n, generator=generator) if shuffle else torch.arange(n)\n"),
            (f"        {_ORDER}\n", "        order = self.order\n"),
        ),
        hint=Hint(
            question=Text(en="When is your permutation drawn: when the loader is made, or when an epoch begins?", zh="你的排列是什么时候抽的：创建加载器时，还是每轮开始时？"),
            neighbour=Text(en="A pack of cards that is shuffled once, on the day it is bought, deals the same game every evening. Shuffle before each game.", zh="一副牌只在买来那天洗一次，天天发的都是同一局。每局之前都要洗。"),
        ),
    ),
    Wrong(
        "with-replacement",
        Text(en="samples are drawn with replacement: some twice, some never", zh="有放回地抽：有的出现两次，有的从不出现"),
        edits=(("torch.randperm(n, generator=self.generator)", "torch.randint(0, n, (n,), generator=self.generator)"),),
        hint=Hint(
            question=Text(en="Sort the samples of one epoch. Is each there exactly once?", zh="把一轮的样本排序。每个都正好出现一次吗？"),
            neighbour=Text(en="Rolling a die six times rarely gives all six faces. Dealing six cards does.", zh="骰子掷六次，很少六个面都出现。六张牌发一遍，就张张都有。"),
        ),
    ),
    Wrong(
        "tail-dropped",
        Text(en="the last, smaller batch is dropped", zh="丢掉了不满的最后一批"),
        edits=(
            ("-(-len(self.dataset) // self.batch_size) ", "len(self.dataset) // self.batch_size "),
            ("            samples = [", "            if len(part) < self.batch_size:\n                return\n            samples = ["),
        ),
        hint=Hint(
            question=Text(en="5 samples in batches of 3: how many samples do you give out?", zh="5 个样本，每批 3 个：你一共给出了几个？"),
            neighbour=Text(en="A bus with 4 seats and 10 people: 3 rides, the last one with 2. 10 // 4 is 2; rounded up it is 3.", zh="车有 4 个座，来了 10 个人：要 3 趟，最后一趟 2 个人。10 // 4 是 2，向上取整是 3。"),
        ),
    ),
    Wrong(
        "length-rounded-down",
        Text(en="len() is rounded down", zh="len() 向下取整了"),
        edits=(("-(-len(self.dataset) // self.batch_size) ", "len(self.dataset) // self.batch_size "),),
        hint=Hint(
            question=Text(en="Count the batches of one epoch and compare with len(loader).", zh="数一数一轮有几批，与 len(loader) 比较。"),
            neighbour=Text(en="7 eggs in boxes of 3 need 3 boxes: 7 / 3 rounded up. In Python: -(-7 // 3) or math.ceil(7 / 3).", zh="7 个鸡蛋，每盒 3 个，要 3 个盒子：7 / 3 向上取整。Python 里写 -(-7 // 3) 或 math.ceil(7 / 3)。"),
        ),
    ),
    Wrong(
        "shuffled-apart",
        Text(en="images and labels are shuffled with different permutations", zh="图像和标签用不同的排列打乱"),
        edits=(
            (f"        {_ORDER}\n        for part in order.split(self.batch_size):\n{_YIELD}", f"        {_ORDER}\n        other = order.flip(0) if self.shuffle else order\n        for part, rest in zip(order.split(self.batch_size), other.split(self.batch_size)):\n            yield torch.stack([self.dataset[i][0] for i in part.tolist()]), torch.tensor([self.dataset[i][1] for i in rest.tolist()])\n"),
        ),
        hint=Hint(
            question=Text(en="Take one image of a shuffled batch. Is the label beside it its own?", zh="从打乱的一批里取一张图。旁边的标签是它自己的吗？"),
            neighbour=Text(en="Two packs, one of photographs and one of names, each shuffled by itself: nobody is called by his own name any more. One permutation for both.", zh="一叠照片、一叠名字，各洗各的：没有人还叫自己的名字了。两叠要用同一个排列。"),
        ),
    ),
    Wrong(
        "generator-ignored",
        Text(en="the generator is ignored", zh="没有用到 generator"),
        edits=(("torch.randperm(n, generator=self.generator)", "torch.randperm(n)"),),
        hint=Hint(
            question=Text(en="Make two loaders with generators of the same seed. Do they give the same order? Who else's random numbers did yours use?", zh="用同样的种子建两个生成器，给两个加载器。次序一样吗？你的加载器用了谁的随机数？"),
            neighbour=Text(en="Two people with the same bus timetable meet. One who asks passers-by for the time does not, and also wakes them up. torch.rand(2, generator=g) asks g and nobody else.", zh="两个人拿着同样的时刻表，就能碰上。逢人就问时间的那个碰不上，还打扰了别人。torch.rand(2, generator=g) 只问 g，不问别人。"),
        ),
    ),
    Wrong(
        "seeds-anew-each-epoch",
        Text(en="the generator is set back at every epoch", zh="每一轮都把生成器重新设回种子"),
        edits=((f"        {_ORDER}\n", f"        if self.generator is not None:\n            self.generator.manual_seed(self.generator.initial_seed())\n        {_ORDER}\n"),),
        hint=Hint(
            question=Text(en="Print the order of two epochs. Why are they equal?", zh="打印两轮的次序。为什么一样？"),
            neighbour=Text(en="A book that is opened at page 1 every evening never gets further. A seed is set once; after that the generator goes on by itself.", zh="每晚都从第 1 页翻开的书，永远读不下去。种子只设一次，之后生成器自己往下走。"),
        ),
    ),
    Wrong(
        "always-shuffles",
        Text(en="shuffles even when it was not asked to", zh="没要求也打乱"),
        edits=((_ORDER, "order = torch.randperm(n, generator=self.generator) if self.shuffle else torch.arange(n).flip(0)"),),
        hint=Hint(
            question=Text(en="With shuffle=False: is the first sample of the first batch number 0?", zh="shuffle=False 时，第一批的第一个样本是 0 号吗？"),
            neighbour=Text(en="Unless told to shuffle, one deals the cards as they lie.", zh="没说要洗牌，就按原来的次序发。"),
        ),
    ),
    Wrong(
        "only-one-epoch",
        Text(en="the second epoch is empty", zh="第二轮是空的"),
        edits=(
            ("        self.shuffle, self.generator = shuffle, generator\n", "        self.shuffle, self.generator = shuffle, generator\n        self.batches = self.make()\n"),
            ("    def __iter__(self):\n", "    def __iter__(self):\n        return self.batches\n\n    def make(self):\n"),
        ),
        hint=Hint(
            question=Text(en="Write list(loader) twice. What does the second one give?", zh="写两遍 list(loader)。第二遍给出什么？"),
            neighbour=Text(en="A generator object is used up after one pass. If __iter__ contains yield itself, every for loop gets a new one.", zh="生成器对象走一遍就用完了。如果 __iter__ 里自己写 yield，每个 for 循环都会得到一个新的。"),
        ),
    ),
    Wrong(
        "lists-not-stacked",
        Text(en="a batch is a list of samples, not two tensors", zh="一批是样本的列表，而不是两个张量"),
        edits=(("            yield torch.stack([x for x, _ in samples]), torch.tensor([y for _, y in samples])\n", "            yield [x for x, _ in samples], [y for _, y in samples]\n"),),
        hint=Hint(
            question=Text(en="What are type(x) and type(y) of your batches? What does the card promise?", zh="你的批里 type(x) 和 type(y) 是什么？题目约定的是什么？"),
            neighbour=Text(en="torch.stack([torch.ones(2), torch.zeros(2)]) is one tensor [2, 2]; torch.tensor([4, 5]) one of int64.", zh="torch.stack([torch.ones(2), torch.zeros(2)]) 是一个 [2, 2] 的张量；torch.tensor([4, 5]) 是一个 int64 张量。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "range-and-slices",
        '''class Loader:
    """Python lists and slices."""

    def __init__(self, dataset, batch_size, shuffle=False, generator=None):
        self.dataset, self.size, self.shuffle, self.generator = dataset, batch_size, shuffle, generator

    def __len__(self):
        return (len(self.dataset) + self.size - 1) // self.size

    def __iter__(self):
        order = list(range(len(self.dataset)))
        if self.shuffle:
            order = torch.randperm(len(order), generator=self.generator).tolist()
        for start in range(0, len(order), self.size):
            xs, ys = zip(*(self.dataset[i] for i in order[start : start + self.size]))
            yield torch.stack(xs), torch.tensor(ys)
''',
    ),
    Right(
        "sampler-and-iterator",
        '''class Loader:
    """An iterator object that keeps its own place, and a permutation by sorting random keys."""

    class Epoch:
        def __init__(self, loader, order):
            self.loader, self.order = loader, order

        def __iter__(self):
            return self

        def __next__(self):
            if not self.order:
                raise StopIteration
            now, self.order = self.order[: self.loader.batch_size], self.order[self.loader.batch_size :]
            pairs = [self.loader.dataset[i] for i in now]
            x = torch.cat([p[0].unsqueeze(0) for p in pairs])
            return x, torch.as_tensor([int(p[1]) for p in pairs], dtype=torch.int64)

    def __init__(self, dataset, batch_size, shuffle=False, generator=None):
        self.dataset, self.batch_size, self.shuffle, self.generator = dataset, batch_size, shuffle, generator

    def __len__(self):
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0)

    def __iter__(self):
        n = len(self.dataset)
        keys = torch.rand(n, generator=self.generator, dtype=torch.float64) if self.shuffle else torch.arange(n)
        return Loader.Epoch(self, keys.argsort().tolist())
''',
    ),
    Right(
        "torch-inside",
        '''class Loader(DataLoader):
    """torch's own. Its iterator draws a seed from the generator as well, which the card allows."""

    def __init__(self, dataset, batch_size, shuffle=False, generator=None):
        super().__init__(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator or torch.Generator())
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="9.4 A loader of your own", zh="9.4 自己的加载器"),
    properties=(
        Property("length", Text(en="len(loader)", zh="len(loader)")),
        Property("sizes", Text(en="the sizes of the batches", zh="各批的大小")),
        Property("batches", Text(en="the batches in order", zh="按次序的各批")),
        Property("again", Text(en="a second epoch in order", zh="按次序的第二轮"), only_with="batches"),
        Property("complete", Text(en="shuffled: each sample exactly once per epoch", zh="打乱时：每轮每个样本正好一次")),
        Property("pairs", Text(en="shuffled: images and labels stay together", zh="打乱时：图像与标签不分开"), only_with="complete"),
        Property("new", Text(en="shuffled: each epoch in a new order", zh="打乱时：每轮次序都是新的")),
        Property("seed", Text(en="the same seed gives the same epochs, and only the generator is used", zh="种子相同，各轮就相同，而且只用这个生成器")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Make a dataset of 5 samples and print every batch of two epochs. Which line is not what you expected?",
            zh="建一个 5 个样本的数据集，打印两轮的每一批。哪一行和你想的不一样？",
        ),
        neighbour=Text(
            en="A class that counts down, __iter__ being no more than: for i in range(self.n, 0, -1): yield i. Every for loop over it starts from n again.",
            zh="一个倒数的类，__iter__ 里只有：for i in range(self.n, 0, -1): yield i。每个 for 循环都重新从 n 开始。",
        ),
    ),
    survivors=(
        Survivor(
            line='samples = [self.dataset[i] for i in part.tolist()]',
            change='part.tolist() -> part',
            reason='a 0-d integer tensor is an index as good as an int, wherever one is needed',
        ),
    ),
)  # fmt: skip
