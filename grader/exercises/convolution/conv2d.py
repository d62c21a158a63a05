"""Exercise 10.2: the convolution layer's forward pass, each setting judged by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``conv2d`` without anything, then with each setting alone, then with all of them."""
    x, weight, bias = case["x"], case["weight"], case["bias"]
    conv2d = ns["conv2d"]
    yield "plain", conv2d(x, weight)
    yield "bias", conv2d(x, weight, bias)
    yield "stride", conv2d(x, weight, stride=case["stride"])
    yield "padding", conv2d(x, weight, padding=case["padding"])
    yield "dilation", conv2d(x, weight, dilation=case["dilation"])
    yield "all", conv2d(x, weight, bias, case["stride"], case["padding"], case["dilation"])


def _case(name: str, label: Text, x: Any, weight: Any, bias: Any, stride: int, padding: int, dilation: int) -> Case:
    import torch

    x, weight, bias = (
        a if isinstance(a, torch.Tensor) else torch.tensor(a, dtype=torch.float64) for a in (x, weight, bias)
    )
    if min(have - dilation * (k - 1) for have, k in zip(x.shape[2:], weight.shape[2:], strict=True)) < 1:
        raise ValueError(f"case {name!r}: the window does not fit")
    inputs = {
        "x": x,
        "weight": weight,
        "bias": bias,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    return Case(name, label, inputs)


PUBLIC = (
    _case(
        "one-channel",
        Text(en="one picture of 3 by 4, one kernel of 2 by 2", zh="一幅 3 乘 4 的图像，一个 2 乘 2 的核"),
        [[[[1.0, 2.0, 0.0, 1.0], [0.0, 3.0, 1.0, 2.0], [2.0, 1.0, 0.0, 4.0]]]],
        [[[[1.0, 10.0], [100.0, 1000.0]]]],
        [0.5],
        2,
        1,
        2,
    ),
    _case(
        "channels",
        Text(en="two channels, three filters of 2 by 3", zh="两个通道，三个 2 乘 3 的滤波器"),
        np.arange(40.0).reshape(1, 2, 4, 5).tolist(),
        np.round(np.random.default_rng(3).uniform(-2, 2, (3, 2, 2, 3)), 1).tolist(),
        [1.0, -2.0, 30.0],
        2,
        1,
        2,
    ),
    _case(
        "batch",
        Text(
            en="two pictures of 7 by 6, three channels, two filters of 3 by 2",
            zh="两幅 7 乘 6 的图像，三个通道，两个 3 乘 2 的滤波器",
        ),
        np.round(np.random.default_rng(4).uniform(-3, 3, (2, 3, 7, 6)), 1).tolist(),
        np.round(np.random.default_rng(5).uniform(-1, 1, (2, 3, 3, 2)), 1).tolist(),
        [0.25, -4.0],
        3,
        2,
        3,
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Asymmetric shapes, another layout in memory, a kernel of one dot, float32."""
    import torch

    def case(
        name: str,
        label: Text,
        shape: tuple[int, int, int, int],
        kernel: tuple[int, int, int],
        stride: int,
        padding: int,
        dilation: int,
        dtype: Any = torch.float64,
        strided: bool = False,
    ) -> Case:
        n, c, h, w = shape
        x = torch.from_numpy(rng.standard_normal((n, c, h, 2 * w if strided else w)))
        weight = torch.from_numpy(rng.standard_normal((kernel[0], c, *kernel[1:])))
        bias = torch.from_numpy(rng.standard_normal(kernel[0]))
        x = x[..., ::2] if strided else x
        return _case(name, label, x.to(dtype), weight.to(dtype), bias.to(dtype), stride, padding, dilation)

    return [
        case(
            "wide",
            Text(en="wide pictures, not contiguous", zh="宽图像，内存不连续"),
            (2, 3, 4, 8),
            (4, 2, 3),
            2,
            1,
            3,
            strided=True,
        ),
        case("tall", Text(en="one tall picture", zh="一幅高图像"), (1, 2, 9, 5), (3, 4, 2), 3, 2, 2),
        case("dot", Text(en="a kernel of one dot", zh="一个点的核"), (3, 4, 3, 2), (2, 1, 1), 2, 1, 4),
        case("float32", Text(en="float32", zh="float32"), (1, 1, 6, 7), (2, 3, 3), 2, 1, 2, dtype=torch.float32),
    ]


_SUM = Text(
    en="Three shops (channels), and a price list for each: 2, 5 and 10. Of each shop's things you take 1, 0 and 3: the bill is 1*2 + 0*5 + 3*10 = 32. "
    "One number for all three shops, and each shop keeps its own prices.",
    zh="三家店（通道），各有各的价目：2、5、10。在三家店分别拿 1、0、3 件，账单是 1*2 + 0*5 + 3*10 = 32。三家店合成一个数，而每家店用自己的价格。",
)
_STARTS = Text(
    en="A row [5, 6, 7, 8, 9], kernel [1, 2], stride 3. The windows begin at 0 and 3: 5*1 + 6*2 = 17 and 8*1 + 9*2 = 26. Window number i begins at 3 * i; "
    "inside it, neighbours are still one cell apart.",
    zh="一行 [5, 6, 7, 8, 9]，核 [1, 2]，步幅 3。窗口从 0 和 3 开始：5*1 + 6*2 = 17，8*1 + 9*2 = 26。第 i 个窗口从 3 * i 开始；窗口内部，相邻的格子仍然相距一格。",
)

WRONG = (
    Wrong(
        "kernel-flipped",
        Text(en="the kernel is flipped, as mathematicians do", zh="像数学家那样把核翻转了"),
        edits=(('torch.einsum("nchw,fchw->nf", window, weight)', 'torch.einsum("nchw,fchw->nf", window, weight.flip(2, 3))'),),
        hint=Hint(
            question=Text(
                en="Does this course's convolution (and PyTorch's) flip the kernel? Which weight meets the upper left dot of the window?",
                zh="本课（以及 PyTorch）的卷积翻转核吗？窗口左上角的点与哪个权重相乘？",
            ),
            neighbour=Text(
                en="Row [1, 2, 3], kernel [10, 1]: laid on as it is, 1*10 + 2*1 = 12 and 2*10 + 3*1 = 23. Flipped it would be 1*1 + 2*10 = 21 and 32: "
                "that is np.convolve, not conv1d.",
                zh="一行 [1, 2, 3]，核 [10, 1]：原样放上去，1*10 + 2*1 = 12，2*10 + 3*1 = 23。翻转之后则是 1*1 + 2*10 = 21 和 32：那是 np.convolve，不是 conv1d。",
            ),
        ),
    ),
    Wrong(
        "first-channel-only",
        Text(en="the channels are not summed: only the first one counts", zh="没有对通道求和：只用了第一个通道"),
        edits=(('torch.einsum("nchw,fchw->nf", window, weight)', 'torch.einsum("nhw,fhw->nf", window[:, 0], weight[:, 0])'),),
        hint=Hint(
            question=Text(
                en="Over which of the axes N, C, H, W, F does the sum run? Change a number in the second channel: does your output move?",
                zh="求和要跑遍 N、C、H、W、F 中的哪几维？改动第二个通道里的一个数，你的输出变不变？",
            ),
            neighbour=_SUM,
        ),
    ),
    Wrong(
        "same-kernel-for-all-channels",
        Text(en="one kernel is used for all channels", zh="所有通道共用了一个核"),
        edits=(('torch.einsum("nchw,fchw->nf", window, weight)', 'torch.einsum("nchw,fhw->nf", window, weight[:, 0])'),),
        hint=Hint(
            question=Text(
                en="How many kernels does one filter hold, and how many channels does the input have? Who shares what?",
                zh="一个滤波器里有几个核？输入有几个通道？谁和谁在共用？",
            ),
            neighbour=_SUM,
        ),
    ),
    Wrong(
        "one-filter-for-all",
        Text(en="every output channel uses the first filter", zh="每个输出通道用的都是第一个滤波器"),
        edits=(('torch.einsum("nchw,fchw->nf", window, weight)', 'torch.einsum("nchw,fchw->nf", window, weight[:1].expand_as(weight))'),),
        hint=Hint(
            question=Text(
                en="What should the output channels differ in? Compare out[:, 0] with out[:, 1].",
                zh="各个输出通道应当有什么不同？比较一下 out[:, 0] 和 out[:, 1]。",
            ),
            neighbour=Text(
                en="Two recipes, [1, 2] and [5, 0], for the same shopping bag [3, 4]: 1*3 + 2*4 = 11 and 5*3 + 0*4 = 15. Two recipes, two dishes.",
                zh="同一袋食材 [3, 4]，两份菜谱 [1, 2] 和 [5, 0]：1*3 + 2*4 = 11，5*3 + 0*4 = 15。两份菜谱，两道菜。",
            ),
        ),
    ),
    Wrong(
        "height-and-width-swapped",
        Text(en="height and width are swapped in the output", zh="输出的高和宽调换了"),
        edits=(("return out\n", "return out.transpose(2, 3)\n"),),
        hint=Hint(
            question=Text(
                en="Print the shapes: which axis of x is the height, and which axis of your output grew out of it?",
                zh="打印形状：x 的哪一维是高？输出的哪一维由它而来？",
            ),
            neighbour=Text(
                en="In a table of 2 rows and 3 columns, t[1, 2] is in the last row and the last column; t[2, 1] does not exist. Rows (height) come first, "
                "columns (width) second, on the way in and on the way out.",
                zh="2 行 3 列的表，t[1, 2] 是最后一行最后一列，t[2, 1] 不存在。行（高）在前，列（宽）在后，进来如此，出去也如此。",
            ),
        ),
    ),
    Wrong(
        "bias-per-channel",
        Text(en="the bias is added once for every input channel", zh="每个输入通道都加了一次偏置"),
        edits=(("out = out + bias[:, None, None]", "out = out + x.shape[1] * bias[:, None, None]"),),
        hint=Hint(
            question=Text(
                en="A filter has one bias. Is it added to each channel's part, or to the finished sum?",
                zh="一个滤波器只有一个偏置。它是加在每个通道的那一份上，还是加在最后的和上？",
            ),
            neighbour=Text(
                en="A taxi for three: ways of 4, 5 and 6 euros and one basic charge of 3. The ride costs 4 + 5 + 6 + 3 = 18, not 24: the charge is due once.",
                zh="三个人合乘出租车：里程费 4、5、6 元，起步费 3 元。共付 4 + 5 + 6 + 3 = 18 元，不是 24 元：起步费只收一次。",
            ),
        ),
    ),
    Wrong(
        "bias-along-the-width",
        Text(en="the bias is broadcast along the wrong axis", zh="偏置沿着错误的维度广播"),
        source='''def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    out = torch.nn.functional.conv2d(x, weight, None, stride, padding, dilation)
    if bias is None:
        return out
    wide = out.shape[3]
    return out + bias.repeat(wide)[:wide]
''',
        hint=Hint(
            question=Text(
                en="bias is [F] and out is [N, F, H, W]. With which axis does broadcasting line it up?",
                zh="bias 是 [F]，out 是 [N, F, H, W]。广播时它与哪一维对齐？",
            ),
            neighbour=Text(
                en="A table [2, 3] + [10, 20, 30] adds by columns. To add [10, 20] by rows it must be [2, 1]: v[:, None].",
                zh="表 [2, 3] + [10, 20, 30] 是按列加。要按行加 [10, 20]，它得是 [2, 1]：v[:, None]。",
            ),
        ),
    ),
    Wrong(
        "stride-ignored",
        Text(en="the size knows of the stride, the windows do not", zh="输出大小用了步幅，窗口的位置却没用"),
        edits=(("top, left = i * stride, j * stride", "top, left = i, j"),),
        hint=Hint(
            question=Text(
                en="Draw n = 5, stride 2. Where does window number 1 begin, and where does your slice begin?",
                zh="画出 n = 5、步幅 2。第 1 号窗口从哪里开始？你的切片又从哪里开始？",
            ),
            neighbour=_STARTS,
        ),
    ),
    Wrong(
        "padding-on-one-side",
        Text(en="padding at the top and left only", zh="只填充了上边和左边"),
        edits=(("F.pad(x, (padding, padding, padding, padding))", "F.pad(x, (padding, 0, padding, 0))"),),
        hint=Hint(
            question=Text(
                en="Draw n = 5 with padding 1. On how many sides does the picture get a frame?",
                zh="画出 n = 5、填充 1。图像有几边加了框？",
            ),
            neighbour=Text(
                en="[7, 8] with a frame of 2 is [0, 0, 7, 8, 0, 0]. With a frame on one side only it is [0, 0, 7, 8], and the right border is never in the middle "
                "of a window.",
                zh="[7, 8] 加宽度为 2 的框，是 [0, 0, 7, 8, 0, 0]。只在一侧加，则是 [0, 0, 7, 8]，右边界就永远到不了窗口的中间。",
            ),
        ),
    ),
    Wrong(
        "dilation-as-stride",
        Text(en="the dilation moves the windows instead of stretching them", zh="膨胀移动了窗口，而不是把窗口拉开"),
        edits=(
            ("top, left = i * stride, j * stride", "top, left = i * stride, j * stride\n            top, left = min(top * dilation, x.shape[2] - kh), min(left * dilation, x.shape[3] - kw)"),
            ("window = x[:, :, top : top + high : dilation, left : left + wide : dilation]", "window = x[:, :, top : top + kh, left : left + kw]"),
        ),
        hint=Hint(
            question=Text(
                en="Which one changes where a window begins, and which one the distance of the dots inside it?",
                zh="改变窗口起点的是哪一个？改变窗口内部各点间距的又是哪一个？",
            ),
            neighbour=Text(
                en="Row [5, 6, 7, 8, 9], kernel [1, 2], dilation 3: the first window takes 5 and 8: 5*1 + 8*2 = 21; the second 6 and 9: 6*1 + 9*2 = 24.",
                zh="一行 [5, 6, 7, 8, 9]，核 [1, 2]，膨胀 3：第一个窗口取 5 和 8：5*1 + 8*2 = 21；第二个取 6 和 9：6*1 + 9*2 = 24。",
            ),
        ),
    ),
    Wrong(
        "mean-instead-of-sum",
        Text(en="the mean of the products instead of their sum", zh="取了乘积的平均，而不是和"),
        edits=(('torch.einsum("nchw,fchw->nf", window, weight)', 'torch.einsum("nchw,fchw->nf", window, weight) / weight[0].numel()'),),
        hint=Hint(
            question=Text(
                en="Slide, multiply, and then: sum or mean? Where would a division come from?",
                zh="滑动、相乘，然后呢：求和还是平均？除法从何而来？",
            ),
            neighbour=Text(
                en="Kernel [1, 1, 1] on [2, 4, 9] gives 15. Whoever wants the mean 5 writes it into the kernel: [1/3, 1/3, 1/3].",
                zh="核 [1, 1, 1] 作用于 [2, 4, 9] 得 15。想要平均值 5，就把它写进核里：[1/3, 1/3, 1/3]。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "built-in",
        '''def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """PyTorch's own."""
    return torch.nn.functional.conv2d(x, weight, bias, stride, padding, dilation)
''',
    ),
    Right(
        "loop-over-the-kernel",
        '''def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """A loop over the kernel's dots, each with a shifted copy of the picture."""
    n, c, h, w = x.shape
    f, _, kh, kw = weight.shape
    frame = x.new_zeros(n, c, h + 2 * padding, w + 2 * padding)
    frame[:, :, padding:padding + h, padding:padding + w] = x
    oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    ow = (w + 2 * padding - dilation * (kw - 1) - 1) // stride + 1
    out = x.new_zeros(n, f, oh, ow)
    for a in range(kh):
        for b in range(kw):
            part = frame[:, :, a * dilation:, b * dilation:][:, :, ::stride, ::stride][:, :, :oh, :ow]
            for k in range(f):
                out[:, k] += (part * weight[k, :, a, b].view(1, c, 1, 1)).sum(1)
    return out if bias is None else out + bias.view(1, f, 1, 1)
''',
    ),
    Right(
        "one-matrix-product",
        '''def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1):
    """All windows as the columns of a matrix."""
    kh, kw = weight.shape[2:]
    columns = torch.nn.functional.unfold(x, (kh, kw), dilation=dilation, padding=padding, stride=stride)
    out = weight.flatten(1) @ columns
    if bias is not None:
        out = out + bias[:, None]
    oh = (x.shape[2] + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    return out.reshape(len(x), len(weight), oh, -1)
''',
    ),
)

SURVIVORS: tuple[Survivor, ...] = ()

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "output-on-cpu",
        Text(en="the output is a tensor of zeros on the CPU", zh="输出是 CPU 上的零张量"),
        edits=(("out = x.new_zeros(len(x), filters, rows, cols)", "out = torch.zeros(len(x), filters, rows, cols, dtype=x.dtype)"),),
        hint=Hint(
            question=Text(en="The windows are computed where x lies and then copied into out. Where is out, and what happens when the bias is added?", zh="每个窗口都在 x 那里算好，再复制进 out。out 在哪里？加偏置时会发生什么？"),
            neighbour=Text(en="For t on a GPU: out = torch.zeros(2, 2); out[0] = t.sum(0) is allowed, as an assignment copies; out + t is not. With out = t.new_zeros(2, 2) both are.", zh="t 在 GPU 上：out = torch.zeros(2, 2); out[0] = t.sum(0) 是允许的，因为赋值会复制；out + t 就不行。写成 out = t.new_zeros(2, 2)，两个都行。"),
        ),
    ),
    Wrong(
        "padded-on-cpu",
        Text(en="the padded picture is a tensor of zeros on the CPU", zh="填充后的图像是 CPU 上的零张量"),
        edits=(('x = F.pad(x, (padding, padding, padding, padding))', 'whole = torch.zeros(*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding, dtype=x.dtype)\n    whole[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x\n    x = whole'),),
        hint=Hint(
            question=Text(en="After the padding, on which device is the picture? And where are the filters?", zh="填充之后，图像在哪个设备上？卷积核又在哪里？"),
            neighbour=Text(en="A frame of ones around t: out = torch.ones(5, 5); out[1:4, 1:4] = t has moved t to the CPU without a word. F.pad(t, (1, 1, 1, 1), value=1.0) or t.new_ones(5, 5) stays beside t.", zh="给 t 加一圈 1：out = torch.ones(5, 5); out[1:4, 1:4] = t，一声不响就把 t 搬到了 CPU。F.pad(t, (1, 1, 1, 1), value=1.0) 或 t.new_ones(5, 5) 则留在 t 旁边。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="10.2 The convolution layer", zh="10.2 卷积层"),
    properties=(
        Property("plain", Text(en="stride 1, no padding, no bias", zh="步幅 1，无填充，无偏置"), points=2.0),
        Property("bias", Text(en="with bias", zh="带偏置")),
        Property("stride", Text(en="with a stride", zh="带步幅")),
        Property("padding", Text(en="with padding", zh="带填充")),
        Property("dilation", Text(en="with a dilation", zh="带膨胀")),
        Property("all", Text(en="all together", zh="全部同时")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    survivors=SURVIVORS,
    fallback=Hint(
        question=Text(
            en="Which line of the verdict is the first to be wrong? If it is the plain one: print the window of out[0, 0, 0, 0] and multiply by hand.",
            zh="判定中最先出错的是哪一行？如果是最普通的那行：打印 out[0, 0, 0, 0] 的窗口，手算一遍。",
        ),
        neighbour=Text(
            en="Two channels, [[1, 2], [3, 4]] and [[5, 6], [7, 8]]; a filter of 1 by 2 with the kernels [1, 0] and [0, 10]; bias 0.5. Upper row: "
            "1*1 + 2*0 + 5*0 + 6*10 + 0.5 = 61.5. Lower row: 3 + 80 + 0.5 = 83.5. The output is [[61.5], [83.5]].",
            zh="两个通道 [[1, 2], [3, 4]] 和 [[5, 6], [7, 8]]；一个 1 乘 2 的滤波器，两个核是 [1, 0] 和 [0, 10]；偏置 0.5。上面一行："
            "1*1 + 2*0 + 5*0 + 6*10 + 0.5 = 61.5。下面一行：3 + 80 + 0.5 = 83.5。输出是 [[61.5], [83.5]]。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
