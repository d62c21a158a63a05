"""Exercise 9.2: mean and standard deviation per channel in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Gives the batches as a generator, and yields the two results."""
    returned = ns["channel_stats"](batch.clone() for batch in case["batches"])
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        yield "mean", returned  # not two results: the comparison then says what came instead
        return
    yield "mean", returned[0]
    yield "offset" if case["offset"] else "std", returned[1]


def _case(name: str, label: Text, images: Any, sizes: list[int], offset: bool = False) -> Case:
    batches = torch.as_tensor(images).float().split(sizes)
    return Case(name, label, {"batches": [batch.clone() for batch in batches], "offset": offset})


def _images(rng: np.random.Generator, n: int, channels: int, height: int, width: int) -> Any:
    """Images whose channels differ in level and spread."""
    level = np.arange(channels).reshape(1, channels, 1, 1)
    return np.round(rng.uniform(0, 1, (n, channels, height, width)) * (1 + level) + level * 0.5, 2)


_RNG = np.random.default_rng(9)

PUBLIC = (
    _case("one-batch", Text(en="one batch, one channel", zh="一批，一个通道"), [[[[0.0, 1.0]]], [[[0.5, 0.25]]]], [2]),
    _case("ragged", Text(en="batches of 3 and 1, one channel", zh="两批，3 张和 1 张，一个通道"), [[[[0.0, 0.5]]], [[[1.0, 1.0]]], [[[0.25, 0.0]]], [[[4.0, 8.0]]]], [3, 1]),
    _case("channels", Text(en="three channels, 2 by 3 pixels, batches of 2 and 3", zh="三个通道，2 乘 3 个像素，两批，2 张和 3 张"), _images(_RNG, 5, 3, 2, 3), [2, 3]),
    _case("offset", Text(en="values around 4096 with a small spread", zh="值在 4096 附近，分散很小"), 4096 + _RNG.integers(-8, 9, (4, 2, 3, 3)) / 16, [3, 1], offset=True),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Many ragged batches, other shapes, single images, a large offset."""
    return [
        _case("many", Text(en="batches of 4, 4, 4 and 1", zh="四批，4、4、4、1 张"), _images(rng, 13, 3, 4, 2), [4, 4, 4, 1]),
        _case("single", Text(en="a single image", zh="只有一张图"), _images(rng, 1, 2, 3, 5), [1]),
        _case("wide", Text(en="one channel, 2 by 7 pixels", zh="一个通道，2 乘 7 个像素"), _images(rng, 6, 1, 2, 7), [1, 5]),
        _case("offset", Text(en="values around 1000 with a small spread", zh="值在 1000 附近，分散很小"), 1000 + rng.integers(-8, 9, (7, 3, 3, 2)) / 32, [5, 2], offset=True),
    ]  # fmt: skip


WRONG = (
    Wrong(
        "mean-of-batch-means",
        Text(en="the batch means are averaged as if the batches were equal", zh="把各批的均值当作一样大的批来平均"),
        source='''def channel_stats(batches):
    means, squares = [], []
    for batch in batches:
        x = batch.double()
        means.append(x.mean(dim=(0, 2, 3)))
        squares.append((x**2).mean(dim=(0, 2, 3)))
    mean = torch.stack(means).mean(dim=0)
    return mean, (torch.stack(squares).mean(dim=0) - mean**2).sqrt()
''',
        hint=Hint(
            question=Text(en="In the case with batches of 3 and 1: how much does the single image weigh in your mean?", zh="在 3 张和 1 张的算例里，那一张图在你的均值里占多大分量？"),
            neighbour=Text(
                en="Three people own 2 books each, one owns 10: the mean is 16 / 4 = 4. The mean of the groups' means, (2 + 10) / 2, is 6.",
                zh="三个人各有 2 本书，一个人有 10 本：平均 16 / 4 = 4 本。两组平均数的平均 (2 + 10) / 2 却是 6。",
            ),
        ),
    ),
    Wrong(
        "mean-of-batch-stds",
        Text(en="the standard deviations of the batches are averaged", zh="把各批的标准差拿来平均"),
        source='''def channel_stats(batches):
    count, total, spread = 0, 0.0, 0.0
    for batch in batches:
        x = batch.double()
        n = x.numel() // x.shape[1]
        count += n
        total = total + x.sum(dim=(0, 2, 3))
        spread = spread + n * x.std(dim=(0, 2, 3), correction=0)
    return total / count, spread / count
''',
        hint=Hint(
            question=Text(en="Two batches, one all 0 and one all 1: what are their standard deviations, and that of all together?", zh="两批，一批全是 0，一批全是 1：各自的标准差是多少？合在一起呢？"),
            neighbour=Text(
                en="In each of two villages everybody earns the same, 10 in one, 30 in the other. Within each the spread is 0, over both it is 10: the differences between the groups count as well.",
                zh="两个村子里，各自人人收入相同，一个村 10，一个村 30。村内的分散是 0，合起来是 10：组与组之间的差别也要算。",
            ),
        ),
    ),
    Wrong(
        "per-pixel",
        Text(en="statistics for each pixel instead of each channel", zh="统计了每个像素，而不是每个通道"),
        source='''def channel_stats(batches):
    x = torch.cat(list(batches)).double()
    return x.mean(dim=0), x.std(dim=0, correction=0)
''',
        hint=Hint(
            question=Text(en="What shape has your mean? Which dimensions have not been summed over?", zh="你的均值是什么形状？哪几维没有求和？"),
            neighbour=Text(en="x of shape [5, 2, 4, 4]: x.sum(dim=0) is [2, 4, 4], x.sum(dim=(0, 2, 3)) is [2].", zh="x 的形状是 [5, 2, 4, 4]：x.sum(dim=0) 是 [2, 4, 4]，x.sum(dim=(0, 2, 3)) 是 [2]。"),
        ),
    ),
    Wrong(
        "all-channels-in-one",
        Text(en="one number for all channels", zh="所有通道合成了一个数"),
        source='''def channel_stats(batches):
    x = torch.cat(list(batches)).double()
    return x.mean().expand(x.shape[1]).clone(), x.std(correction=0).expand(x.shape[1]).clone()
''',
        hint=Hint(
            question=Text(en="Are your numbers the same for every channel? Should they be?", zh="你的数在各通道上都一样吗？应该一样吗？"),
            neighbour=Text(en="The mean height of 3 trees and 3 bushes is one number; the mean of the trees and the mean of the bushes are two.", zh="3 棵树和 3 丛灌木的平均高度是一个数；树的平均和灌木的平均是两个数。"),
        ),
    ),
    Wrong(
        "one-less",
        Text(en="divides by the number of values minus one", zh="除以了值的个数减一"),
        edits=(("    return mean, (squares / count - mean**2).sqrt()\n", "    return mean, ((squares - count * mean**2) / (count - 1)).sqrt()\n"),),
        hint=Hint(
            question=Text(en="Which divisor does the card name? What is the default of torch.std?", zh="题目说除以什么？torch.std 默认除以什么？"),
            neighbour=Text(en="For 1 and 3: divided by 2 the variance is 1, divided by 1 it is 2. torch.std has correction=1 unless told otherwise.", zh="1 和 3：除以 2，方差是 1；除以 1，方差是 2。torch.std 默认 correction=1。"),
        ),
    ),
    Wrong(
        "variance",
        Text(en="the variance, not the standard deviation", zh="返回了方差，而不是标准差"),
        edits=(("(squares / count - mean**2).sqrt()", "(squares / count - mean**2)"),),
        hint=Hint(
            question=Text(en="If all values are doubled, by what factor does your second number grow?", zh="所有值加倍，你的第二个数变成几倍？"),
            neighbour=Text(en="Values 0 and 6: the variance is 9, the standard deviation 3.", zh="值 0 和 6：方差是 9，标准差是 3。"),
        ),
    ),
    Wrong(
        "float32-sums",
        Text(en="the sums are made in float32", zh="用 float32 来累加"),
        edits=(("x = batch.double()", "x = batch.float()"), ("    mean = total / count\n", "    mean, squares = (total / count).double(), squares.double()\n")),
        hint=Hint(
            question=Text(en="In the case around 4096: what are the mean of the squares and the square of the mean, to seven digits?", zh="在 4096 附近的算例里，平方的均值和均值的平方，写到七位数字各是多少？"),
            neighbour=Text(
                en="Weighing the captain by weighing the ship with and without him: 40 000 000 kg minus 39 999 920 kg. A scale with seven digits cannot tell.",
                zh="称船长的体重，用船载着他的重量减去不载他的重量：40 000 000 公斤减 39 999 920 公斤。只有七位数字的秤是称不出来的。",
            ),
        ),
    ),
    Wrong(
        "goes-through-twice",
        Text(en="goes through the batches a second time, when nothing is left", zh="把各批走了第二遍，可是已经没有了"),
        source='''def channel_stats(batches):
    count, total = 0, 0.0
    for batch in batches:
        count += batch.numel() // batch.shape[1]
        total = total + batch.double().sum(dim=(0, 2, 3))
    mean = total / count
    squares = torch.zeros_like(mean)
    for batch in batches:
        squares = squares + ((batch.double() - mean[:, None, None]) ** 2).sum(dim=(0, 2, 3))
    return mean, (squares / count).sqrt()
''',
        hint=Hint(
            question=Text(en="How many batches does your second loop see? What is batches?", zh="你的第二个循环见到了几批？batches 是什么？"),
            neighbour=Text(en="g = (n * n for n in range(3)); sum(g) is 5, and sum(g) once more is 0: a generator is gone through once.", zh="g = (n * n for n in range(3))；sum(g) 是 5，再来一次 sum(g) 是 0：生成器只能走一遍。"),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "collects-everything",
        '''def channel_stats(batches):
    """All in memory: right, if not what one does with large sets."""
    x = torch.cat([batch.double() for batch in batches]).movedim(1, 0).flatten(1)
    return x.mean(1), x.std(1, correction=0)
''',
    ),
    Right(
        "merging-batches",
        '''def channel_stats(batches):
    """Merges mean and squared deviations batch by batch (the formula of Chan, Golub and LeVeque)."""
    n = 0
    for batch in batches:
        x = batch.double().transpose(0, 1).flatten(1)
        m, here = x.shape[1], x.mean(1)
        apart = ((x - here[:, None]) ** 2).sum(1)
        if n == 0:
            n, mean, deviations = m, here, apart
        else:
            d = here - mean
            deviations = deviations + apart + d**2 * (n * m / (n + m))
            mean = mean + d * (m / (n + m))
            n += m
    return [mean, torch.sqrt(deviations / n)]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "sums-on-cpu",
        Text(en="the sums begin as tensors of zeros on the CPU", zh="求和的初值是 CPU 上的零张量"),
        edits=(("count, total, squares = 0, 0.0, 0.0", "count, total, squares = 0, torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)"),),
        hint=Hint(
            question=Text(en="What do you know about the device of the batches before the first one has come?", zh="第一个批量到来之前，你知道它们在哪个设备上吗？"),
            neighbour=Text(en="total = 0.0; total = total + t.sum(0) becomes a tensor at the first addition, beside t. total = torch.zeros(3) has chosen the CPU before it has seen any t.", zh="total = 0.0; total = total + t.sum(0) 在第一次相加时变成张量，就在 t 旁边。total = torch.zeros(3) 还没见到 t，就已经选了 CPU。"),
        ),
    ),
    Wrong(
        "batches-on-cpu",
        Text(en="every batch is brought to the CPU first", zh="每一批都先带回了 CPU"),
        edits=(('x = batch.double()', 'x = batch.cpu().double()'),),
        hint=Hint(
            question=Text(en="How many numbers does your first line bring to the CPU for each batch, and how many would the sums be?", zh="每来一批，你的第一行要把多少个数搬到 CPU？只搬和的话又有多少？"),
            neighbour=Text(en="The largest entry of many t on a GPU: max(t.max().item() for t in parts) brings one number each; t.cpu().max() brings them all, and leaves its result on the CPU.", zh="求 GPU 上许多个 t 的最大元素：max(t.max().item() for t in parts) 每次只搬一个数；t.cpu().max() 把全部都搬下来，结果也留在 CPU 上。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="9.2 Mean and standard deviation in one pass", zh="9.2 一遍算出均值和标准差"),
    properties=(
        Property("mean", Text(en="the means", zh="均值"), points=2.0),
        Property("std", Text(en="the standard deviations", zh="标准差"), points=2.0),
        Property("offset", Text(en="the standard deviations of large values with a small spread", zh="值很大、分散很小时的标准差"), rtol=1e-5, why="the difference of two squares near 10^7 keeps about nine of float64's sixteen digits"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print count, total and squares for the first case. Which of them is wrong?",
            zh="对第一个算例打印 count、total 和 squares。哪个不对？",
        ),
        neighbour=Text(
            en="The values 2, 4, 6: count 3, sum 12, sum of squares 56. Mean 4, variance 56 / 3 - 16 = 2.667, standard deviation 1.633.",
            zh="值 2、4、6：个数 3，和 12，平方和 56。均值 4，方差 56 / 3 - 16 = 2.667，标准差 1.633。",
        ),
    ),
    survivors=(
        Survivor(
            line='count += x.numel() // x.shape[1]',
            change='x.numel() // x.shape[1] -> x.numel() / x.shape[1]',
            reason='the division leaves no rest, and a float counts exactly up to 2**53',
        ),
    ),
    device_wrong=DEVICE_WRONG,
)  # fmt: skip
