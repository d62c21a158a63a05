"""Exercise 10.4: max-pooling with the way back, overlapping windows, padding and ties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``max_pool`` for windows side by side, for overlapping ones, with padding and, with ties; then the way back
    of each. All ways forward are taken before the first way back."""
    ways = {}
    for name, (x, _, size, stride, padding) in case["settings"].items():
        answer = ns["max_pool"](x, size, stride, padding)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            yield "out", answer  # not the two things: the comparison then says what came instead
            return
        ways[name] = answer[1]
        if name == "plain":
            yield "out", answer[0]
        elif name != "ties":
            yield f"{name}_out", answer[0]
    for name, (_, grad_out, *_) in case["settings"].items():
        grad = ways[name](grad_out)
        yield "grad" if name == "plain" else f"{name}_grad", grad


def _distinct(rng: np.random.Generator, shape: tuple[int, ...], sign: float = 1.0) -> Any:
    """Numbers that are all different and at least 0.1 apart, so that no rounding makes a tie."""
    return sign * (rng.permutation(int(np.prod(shape))).reshape(shape) - 10) / 10


def _case(
    name: str, label: Text, rng: np.random.Generator, shape: tuple[int, int, int, int], scale: float = 1.0, shift: float = 0.0,
    side: tuple[int, int] = (2, 2), overlap: tuple[int, int] = (3, 2), padded: tuple[int, int, int] = (3, 2, 1), dtype: str = "float64",
) -> Case:  # fmt: skip
    """Settings of one shape: (size, stride) of windows side by side and overlapping, (size, stride, padding)."""
    import torch

    settings = {}
    for setting, (size, stride, padding) in {
        "plain": (*side, 0),
        "overlap": (*overlap, 0),
        "padded": padded,
        "ties": (*overlap, 0),
    }.items():
        values = rng.integers(0, 3, shape) * 1.0 if setting == "ties" else _distinct(rng, shape) * scale + shift
        n, c, h, w = shape
        out = (n, c, (h + 2 * padding - size) // stride + 1, (w + 2 * padding - size) // stride + 1)
        grad_out = np.round(rng.uniform(0.5, 3.0, out) * rng.choice([-1, 1], out), 1)
        kind = getattr(torch, dtype)
        settings[setting] = [
            torch.from_numpy(values).to(kind),
            torch.from_numpy(grad_out).to(kind),
            size,
            stride,
            padding,
        ]
    return Case(name, label, {"settings": settings})


PUBLIC = (
    _case("small", Text(en="one picture of 4 by 5", zh="一幅 4 乘 5 的图像"), np.random.default_rng(21), (1, 1, 4, 5)),
    _case(
        "negative",
        Text(en="two channels of 5 by 4, only negative numbers", zh="两个 5 乘 4 的通道，全是负数"),
        np.random.default_rng(22),
        (1, 2, 5, 4),
        shift=-9.0,
        overlap=(2, 1),
        padded=(2, 1, 1),
    ),
    _case(
        "batch",
        Text(en="two pictures of 6 by 8, three channels", zh="两幅 6 乘 8 的图像，三个通道"),
        np.random.default_rng(23),
        (2, 3, 6, 8),
        side=(3, 3),
        overlap=(3, 1),
        padded=(4, 3, 2),
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Asymmetric shapes, a batch of one, gaps between windows, huge and very negative numbers, float32."""
    return [
        _case("wide", Text(en="wide pictures", zh="宽图像"), rng, (2, 2, 5, 9), side=(2, 3), overlap=(3, 2), padded=(3, 1, 1)),
        _case("huge", Text(en="one tall picture, numbers around -1e30", zh="一幅高图像，数在 -1e30 上下"), rng, (1, 3, 8, 4), scale=1e28, shift=-1e30, overlap=(4, 3), padded=(4, 2, 2)),
        _case("float32", Text(en="float32", zh="float32"), rng, (3, 1, 6, 5), side=(1, 1), overlap=(5, 1), padded=(2, 3, 1), dtype="float32"),
    ]  # fmt: skip


_WINNER = Text(
    en="Three runners, and the winner gets the prize of 50; two cross the line together in first place. The rule says: the one with the lower start number "
    "gets all of it. So [50, 0, 0]; not [50, 50, 0], which pays out 100, and not [25, 25, 0].",
    zh="三人赛跑，冠军得 50 元奖金，有两人同时冲线并列第一。规则是：号码小的拿走全部。于是是 [50, 0, 0]；不是 [50, 50, 0]（那样发了 100 元），也不是 [25, 25, 0]。",
)
_TIES = Hint(
    question=Text(
        en="A constant window is a kink of max: which of the equal dots gets the gradient by the card's rule? Does the sum of what you hand out equal what came in?",
        zh="各点都相等的窗口正是 max 的折点：按任务卡的规则，梯度给其中的哪个点？你分出去的总和等于进来的吗？",
    ),
    neighbour=_WINNER,
)
_OVERLAP = Text(
    en="Row [3, 9, 4], size 2, stride 1: both windows, [3, 9] and [9, 4], are won by the 9. Gradients 5 and 7 come back, and the 9 gets 5 + 7 = 12: [0, 12, 0].",
    zh="一行 [3, 9, 4]，大小 2，步幅 1：两个窗口 [3, 9] 和 [9, 4] 都是 9 最大。传回的梯度是 5 和 7，9 得到 5 + 7 = 12：[0, 12, 0]。",
)

WRONG = (
    Wrong(
        "all-ties",
        Text(en="every dot that equals the maximum gets the whole gradient", zh="每个等于最大值的点都拿到整份梯度"),
        source='''def max_pool(x, size, stride, padding=0):
    framed = F.pad(x, [padding] * 4, value=float("-inf"))
    windows = framed.unfold(2, size, stride).unfold(3, size, stride)
    out = windows.amax((4, 5))

    def backward(grad_out):
        grad = torch.zeros_like(framed)
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                a, b = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
                best = framed[:, :, a, b] == out[:, :, i, j, None, None]
                grad[:, :, a, b] += best * grad_out[:, :, i, j, None, None]
        return grad[:, :, padding:padding + x.shape[2], padding:padding + x.shape[3]]

    return out, backward
''',
        hint=_TIES,
    ),
    Wrong(
        "ties-share",
        Text(en="equal maxima share the gradient", zh="并列的最大值平分梯度"),
        source='''def max_pool(x, size, stride, padding=0):
    framed = F.pad(x, [padding] * 4, value=float("-inf"))
    windows = framed.unfold(2, size, stride).unfold(3, size, stride)
    out = windows.amax((4, 5))

    def backward(grad_out):
        grad = torch.zeros_like(framed)
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                a, b = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
                best = (framed[:, :, a, b] == out[:, :, i, j, None, None]).to(x.dtype)
                grad[:, :, a, b] += best / best.sum((2, 3), keepdim=True) * grad_out[:, :, i, j, None, None]
        return grad[:, :, padding:padding + x.shape[2], padding:padding + x.shape[3]]

    return out, backward
''',
        hint=_TIES,
    ),
    Wrong(
        "last-tie",
        Text(en="the last of the equal maxima gets the gradient", zh="梯度给了并列最大值中的最后一个"),
        edits=(
            ("windows.max(dim=2)", "windows.flip(2).max(dim=2)"),
            ("patch.scatter_(2, winner[i, j][..., None],", "patch.scatter_(2, size * size - 1 - winner[i, j][..., None],"),
        ),
        hint=_TIES,
    ),
    Wrong(
        "pads-with-zero",
        Text(en="padding with 0, which beats negative numbers", zh="用 0 填充，结果 0 胜过了负数"),
        edits=(("value=-math.inf", "value=0.0"),),
        hint=Hint(
            question=Text(
                en="Try a picture of nothing but -10000. Which number may come out at the border, and which one does?",
                zh="用全是 -10000 的图像试试。边上应该得到什么数？实际得到什么数？",
            ),
            neighbour=Text(
                en="The warmest day of the week, with Saturday and Sunday missing, in a frosty week [-5, -8, -3]: the answer is -3. Fill the gaps with 0 and it is 0. "
                "What cannot win against anything is minus infinity.",
                zh="求一周里最暖和的一天，周末缺数据，而这周很冷 [-5, -8, -3]：答案是 -3。缺的填 0，答案就成了 0。谁也赢不了的数，是负无穷。",
            ),
        ),
    ),
    Wrong(
        "stride-one",
        Text(en="the windows move by one dot, whatever the stride", zh="不管步幅是多少，窗口都只移一个点"),
        edits=(("top, left = i * stride, j * stride\n            windows", "top, left = i, j\n            windows"),),
        hint=Hint(
            question=Text(
                en="How far are two neighbouring windows apart? Where does window (1, 0) begin in your code?",
                zh="相邻两个窗口相距多远？在你的代码里，窗口 (1, 0) 从哪里开始？",
            ),
            neighbour=Text(
                en="Row [1, 7, 2, 3, 5, 4], size 2, stride 2: [1, 7], [2, 3], [5, 4] give 7, 3, 5. With steps of 1 the first three would be 7, 7, 3.",
                zh="一行 [1, 7, 2, 3, 5, 4]，大小 2，步幅 2：[1, 7]、[2, 3]、[5, 4] 给出 7、3、5。每次移 1 格，前三个就成了 7、7、3。",
            ),
        ),
    ),
    Wrong(
        "stride-is-the-size",
        Text(en="the stride taken to be the size of the window", zh="把步幅当成了窗口的大小"),
        source='''def max_pool(x, size, stride, padding=0):
    x = x.detach().clone().requires_grad_()
    out = torch.nn.functional.max_pool2d(x, size, size, padding)

    def backward(grad_out):
        return torch.autograd.grad(out, x, grad_out)[0]

    return out.detach(), backward
''',
        hint=Hint(
            question=Text(
                en="Only one of the two, size and stride, moves the window. Which? Try size 3, stride 1.",
                zh="大小和步幅，只有一个负责移动窗口。是哪个？试试大小 3、步幅 1。",
            ),
            neighbour=_OVERLAP,
        ),
    ),
    Wrong(
        "mean",
        Text(en="the mean of the window instead of its maximum", zh="取了窗口的平均，而不是最大值"),
        source='''def max_pool(x, size, stride, padding=0):
    x = x.detach().clone().requires_grad_()
    out = torch.nn.functional.avg_pool2d(x, size, stride, padding)

    def backward(grad_out):
        return torch.autograd.grad(out, x, grad_out)[0]

    return out.detach(), backward
''',
        hint=Hint(
            question=Text(
                en="Of the window [1, 9, 2, 0], should 3 or 9 remain? Does each dot take part in that, or one of them?",
                zh="窗口 [1, 9, 2, 0] 该留下 3 还是 9？每个点都参与，还是只有一个点说了算？",
            ),
            neighbour=Text(
                en="The record of a high jumper with 2.10, 2.30 and 1.90 m is 2.30, not the mean 2.10. Had she jumped 2.00 instead of 1.90, the record would be the same: "
                "the others have slope 0.",
                zh="跳高选手跳过 2.10、2.30、1.90 m，纪录是 2.30，不是平均的 2.10。若 1.90 换成 2.00，纪录不变：其余各次的斜率是 0。",
            ),
        ),
    ),
    Wrong(
        "overlap-overwrites",
        Text(en="where windows overlap, the last one overwrites the others", zh="窗口重叠处，后来的覆盖了先前的"),
        edits=(("grad[:, :, top : top + size, left : left + size] += patch", "grad[:, :, top : top + size, left : left + size] = patch"),),
        hint=Hint(
            question=Text(
                en="One dot may win in several windows. What becomes of the gradients of its other victories?",
                zh="一个点可能在好几个窗口里胜出。它在别处胜出的梯度到哪里去了？",
            ),
            neighbour=_OVERLAP,
        ),
    ),
    Wrong(
        "not-cropped",
        Text(en="the gradient still has the frame", zh="梯度还带着填充的框"),
        edits=(("return grad[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]", "return grad"),),
        hint=Hint(
            question=Text(
                en="Which shape must x's gradient have? Which of your dots belong to the frame?",
                zh="x 的梯度应当是什么形状？你的哪些点属于填充的框？",
            ),
            neighbour=Text(
                en="Bills for ['-', 'Ann', 'Bob', '-'], [0, 30, 12, 0], go to Ann and Bob only: bills[1:3] = [30, 12].",
                zh="账单 ['-', 'Ann', 'Bob', '-'] 为 [0, 30, 12, 0]，只寄给 Ann 和 Bob：bills[1:3] = [30, 12]。",
            ),
        ),
    ),
    Wrong(
        "over-the-channels",
        Text(en="the maximum runs over the channels, too", zh="连通道也一起取了最大值"),
        edits=(("best, winner[i, j] = windows.max(dim=2)", "best, winner[i, j] = windows.max(dim=2)\n            best = best.amax(dim=1, keepdim=True).expand_as(best)"),),
        hint=Hint(
            question=Text(
                en="Over which axes does pooling reduce, and which stay? Does channel 1 know of channel 0?",
                zh="池化归约的是哪几维，保留的是哪几维？通道 1 知道通道 0 的事吗？",
            ),
            neighbour=Text(
                en="Two stations measured [18, 21] and [5, 3]. The highest value of each station: 21 and 5. Over both it would be 21, and the second station is lost.",
                zh="两个站点测得 [18, 21] 和 [5, 3]。各站的最高值：21 和 5。若两站一起取，就是 21，第二个站点便丢了。",
            ),
        ),
    ),
    Wrong(
        "gradient-of-ones",
        Text(en="the winners get 1 instead of the gradient from above", zh="胜出者得到的是 1，而不是上游梯度"),
        edits=(("grad_out[:, :, i, j, None])", "torch.ones_like(grad_out[:, :, i, j, None]))"),),
        hint=Hint(
            question=Text(
                en="The slope at the winner is 1. What is it multiplied by?",
                zh="胜出者的斜率是 1。它要乘上什么？",
            ),
            neighbour=Text(
                en="max(3, 8) = 8, and the loss is 6 * max. The gradient from above is 6, so the 8 gets 6 * 1 = 6, and the 3 gets 0.",
                zh="max(3, 8) = 8，损失是 6 * max。上游梯度是 6，所以 8 得到 6 * 1 = 6，3 得到 0。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "built-in",
        '''def max_pool(x, size, stride, padding=0):
    """PyTorch's own, with autograd for the way back."""
    leaf = x.detach().clone().requires_grad_()
    out = torch.nn.functional.max_pool2d(leaf, size, stride, padding)
    return out.detach(), lambda grad_out: torch.autograd.grad(out, leaf, grad_out, retain_graph=True)[0]
''',
    ),
    Right(
        "numbers-in-the-picture",
        '''def max_pool(x, size, stride, padding=0):
    """Each winner's number in the padded picture, and index_add for the way back."""
    n, c, h, w = x.shape
    framed = x.new_full((n, c, h + 2 * padding, w + 2 * padding), float("-inf"))
    framed[:, :, padding:padding + h, padding:padding + w] = x
    numbers = torch.arange(framed.numel(), device=x.device).view(framed.shape)
    cut = lambda a: a.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
    windows, numbers = cut(framed), cut(numbers)
    first = windows.argmax(-1, keepdim=True)
    out, where = windows.gather(-1, first)[..., 0], numbers.gather(-1, first).flatten()

    def back(grad_out):
        grad = x.new_zeros(framed.numel()).index_add(0, where, grad_out.flatten()).view(framed.shape)
        return grad[:, :, padding:h + padding, padding:w + padding]

    return out, back
''',
    ),
    Right(
        "plain-loops",
        '''def max_pool(x, size, stride, padding=0):
    """Loops over everything, and no frame at all."""
    n, c, h, w = x.shape
    starts = lambda length: range(-padding, length + padding - size + 1, stride)
    out = x.new_zeros(n, c, len(starts(h)), len(starts(w)))
    winners = {}
    for i, top in enumerate(starts(h)):
        for j, left in enumerate(starts(w)):
            for s in range(n):
                for k in range(c):
                    dots = [(a, b) for a in range(max(top, 0), min(top + size, h)) for b in range(max(left, 0), min(left + size, w))]
                    winners[s, k, i, j] = max(dots, key=lambda dot: x[s, k, dot[0], dot[1]].item())
                    out[s, k, i, j] = x[s, k, winners[s, k, i, j][0], winners[s, k, i, j][1]]

    def back(grad_out):
        grad = torch.zeros_like(x)
        for (s, k, i, j), (a, b) in winners.items():
            grad[s, k, a, b] += grad_out[s, k, i, j]
        return grad

    return out, back
''',
    ),
)

SURVIVORS: tuple[Survivor, ...] = ()

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "output-on-cpu",
        Text(en="the maxima are collected on the CPU", zh="把最大值收集到了 CPU 上"),
        edits=(("out, winner = x.new_zeros(*x.shape[:2], rows, cols), {}", "out, winner = torch.zeros(*x.shape[:2], rows, cols, dtype=x.dtype), {}"),),
        hint=Hint(
            question=Text(en="Nothing raises here. Print out.device for an x on another device: is it what the next layer expects?", zh="这里不会报错。让 x 在另一个设备上，打印 out.device：下一层要的是这个吗？"),
            neighbour=Text(en="torch.stack([t[0], t[1]]) lies where the pieces lie. A tensor that was made beforehand lies where it was made, however many pieces from a GPU are copied into it.", zh="torch.stack([t[0], t[1]]) 与各块在一起。事先生成的张量则留在生成它的地方，不管从 GPU 复制了多少块进去。"),
        ),
    ),
    Wrong(
        "patch-on-cpu",
        Text(en="on the way back each window's zeros are made on the CPU", zh="反向时，每个窗口的零是在 CPU 上生成的"),
        edits=(("patch = x.new_zeros(*x.shape[:2], size * size)", "patch = torch.zeros(*x.shape[:2], size * size, dtype=x.dtype)"),),
        hint=Hint(
            question=Text(en="scatter_ gets three tensors: patch, the places, the gradients. On which device is each?", zh="scatter_ 用到三个张量：patch、位置和梯度。它们各在哪个设备上？"),
            neighbour=Text(en="torch.zeros(5).scatter_(0, i, 1.0) with i on a GPU raises: unlike square brackets, scatter_ and gather want all on one device. t.new_zeros(5) is beside t.", zh="i 在 GPU 上时，torch.zeros(5).scatter_(0, i, 1.0) 会报错：与方括号不同，scatter_ 和 gather 要求全都在同一个设备上。t.new_zeros(5) 就在 t 旁边。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="10.4 Max-pooling, there and back", zh="10.4 最大池化的前向与反向"),
    properties=(
        Property("out", Text(en="the maxima, windows side by side", zh="最大值，窗口互不重叠")),
        Property("grad", Text(en="the gradient, windows side by side", zh="梯度，窗口互不重叠")),
        Property("overlap_out", Text(en="the maxima of overlapping windows", zh="重叠窗口的最大值")),
        Property("overlap_grad", Text(en="the gradient of overlapping windows", zh="重叠窗口的梯度")),
        Property("padded_out", Text(en="the maxima with padding", zh="带填充时的最大值")),
        Property("padded_grad", Text(en="the gradient with padding", zh="带填充时的梯度")),
        Property("ties_grad", Text(en="the gradient where maxima are equal", zh="最大值并列时的梯度")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    survivors=SURVIVORS,
    fallback=Hint(
        question=Text(
            en="Which line is the first to be wrong, on the way there or on the way back? Take one window by hand: who wins, and what does the winner get?",
            zh="最先错的是哪一行，前向还是反向？手算一个窗口：谁胜出？胜者得到什么？",
        ),
        neighbour=Text(
            en="Row [4, 1, 1, 6, 6, 2], size 2, stride 2: the maxima are 4, 6, 6, won by the cells 0, 3 and 4. Gradients 10, 20, 30 come back: [10, 0, 0, 20, 30, 0].",
            zh="一行 [4, 1, 1, 6, 6, 2]，大小 2，步幅 2：最大值是 4、6、6，胜者是第 0、3、4 格。传回的梯度是 10、20、30：[10, 0, 0, 20, 30, 0]。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
