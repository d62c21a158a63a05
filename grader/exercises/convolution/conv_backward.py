"""Exercise 10.3: the convolution layer's three gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``conv_backward`` for stride 1 without padding, then with a stride, then with padding, then with both."""
    x, weight = case["x"], case["weight"]
    for name, (grad_out, stride, padding) in case["settings"].items():
        grads = ns["conv_backward"](grad_out, x, weight, stride, padding)
        if not isinstance(grads, (tuple, list)) or len(grads) != 3:
            yield "x", grads  # no three gradients: the comparison then says what came instead
            return
        if name == "plain":
            yield "x", grads[0]
            yield "weight", grads[1]
            yield "bias", grads[2]
        elif name == "both":
            yield "both", list(grads)
        else:
            yield f"{name}_x", grads[0]
            yield f"{name}_weight", grads[1]


def _case(name: str, label: Text, x: Any, weight: Any, stride: int, padding: int, rng: np.random.Generator) -> Case:
    """A case with random gradients from above, different numbers everywhere."""
    import torch

    settings = {}
    for setting, s, p in (("plain", 1, 0), ("stride", stride, 0), ("padding", 1, padding), ("both", stride, padding)):
        size = [(have + 2 * p - k) // s + 1 for have, k in zip(x.shape[2:], weight.shape[2:], strict=True)]
        grad_out = np.round(rng.uniform(-2, 2, (len(x), len(weight), *size)), 1)
        settings[setting] = [torch.from_numpy(grad_out).to(x.dtype), s, p]
    return Case(name, label, {"x": x, "weight": weight, "settings": settings})


def _rounded(rng: np.random.Generator, *shape: int) -> Any:
    import torch

    return torch.from_numpy(np.round(rng.uniform(-3, 3, shape), 1))


def _public() -> tuple[Case, ...]:
    import torch

    rng = np.random.default_rng(10)
    return (
        _case(
            "one-channel",
            Text(en="one picture of 3 by 4, one kernel of 2 by 2", zh="一幅 3 乘 4 的图像，一个 2 乘 2 的核"),
            torch.tensor([[[[1.0, 2.0, 0.0, 1.0], [0.0, 3.0, 1.0, 2.0], [2.0, 1.0, 0.0, 4.0]]]], dtype=torch.float64),
            torch.tensor([[[[1.0, 10.0], [100.0, 1000.0]]]], dtype=torch.float64),
            2,
            1,
            rng,
        ),
        _case(
            "channels",
            Text(
                en="two pictures of 5 by 6, two channels, three filters of 2 by 3",
                zh="两幅 5 乘 6 的图像，两个通道，三个 2 乘 3 的滤波器",
            ),
            _rounded(rng, 2, 2, 5, 6),
            _rounded(rng, 3, 2, 2, 3),
            2,
            2,
            rng,
        ),
    )


PUBLIC = _public()


def hidden(rng: np.random.Generator) -> list[Case]:
    """Asymmetric shapes, a stride that leaves a border unused, a batch of one, another layout, float32."""
    import torch

    def normal(*shape: int) -> Any:
        return torch.from_numpy(rng.standard_normal(shape))

    return [
        _case("wide", Text(en="wide pictures, stride 3", zh="宽图像，步幅 3"), normal(2, 3, 5, 9), normal(4, 3, 3, 2), 3, 1, rng),
        _case("tall", Text(en="one tall picture, not contiguous", zh="一幅高图像，内存不连续"), normal(1, 2, 7, 10)[..., ::2], normal(2, 2, 2, 4), 2, 3, rng),
        _case("float32", Text(en="float32, three pictures", zh="float32，三幅图像"), normal(3, 1, 4, 5).float(), normal(2, 1, 3, 3).float(), 2, 1, rng),
    ]  # fmt: skip


_SPREAD = Text(
    en="Row x of 3, kernel [2, 5]: y0 = 2*x0 + 5*x1 and y1 = 2*x1 + 5*x2. Gradients 10 and 100 come from above. x0 is in y0 only: 2*10 = 20. x1 is in both: "
    "5*10 + 2*100 = 250. x2: 5*100 = 500. So each y lays its gradient times the kernel back onto its window, and where windows overlap the parts add up.",
    zh="x 是长度为 3 的一行，核 [2, 5]：y0 = 2*x0 + 5*x1，y1 = 2*x1 + 5*x2。上游传来的梯度是 10 和 100。x0 只在 y0 里：2*10 = 20。x1 两边都有："
    "5*10 + 2*100 = 250。x2：5*100 = 500。也就是说，每个 y 把自己的梯度乘以核，放回它的窗口；窗口重叠之处，各份相加。",
)
_WEIGHTS = Text(
    en="A machine with one knob w makes 3 parts: w*4, w*5, w*6, and the gradients 1, 0 and 10 come back for them. The knob's gradient is 4*1 + 5*0 + 6*10 = 64: "
    "all its uses are added up. A mean (21.3) would belong to a loss that takes the mean itself; that is already in the 1, 0 and 10.",
    zh="一台只有一个旋钮 w 的机器做出 3 个零件：w*4、w*5、w*6，它们传回的梯度是 1、0、10。旋钮的梯度是 4*1 + 5*0 + 6*10 = 64：每次使用都加进来。"
    "若损失本身取平均，那已经包含在 1、0、10 里了，不能在这里再平均一次（21.3）。",
)
_CROP = Hint(
    question=Text(
        en="Draw n = 5 with padding 1: your gradient belongs to the 7 padded cells. Which of them are x? Which shape must x's gradient have?",
        zh="画出 n = 5、填充 1：你的梯度属于填充后的 7 格。其中哪几格是 x？x 的梯度应当是什么形状？",
    ),
    neighbour=Text(
        en="The word CAT in a frame of 2: ..CAT.. has 7 letters. The word itself is [2:5]; [0:3] is '..C' and the whole is no word.",
        zh="给单词 CAT 加宽度为 2 的框：..CAT.. 共 7 个字符。单词本身是 [2:5]；[0:3] 是“..C”，整串也不是单词。",
    ),
)

WRONG = (
    Wrong(
        "dx-without-flip",
        Text(en="grad_out is correlated with the kernel as it is, without a flip", zh="用未翻转的核与 grad_out 做互相关"),
        edits=(('torch.einsum("nf,fchw->nchw", g, weight)', 'torch.einsum("nf,fchw->nchw", g, weight.flip(2, 3))'),),
        hint=Hint(
            question=Text(
                en="The upper left dot of a window was multiplied by which weight? Which weight must its gradient be multiplied by?",
                zh="前向时，窗口左上角的点乘的是哪个权重？它的梯度又该乘哪个权重？",
            ),
            neighbour=_SPREAD,
        ),
    ),
    Wrong(
        "overwrites",
        Text(en="windows that overlap overwrite each other", zh="重叠的窗口互相覆盖"),
        edits=(('grad_padded[:, :, rows, cols] += torch', 'grad_padded[:, :, rows, cols] = torch'),),
        hint=Hint(
            question=Text(
                en="A dot in the middle is in several windows. What happens to gradients of a value that is used several times?",
                zh="中间的一个点属于好几个窗口。一个值被用了好几次，它的梯度该怎么办？",
            ),
            neighbour=_SPREAD,
        ),
    ),
    Wrong(
        "stride-ignored",
        Text(en="the windows on the way back are one dot apart", zh="反向时窗口每次只移动一个点"),
        edits=(("top, left = i * stride, j * stride", "top, left = i, j"),),
        hint=Hint(
            question=Text(
                en="Draw n = 5, kernel 3, stride 2. Where did the second window begin on the way forward? Where does yours begin now?",
                zh="画出 n = 5、核 3、步幅 2。前向时第二个窗口从哪里开始？你现在从哪里开始？",
            ),
            neighbour=Text(
                en="Row of 5, kernel [2, 5], stride 3: y0 takes x0 and x1, y1 takes x3 and x4. Gradients 10 and 100: [20, 50, 0, 200, 500]. x2 was in no window, so "
                "its gradient is 0.",
                zh="长度为 5 的一行，核 [2, 5]，步幅 3：y0 用 x0 和 x1，y1 用 x3 和 x4。梯度 10 和 100：[20, 50, 0, 200, 500]。x2 不在任何窗口里，梯度是 0。",
            ),
        ),
    ),
    Wrong(
        "padding-not-cropped",
        Text(en="the gradient of the padded picture is returned", zh="返回的是填充后图像的梯度"),
        edits=(("grad_x = grad_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]", "grad_x = grad_padded"),),
        hint=_CROP,
    ),
    Wrong(
        "cropped-at-the-corner",
        Text(en="the right size is cut out at the wrong place", zh="裁出的大小对，位置不对"),
        edits=(("grad_x = grad_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]", "grad_x = grad_padded[:, :, : x.shape[2], : x.shape[3]]"),),
        hint=_CROP,
    ),
    Wrong(
        "dw-averaged",
        Text(en="the weights' gradient is averaged over the batch", zh="权重的梯度对批量取了平均"),
        edits=(("return grad_x, grad_weight,", "return grad_x, grad_weight / (len(x) * grad_out[0, 0].numel()),"),),
        hint=Hint(
            question=Text(
                en="Sum or mean over the samples and places? Where would a 1/N come from, and has it not been counted already?",
                zh="对样本和位置求和还是求平均？1/N 从何而来？它是不是已经算过了？",
            ),
            neighbour=_WEIGHTS,
        ),
    ),
    Wrong(
        "dw-of-the-last-place",
        Text(en="only the last place counts for the weights", zh="权重的梯度只算了最后一个位置"),
        edits=(('grad_weight += torch', 'grad_weight = torch'),),
        hint=Hint(
            question=Text(
                en="At how many places was the same kernel used? From how many of them does your gradient come?",
                zh="同一个核用在了多少个位置？你的梯度来自其中几个？",
            ),
            neighbour=_WEIGHTS,
        ),
    ),
    Wrong(
        "dw-from-the-unpadded",
        Text(en="the weights' gradient looks at the picture without its frame", zh="权重的梯度看的是没有填充的图像"),
        edits=(('padded[:, :, rows, cols])\n', 'F.pad(x, (0, 2 * padding, 0, 2 * padding))[:, :, rows, cols])\n'),),
        hint=Hint(
            question=Text(
                en="Which numbers were multiplied by the kernel at place (0, 0): the corner of x or the corner of the padded picture?",
                zh="在位置 (0, 0)，与核相乘的是哪些数：x 的角，还是填充后图像的角？",
            ),
            neighbour=Text(
                en="Row [7, 8], padding 1, kernel of 2: the windows are [0, 7], [7, 8], [8, 0]. With the gradients 1, 10, 100: first weight "
                "0*1 + 7*10 + 8*100 = 870, second weight 7*1 + 8*10 + 0*100 = 87.",
                zh="一行 [7, 8]，填充 1，核长 2：窗口是 [0, 7]、[7, 8]、[8, 0]。梯度为 1、10、100：第一个权重 0*1 + 7*10 + 8*100 = 870，第二个权重 7*1 + 8*10 + 0*100 = 87。",
            ),
        ),
    ),
    Wrong(
        "bias-summed-over-the-batch-only",
        Text(en="the bias's gradient is summed over the batch only", zh="偏置的梯度只对批量求了和"),
        edits=(("grad_out.sum(dim=(0, 2, 3))", "grad_out.sum(dim=0)"),),
        hint=Hint(
            question=Text(
                en="bias is [F]; which shape has your gradient? Where was the one number bias[0] added?",
                zh="bias 是 [F]；你的梯度是什么形状？bias[0] 这一个数加到了哪些地方？",
            ),
            neighbour=Text(
                en="b is added to each cell of [[1, 2], [3, 4]] and gradients [[10, 20], [30, 40]] come back: b's gradient is 100, the sum of all four.",
                zh="b 加到了 [[1, 2], [3, 4]] 的每一格，传回的梯度是 [[10, 20], [30, 40]]：b 的梯度是 100，四个数之和。",
            ),
        ),
    ),
    Wrong(
        "bias-averaged",
        Text(en="the bias's gradient is averaged", zh="偏置的梯度取了平均"),
        edits=(("grad_out.sum(dim=(0, 2, 3))", "grad_out.mean(dim=(0, 2, 3))"),),
        hint=Hint(
            question=Text(
                en="Raise a bias by 0.001: by how much does each output rise, and by how much their sum?",
                zh="把某个偏置增大 0.001：每个输出增大多少？它们的和呢？",
            ),
            neighbour=_WEIGHTS,
        ),
    ),
    Wrong(
        "order-swapped",
        Text(en="the gradients come back in another order", zh="返回的梯度顺序不对"),
        edits=(("return grad_x, grad_weight, grad_out.sum(dim=(0, 2, 3))", "return grad_weight, grad_out.sum(dim=(0, 2, 3)), grad_x"),),
        hint=Hint(
            question=Text(
                en="In which order does the card ask for the three? Compare the shapes with those of x, weight and bias.",
                zh="任务卡要求按什么顺序返回这三个？把形状与 x、weight、bias 的形状比一比。",
            ),
            neighbour=Text(
                en="divmod(17, 5) gives (3, 2): quotient first. Whoever takes the first for the remainder gets 3 instead of 2, without any error.",
                zh="divmod(17, 5) 给出 (3, 2)：商在前。谁要是把第一个当余数，就会得到 3 而不是 2，而且不报任何错。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "autograd",
        '''def conv_backward(grad_out, x, weight, stride=1, padding=0):
    """By autograd, through PyTorch's own layer."""
    x, weight = x.detach().clone().requires_grad_(), weight.detach().clone().requires_grad_()
    bias = weight.new_zeros(len(weight)).requires_grad_()
    out = torch.nn.functional.conv2d(x, weight, bias, stride, padding)
    return torch.autograd.grad(out, (x, weight, bias), grad_out)
''',
    ),
    Right(
        "two-convolutions",
        '''def conv_backward(grad_out, x, weight, stride=1, padding=0):
    """Both gradients as convolutions: grad_out is spread out by the stride first."""
    n, f, oh, ow = grad_out.shape
    kh, kw = weight.shape[2:]
    spread = grad_out.new_zeros(n, f, (oh - 1) * stride + 1, (ow - 1) * stride + 1)
    spread[:, :, ::stride, ::stride] = grad_out
    padded = F.pad(x, [padding] * 4)
    bottom, right = padded.shape[2] - kh + 1 - spread.shape[2], padded.shape[3] - kw + 1 - spread.shape[3]
    spread = F.pad(spread, (0, right, 0, bottom))
    grad_padded = F.conv2d(F.pad(spread, (kw - 1, kw - 1, kh - 1, kh - 1)), weight.transpose(0, 1).flip(2, 3))
    grad_weight = F.conv2d(padded.transpose(0, 1), spread.transpose(0, 1)).transpose(0, 1)
    h, w = x.shape[2:]
    return grad_padded[:, :, padding:padding + h, padding:padding + w], grad_weight, grad_out.flatten(2).sum(2).sum(0)
''',
    ),
    Right(
        "fold-and-unfold",
        '''def conv_backward(grad_out, x, weight, stride=1, padding=0):
    """The layer as a matrix product over unfolded windows; fold adds overlapping windows up."""
    kernel = tuple(weight.shape[2:])
    columns = F.unfold(x, kernel, padding=padding, stride=stride)
    g = grad_out.flatten(2)
    grad_weight = (g @ columns.mT).sum(0).reshape(weight.shape)
    grad_x = F.fold(weight.flatten(1).T @ g, tuple(x.shape[2:]), kernel, padding=padding, stride=stride)
    return [grad_x, grad_weight, g.sum((0, 2))]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "sums-on-cpu",
        Text(en="the gradients are added up in zeros on the CPU", zh="梯度累加在 CPU 上的零里"),
        edits=(("torch.zeros_like(padded), torch.zeros_like(weight)", "torch.zeros(padded.shape, dtype=x.dtype), torch.zeros(weight.shape, dtype=x.dtype)"),),
        hint=Hint(
            question=Text(en="out[...] = value copies, out[...] += value computes. Which of the two goes across devices?", zh="out[...] = value 是复制，out[...] += value 是计算。哪一个可以跨设备？"),
            neighbour=Text(en="grad = torch.zeros(4); grad[:2] += t raises for t on a GPU, while grad[:2] = t does not. grad = torch.zeros_like(t) spares you the difference.", zh="t 在 GPU 上时，grad = torch.zeros(4); grad[:2] += t 会报错，grad[:2] = t 却不会。写成 grad = torch.zeros_like(t)，就不用操心这个差别。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="10.3 The way back through a convolution", zh="10.3 卷积的反向"),
    properties=(
        Property("x", Text(en="x's gradient, stride 1, no padding", zh="x 的梯度，步幅 1，无填充")),
        Property("weight", Text(en="weight's gradient, stride 1, no padding", zh="weight 的梯度，步幅 1，无填充")),
        Property("bias", Text(en="the bias's gradient", zh="偏置的梯度")),
        Property("stride_x", Text(en="x's gradient with a stride", zh="带步幅时 x 的梯度")),
        Property("stride_weight", Text(en="weight's gradient with a stride", zh="带步幅时 weight 的梯度")),
        Property("padding_x", Text(en="x's gradient with padding", zh="带填充时 x 的梯度")),
        Property("padding_weight", Text(en="weight's gradient with padding", zh="带填充时 weight 的梯度")),
        Property("both", Text(en="all three with stride and padding", zh="步幅和填充同时有时的三个梯度")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Which gradient is the first to be wrong, and does its shape fit? Take the output (0, 0) alone: which dots and weights made it, and what do they get back?",
            zh="最先错的是哪个梯度？形状对吗？只看输出 (0, 0)：它由哪些点和权重算出来，各自该拿回什么？",
        ),
        neighbour=_SPREAD,
    ),
    device_wrong=DEVICE_WRONG,
)
