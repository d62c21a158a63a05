"""Exercise 3.1: one row per sample, whatever the batch size and the layout in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the rows, by the kind of the input; for a contiguous one also the input after its rows were written to."""
    import torch

    x = case["x"]
    if case["kind"] == "channels":
        yield "channels", ns["flatten_batch"](x, channels_last=True)
        return
    contiguous = x.is_contiguous()
    rows = ns["flatten_batch"](x)
    yield ("rows" if contiguous else "any-layout"), rows
    if contiguous and isinstance(rows, torch.Tensor):
        rows.mul_(2)
        yield "shared", x


def _count(*shape: int) -> torch.Tensor:
    """The numbers from 1 on, in this shape."""
    return torch.arange(1.0, 1.0 + float(np.prod(shape)), dtype=torch.float64).reshape(shape)


def _case(name: str, label: Text, x: torch.Tensor, kind: str = "plain") -> Case:
    return Case(name, label, {"x": x, "kind": kind})


def _backwards(*shape: int) -> torch.Tensor:
    """The numbers from 1 on in a tensor whose strides grow from left to right: nothing about it is contiguous."""
    return _count(*shape[::-1]).permute(*range(len(shape))[::-1])


PUBLIC = (
    _case("small", Text(en="two samples of 2 by 3", zh="两个样本，每个 2 乘 3"), _count(2, 2, 3)),
    _case("one-sample", Text(en="a batch of one sample", zh="只有一个样本的一批"), _count(1, 2, 2, 3)),
    _case("twenty", Text(en="16 samples of 20 numbers", zh="16 个样本，每个 20 个数"), _count(16, 20, 1, 1)),
    _case("transposed", Text(en="an input that is not contiguous", zh="不连续的输入"), _backwards(3, 2, 4)),
    _case(
        "channels",
        Text(en="two pictures [2, 2, 3, 2], channels last", zh="两张图片 [2, 2, 3, 2]，通道在最后"),
        _count(2, 2, 3, 2),
        "channels",
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other sizes and numbers of axes, one sample, one channel, other layouts and dtypes."""

    def draw(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal(shape))

    return [
        _case("two-axes", Text(en="shape [5, 3]", zh="形状 [5, 3]"), draw(5, 3)),
        _case("five-axes", Text(en="shape [3, 2, 4, 1, 5]", zh="形状 [3, 2, 4, 1, 5]"), draw(3, 2, 4, 1, 5).float()),
        _case(
            "integers", Text(en="whole numbers [4, 3, 2]", zh="整数 [4, 3, 2]"), (10 * draw(4, 3, 2)).to(torch.int64)
        ),
        _case("one-number", Text(en="shape [1, 1, 1]", zh="形状 [1, 1, 1]"), draw(1, 1, 1)),
        _case(
            "permuted",
            Text(en="not contiguous [3, 4, 2, 5]", zh="不连续 [3, 4, 2, 5]"),
            draw(5, 2, 4, 3).permute(3, 2, 1, 0),
        ),
        _case(
            "one-permuted", Text(en="not contiguous [1, 4, 3]", zh="不连续 [1, 4, 3]"), draw(3, 4, 1).permute(2, 1, 0)
        ),
        _case("pictures", Text(en="pictures [3, 4, 5, 2]", zh="图片 [3, 4, 5, 2]"), draw(3, 4, 5, 2), "channels"),
        _case(
            "one-picture", Text(en="one picture [1, 3, 2, 4]", zh="一张图片 [1, 3, 2, 4]"), draw(1, 3, 2, 4), "channels"
        ),
        _case("grey", Text(en="grey pictures [2, 3, 4, 1]", zh="灰度图片 [2, 3, 4, 1]"), draw(2, 3, 4, 1), "channels"),
        _case("sound", Text(en="sounds [3, 5, 2]", zh="声音 [3, 5, 2]"), draw(3, 5, 2), "channels"),
        _case(
            "films",
            Text(en="films [2, 3, 4, 2, 3]", zh="影片 [2, 3, 4, 2, 3]"),
            draw(2, 3, 4, 2, 3).float(),
            "channels",
        ),
    ]


_LAYOUT_HINT = Hint(
    question=Text(
        en="Which call promises to copy where no view is possible, and which one refuses? What is the stride of the input that "
        "fails?",
        zh="哪个方法在做不成视图时会复制，哪个会拒绝？出错的那个输入，步幅是多少？",
    ),
    neighbour=Text(
        en="t = torch.arange(6).reshape(2, 3).T has the stride (1, 3). Read row by row it is 0, 3, 1, 4, 2, 5. No single stride "
        "leads from 0 to 3 to 1, so t.view(6) raises an error; t.reshape(6) copies and gives [0, 3, 1, 4, 2, 5].",
        zh="t = torch.arange(6).reshape(2, 3).T 的步幅是 (1, 3)，逐行读是 0、3、1、4、2、5。没有哪个步幅能从 0 到 3 再到 1，"
        "所以 t.view(6) 报错；t.reshape(6) 会复制，得到 [0, 3, 1, 4, 2, 5]。",
    ),
)

_MIXED_HINT = Hint(
    question=Text(
        en="Print the shape that comes in and the one that goes out. Which axis is the batch, and does each row still hold the "
        "numbers of one sample?",
        zh="把进来的形状和出去的形状都打印出来。哪一维是批量？每一行装的还是同一个样本的数吗？",
    ),
    neighbour=Text(
        en="Three shops report 4 weeks of 7 days each: [3, 4, 7]. A row per shop is [3, 28]. The number 28 could be pinned "
        "down instead of the 3, and with 3 shops both agree. With 5 days a week, [3, 4, 5], 60 numbers are no longer a "
        "multiple of 28; with 14 days, [3, 4, 14], 168 is 6 * 28, and 3 shops turn into 6 without a word.",
        zh="三家店各报 4 周、每周 7 天的数据：[3, 4, 7]。一家店一行，就是 [3, 28]。也可以不固定 3，而固定 28，这时两者一致。"
        "每周若是 5 天，[3, 4, 5] 共 60 个数，不是 28 的倍数；若是 14 天，[3, 4, 14] 共 168 = 6 * 28 个数，3 家店就悄悄变成了 6 家。",
    ),
)

WRONG = (
    Wrong(
        "fixed-size",
        Text(
            en="view(-1, 320): the size of a row is fixed and N is worked out",
            zh="view(-1, 320)：固定了每行的大小，让 N 去凑",
        ),
        edits=(("return x.flatten(1) ", "return x.reshape(-1, 320) "),),
        hint=_MIXED_HINT,
    ),
    Wrong(
        "keeps-last-axis",
        Text(en="all axes but the last are merged, the batch with them", zh="除最后一维外全部合并，批量也被并了进去"),
        edits=(("return x.flatten(1) ", "return x.reshape(-1, x.shape[-1]) "),),
        hint=_MIXED_HINT,
    ),
    Wrong(
        "batch-last",
        Text(
            en="reshape(-1, N).T: the right shape, but the samples are mixed",
            zh="reshape(-1, N).T：形状对了，样本却混了",
        ),
        edits=(("return x.flatten(1) ", "return x.reshape(-1, len(x)).T "),),
        hint=_MIXED_HINT,
    ),
    Wrong(
        "everything",
        Text(en="flatten() without a first axis: one long vector", zh="flatten() 没写从哪一维开始：成了一个长向量"),
        edits=(("return x.flatten(1) ", "return x.flatten() "),),
        hint=Hint(
            question=Text(
                en="How many axes should the result have? Where does flatten start if nobody tells it?",
                zh="结果应当有几维？不指定的话，flatten 从哪一维开始？",
            ),
            neighbour=Text(
                en="An album has 5 pages of 2 rows with 3 photos: [5, 2, 3]. Laid out page by page on a table it is [5, 6]; "
                "in one line it is [30], and nobody knows any more where a page ends.",
                zh="一本相册 5 页，每页 2 行、每行 3 张照片：[5, 2, 3]。逐页摊开是 [5, 6]；排成一长条是 [30]，谁也看不出一页到哪里为止了。",
            ),
        ),
    ),
    Wrong(
        "squeezed",
        Text(en="squeeze() removes the batch axis when N is 1", zh="N 为 1 时，squeeze() 把批量那一维也去掉了"),
        edits=(("return x.flatten(1) ", "return x.flatten(1).squeeze() "),),
        hint=Hint(
            question=Text(
                en="Try a batch of one sample. Which axes does squeeze() without an argument remove?",
                zh="用只有一个样本的一批试试。不带参数的 squeeze() 会去掉哪些维？",
            ),
            neighbour=Text(
                en="A tensor of shape [1, 3, 1, 2]: squeeze() gives [3, 2], squeeze(2) gives [1, 3, 2]. Name the axis that "
                "you mean, and no other will vanish.",
                zh="形状为 [1, 3, 1, 2] 的张量：squeeze() 得到 [3, 2]，squeeze(2) 得到 [1, 3, 2]。写明要去掉哪一维，别的维就不会消失。",
            ),
        ),
    ),
    Wrong(
        "view",
        Text(en="view refuses inputs that are not contiguous", zh="view 不接受不连续的输入"),
        edits=(("return x.flatten(1) ", "return x.view(x.shape[0], -1) "),),
        hint=_LAYOUT_HINT,
    ),
    Wrong(
        "always-copies",
        Text(en="a copy is made even where a view would do", zh="做视图就够的时候，也复制了一份"),
        edits=(("return x.flatten(1) ", "return x.flatten(1).clone() "),),
        hint=Hint(
            question=Text(
                en="Compare x.data_ptr() with that of your result. Which call in your code lays out a new strip?",
                zh="比较 x.data_ptr() 和你的结果的 data_ptr()。你的代码里是哪个调用铺了一条新的格子？",
            ),
            neighbour=Text(
                en="b = torch.zeros(4); c = b.reshape(2, 2); c[0, 0] = 7 makes b[0] 7 as well: one strip, two labels. With "
                "c = b.reshape(2, 2).clone() b[0] stays 0. For a batch of a gigabyte that is a second gigabyte.",
                zh="b = torch.zeros(4); c = b.reshape(2, 2); c[0, 0] = 7 之后，b[0] 也是 7：一条格子，两张标签。若写成 "
                "c = b.reshape(2, 2).clone()，b[0] 仍是 0。一批数据有 1 GB 的话，就又多占了 1 GB。",
            ),
        ),
    ),
    Wrong(
        "channels-by-reshape",
        Text(
            en="the channels are not moved: reshape changes the shape, never the order",
            zh="通道其实没有移动：reshape 只改形状，不改次序",
        ),
        edits=(("x = x.movedim(-1, 1) ", "x = x.reshape(len(x), x.shape[-1], -1) "),),
        hint=Hint(
            question=Text(
                en="Does reshape ever change the order in which the numbers are read? Which call does?",
                zh="reshape 会改变数的读取次序吗？哪个方法才会？",
            ),
            neighbour=Text(
                en="Two pixels with 3 colours, [[1, 2, 3], [10, 20, 30]]. Colour by colour it is 1, 10, 2, 20, 3, 30: that is "
                ".T. reshape(3, 2) gives [[1, 2], [3, 10], [20, 30]]: the shape of .T, but each row holds two colours.",
                zh="两个像素，各 3 种颜色：[[1, 2, 3], [10, 20, 30]]。一种颜色一种颜色地排，是 1、10、2、20、3、30，这就是 .T。"
                "reshape(3, 2) 得到 [[1, 2], [3, 10], [20, 30]]：形状和 .T 一样，每一行里却混着两种颜色。",
            ),
        ),
    ),
    Wrong(
        "rows-and-columns-swapped",
        Text(
            en="transpose(1, -1) swaps two axes, and the rows change places too",
            zh="transpose(1, -1) 对调了两维，行的位置也跟着变了",
        ),
        edits=(("x = x.movedim(-1, 1) ", "x = x.transpose(1, -1) "),),
        hint=Hint(
            question=Text(
                en="Write down the names of the axes after your step: N, C, and then? Which of H and W should come first?",
                zh="写出你这一步之后各维的名字：N、C，然后呢？H 和 W 应当谁在前？",
            ),
            neighbour=Text(
                en="A table [day, shop, hour, item] should become [day, item, shop, hour]. Swapping axis 1 with the last gives "
                "[day, item, hour, shop]. Moving the last one to place 1 lets the others keep their order.",
                zh="表 [天, 店, 小时, 商品] 要变成 [天, 商品, 店, 小时]。把第 1 维和最后一维对调，得到的是 [天, 商品, 小时, 店]。"
                "把最后一维移到第 1 维的位置，其他几维的次序才不变。",
            ),
        ),
    ),
    Wrong(
        "channels-before-the-batch",
        Text(en="the channels are moved in front of the batch", zh="通道被移到了批量的前面"),
        edits=(("x = x.movedim(-1, 1) ", "x = x.movedim(-1, 0) "),),
        hint=Hint(
            question=Text(
                en="After your step, which axis is number 0? And which one does flatten leave alone?",
                zh="你这一步之后，第 0 维是哪一维？flatten 不动的又是哪一维？",
            ),
            neighbour=Text(
                en="[shop, item, day] = [2, 3, 4]. Moving the last axis to place 0 gives [4, 2, 3], to place 1 gives [2, 4, 3]. "
                "Only in the second is a row per shop still one step away.",
                zh="[店, 商品, 天] = [2, 3, 4]。把最后一维移到第 0 维，得到 [4, 2, 3]；移到第 1 维，得到 [2, 4, 3]。只有后者，再走一步就能得到每店一行。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "reshape-and-permute",
        '''def flatten_batch(x, channels_last=False):
    """Axis numbers written out."""
    if channels_last:
        x = x.permute(0, x.ndim - 1, *range(1, x.ndim - 1))
    return x.reshape(x.shape[0], -1)
''',
    ),
    Right(
        "channel-by-channel",
        '''def flatten_batch(x, channels_last=False):
    """The channels are taken apart and put one behind the other."""
    if not channels_last:
        return torch.nn.Flatten()(x)
    return torch.cat([x[..., c].flatten(1) for c in range(x.shape[-1])], dim=1)
''',
    ),
    Right(
        "two-groups",
        '''def flatten_batch(x, channels_last=False):
    """The axes in the middle become one, which then changes places with the channels."""
    if channels_last:
        n, *middle, c = x.shape
        middle_size = int(np.prod(middle))
        x = x.reshape(n, middle_size, c).transpose(1, 2)
    return x if x.ndim == 2 else x.contiguous().view(len(x), -1)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "cpu-in-the-middle",
        Text(en="x is fetched to the CPU first", zh="先把 x 取回了 CPU"),
        edits=(("return x.flatten(1)", "return x.cpu().flatten(1)"),),
        hint=Hint(
            question=Text(en="On which device do you return the rows? What will the layer say that gets them, and whose weights lie on the GPU?", zh="你返回的各行在哪个设备上？接着用它们的层，权重在 GPU 上，它会怎么说？"),
            neighbour=Text(en="On the CPU, t.cpu() is t itself, so nothing is to be seen. For t on a GPU it is a copy elsewhere: t.cpu() + t raises 'Expected all tensors to be on the same device'.", zh="在 CPU 上，t.cpu() 就是 t 自己，所以看不出什么。t 在 GPU 上时，它是另一处的副本：t.cpu() + t 会报 Expected all tensors to be on the same device。"),
        ),
    ),
    Wrong(
        "reshaped-by-numpy",
        Text(en="NumPy does the reshaping", zh="用 NumPy 来改变形状"),
        edits=(('return x.flatten(1)', 'return torch.from_numpy(x.detach().numpy().reshape(len(x), -1))'),),
        hint=Hint(
            question=Text(en="What can NumPy's reshape do that torch's cannot? And what can it not reach?", zh="NumPy 的 reshape 有什么是 torch 的做不到的？又有什么是它够不着的？"),
            neighbour=Text(en="np.stack([t.numpy() for t in several]) stops on a GPU with a TypeError. torch.stack(several) does the same, wherever they lie, and keeps the graph.", zh="np.stack([t.numpy() for t in several]) 到 GPU 上就以 TypeError 中止。torch.stack(several) 做的是同样的事，张量在哪里都行，还保住了计算图。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="3.1 A row for every sample", zh="3.1 每个样本一行"),
    properties=(
        Property("rows", Text(en="one row per sample", zh="每个样本一行"), points=2.0),
        Property("any-layout", Text(en="the same for an input that is not contiguous", zh="输入不连续时也一样")),
        Property(
            "shared", Text(en="nothing is copied where x is contiguous", zh="x 连续时什么也不复制"), only_with="rows"
        ),
        Property(
            "channels",
            Text(en="channels last: one channel after the other", zh="通道在最后：一个通道接一个通道"),
            points=2.0,
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which axis must never change its size? Take the smallest case of the table and write its first row by hand.",
            zh="哪一维的大小绝不能变？取表中最小的那组数据，把第一行亲手写出来。",
        ),
        neighbour=Text(
            en="x of shape [2, 2, 2] with the numbers 1 to 8. Sample 0 is [[1, 2], [3, 4]], so its row is 1, 2, 3, 4. If the last "
            "axis is the channel, channel 0 of sample 0 is 1, 3 and channel 1 is 2, 4: the row is 1, 3, 2, 4.",
            zh="x 的形状是 [2, 2, 2]，装着 1 到 8。样本 0 是 [[1, 2], [3, 4]]，它那一行就是 1、2、3、4。如果最后一维是通道，"
            "样本 0 的通道 0 是 1、3，通道 1 是 2、4，那一行就是 1、3、2、4。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
