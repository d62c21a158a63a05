"""Exercise 2.4: the two-layer network of lesson 01 in tensors, to ten digits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Survivor, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls it once; yields the three results, then the inputs as they are now."""
    inputs = [case[name] for name in ("x", "y", "w1", "w2")]
    returned = ns["loss_and_grads"](*inputs)
    if not isinstance(returned, (tuple, list)) or len(returned) != 3:
        yield "loss", returned  # not three values: the comparison then says what came instead
        return
    yield from zip(("loss", "w1", "w2"), returned, strict=True)
    yield "inputs", inputs


def _case(name: str, label: Text, x: Any, y: Any, w1: Any, w2: Any, dtype: torch.dtype = torch.float64) -> Case:
    """A case in which no entry of h is exactly 0, where two slopes are right."""
    tensors = {key: torch.as_tensor(value).to(dtype) for key, value in (("x", x), ("y", y), ("w1", w1), ("w2", w2))}
    if not bool((tensors["x"] @ tensors["w1"]).all()):
        raise ValueError(f"case {name!r} has an entry of h at the kink")
    return Case(name, label, tensors)


PUBLIC = (
    _case("square", Text(en="two samples, every size is 2", zh="两个样本，各维大小都是 2"), [[1.0, 2.0], [3.0, -1.0]], [[1.0, -1.0], [4.0, 1.0]], [[2.0, -1.0], [1.0, 3.0]], [[1.0, -2.0], [-3.0, 0.5]]),
    _case("oblong", Text(en="one sample, sizes 3, 2 and 1", zh="一个样本，各维大小为 3、2、1"), [[1.0, -0.5, 2.0]], [[0.5]], [[1.0, -1.0], [2.0, 1.0], [0.5, 1.5]], [[2.0], [-1.0]]),
    _case("thirds", Text(en="three samples, numbers that float32 cannot hold", zh="三个样本，float32 装不下的数"), [[1 / 3, 2 / 3], [-1 / 7, 0.1], [0.3, -0.7]], [[0.1], [0.2], [-0.3]], [[1 / 3, -0.2, 0.9], [0.7, 1.1, -1 / 9]], [[1.3], [-0.6], [1 / 7]]),
    _case("float32", Text(en="everything in float32", zh="全部是 float32"), [[1.0, 2.0]], [[3.0, 1.0]], [[1.0, -2.0, 0.5], [0.5, 0.25, 1.0]], [[1.0, 0.5], [2.0, -1.0], [-0.5, 1.5]], torch.float32),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong shapes, a batch of one, other memory layouts, a larger network."""
    cases = []
    for number, (n, d_in, width, d_out) in enumerate(((3, 5, 4, 2), (1, 6, 3, 4), (7, 2, 5, 1), (24, 30, 13, 6))):
        x, y, w1, w2 = (rng.standard_normal(size) for size in ((n, d_in), (n, d_out), (d_in, width), (width, d_out)))
        if number == 0:
            x, w2 = np.asfortranarray(x), np.asfortranarray(w2)
        if number == 2:
            w1 = rng.standard_normal((d_in, 2 * width))[:, ::2]
        label = Text(en=f"sizes {n}, {d_in}, {width}, {d_out}", zh=f"各维大小 {n}、{d_in}、{width}、{d_out}")
        cases.append(_case(f"random-{number}", label, x, y, w1, w2))
    return cases


WHY = "float64 has sixteen digits; an answer that went through float32 keeps seven"

WRONG = (
    Wrong(
        "through-float32",
        Text(en="everything is computed in float32", zh="全都用 float32 来算"),
        edits=(("    h = x.mm(w1)\n", "    x, y, w1, w2 = x.float(), y.float(), w1.float(), w2.float()\n    h = x.mm(w1)\n"),),
        hint=Hint(
            question=Text(
                en="Print the dtype of every tensor on the way. Where do the ten digits get lost?",
                zh="打印途中每个张量的 dtype。十位数字是在哪里丢的？",
            ),
            neighbour=Text(
                en="1/3 in float64 is 0.3333333333333333, in float32 0.3333333433. Converting back does not restore the lost digits.",
                zh="1/3 用 float64 是 0.3333333333333333，用 float32 是 0.3333333433。转换回去，丢掉的数字也回不来。",
            ),
        ),
    ),
    Wrong(
        "dot-for-mm",
        Text(en="torch.dot for a matrix product", zh="用 torch.dot 做矩阵乘法"),
        edits=(("    h = x.mm(w1)\n", "    h = x.dot(w1)\n"),),
        hint=Hint(
            question=Text(
                en="How many dimensions may the arguments of torch.dot have?",
                zh="torch.dot 的参数可以有几维？",
            ),
            neighbour=Text(
                en="torch.dot of (1, 2) and (3, 4) is 11, one number. For a matrix and a vector there is mv, for two matrices mm, and @ finds the right one by itself.",
                zh="torch.dot 对 (1, 2) 和 (3, 4) 得 11，一个数。矩阵乘向量用 mv，矩阵乘矩阵用 mm，而 @ 会自己选对。",
            ),
        ),
    ),
    Wrong(
        "loss-as-tensor",
        Text(en="the loss is a tensor, not a number", zh="损失是张量，不是数"),
        edits=((".pow(2).sum().item()", ".pow(2).sum()"),),
        hint=Hint(
            question=Text(
                en="What is type(loss)? Which method makes a Python number of a tensor with one entry?",
                zh="type(loss) 是什么？哪个方法能把只有一个元素的张量变成 Python 的数？",
            ),
            neighbour=Text(
                en="torch.tensor(2.5) prints as tensor(2.5000); torch.tensor(2.5).item() is the float 2.5.",
                zh="torch.tensor(2.5) 打印出来是 tensor(2.5000)；torch.tensor(2.5).item() 则是浮点数 2.5。",
            ),
        ),
    ),
    Wrong(
        "mask-from-the-gradient",
        Text(en="the mask is made from the signs of the gradient, not of h", zh="掩码取自梯度的正负号，而不是 h 的"),
        edits=((".mm(w2.t()) * (h > 0)", ".mm(w2.t()).clamp(min=0)"),),
        hint=Hint(
            question=Text(
                en="What decides whether a unit was on: the sum that went into it, or the gradient that comes back?",
                zh="一个单元开着还是关着，由什么决定：进去的加权和，还是传回来的梯度？",
            ),
            neighbour=Text(
                en="A door was open or shut when people walked in (h = 3 or h = -3). On the way back an open door lets through a gradient of -7 as well: it stays -7.",
                zh="人进来的时候门是开着还是关着（h = 3 或 h = -3），已经定了。往回走时，开着的门也放行 -7 的梯度，还是 -7。",
            ),
        ),
    ),
    Wrong(
        "mean-for-sum",
        Text(en="the mean of the squared errors", zh="求和写成了取平均"),
        edits=((".pow(2).sum().item()", ".pow(2).mean().item()"),),
        hint=Hint(
            question=Text(
                en="Does the card ask for the sum or the mean?",
                zh="题目要的是求和还是取平均？",
            ),
            neighbour=Text(
                en="Errors 1 and 3: the sum of squares is 10, the mean 5.",
                zh="误差是 1 和 3：平方和是 10，平均是 5。",
            ),
        ),
    ),
    Wrong(
        "factor-2-missing",
        Text(en="the 2 of the square's derivative is missing", zh="漏了平方求导得到的 2"),
        edits=(("grad_y_pred = 2 * error", "grad_y_pred = 1 * error"),),
        hint=Hint(
            question=Text(
                en="What is the derivative of d squared?",
                zh="d 的平方的导数是什么？",
            ),
            neighbour=Text(
                en="5 * 5 = 25, 5.01 * 5.01 = 25.1001: a rise of 0.1 for 0.01, so the slope is 10, twice 5.",
                zh="5 * 5 = 25，5.01 * 5.01 = 25.1001：动 0.01，涨 0.1，斜率是 10，5 的两倍。",
            ),
        ),
    ),
    Wrong(
        "mask-missing",
        Text(en="the mask of ReLU is missing", zh="漏了 ReLU 的掩码"),
        edits=((".mm(w2.t()) * (h > 0)", ".mm(w2.t())"),),
        hint=Hint(
            question=Text(
                en="What happens on the way back at the units that were switched off?",
                zh="往回走时，关着的单元会怎样？",
            ),
            neighbour=Text(
                en="A tap that is closed: turning up the pressure behind it changes nothing in the basin. Slope 0 there, 1 at an open one.",
                zh="关着的水龙头：后面的水压再大，盆里也没变化。那里斜率是 0，开着的是 1。",
            ),
        ),
    ),
    Wrong(
        "gradients-swapped",
        Text(en="the two gradients are returned in the wrong order", zh="两个梯度的返回次序反了"),
        edits=(("x.t().mm(grad_h), h_relu.t().mm(grad_y_pred)", "h_relu.t().mm(grad_y_pred), x.t().mm(grad_h)"),),
        hint=Hint(
            question=Text(
                en="Which of your two gradients has the shape of w1?",
                zh="你的两个梯度里，哪一个与 w1 同形？",
            ),
            neighbour=Text(
                en="A gradient has the shape of its variable: for w [3, 5] it is [3, 5]. In a square case one must look at the numbers.",
                zh="梯度与它的变量同形：w [3, 5] 的梯度就是 [3, 5]。方阵时，就得看数了。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "autograd-would-agree",
        '''def loss_and_grads(x, y, w1, w2):
    """torch's own gradients; the card asks for none of them, but they are the same."""
    w1, w2 = w1.clone().requires_grad_(), w2.clone().requires_grad_()
    loss = ((x @ w1).relu() @ w2).sub(y).square().sum()
    return (float(loss), *torch.autograd.grad(loss, (w1, w2)))
''',
    ),
    Right(
        "einsum",
        '''def loss_and_grads(x, y, w1, w2):
    """With einsum and where."""
    h = torch.einsum("ni,ih->nh", x, w1)
    on = torch.where(h > 0, torch.ones_like(h), torch.zeros_like(h))
    d = torch.einsum("nh,ho->no", h * on, w2) - y
    back = torch.einsum("no,ho->nh", d, w2) * on
    return (d * d).sum().tolist(), 2 * torch.einsum("ni,nh->ih", x, back), 2 * torch.einsum("nh,no->ho", h * on, d)
''',
    ),
    Right(
        "numpy-inside",
        '''def loss_and_grads(x, y, w1, w2):
    """Lesson 01, wrapped."""
    a, b, u, v = (t.numpy(force=True) for t in (x, y, w1, w2))
    h = a @ u
    r = np.maximum(h, 0)
    d = 2 * (r @ v - b)
    loss = float((d * d).sum() / 4)
    return loss, torch.from_numpy(a.T @ ((d @ v.T) * (h > 0))).to(x.device), torch.from_numpy(r.T @ d).to(x.device)
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "zeros-on-cpu",
        Text(en="the zeros for the ReLU are made on the CPU", zh="ReLU 用的零是在 CPU 上生成的"),
        edits=(("h_relu = h.clamp(min=0)", "h_relu = torch.maximum(h, torch.zeros(h.shape, dtype=h.dtype))"),),
        hint=Hint(
            question=Text(en="torch.zeros was told a shape and a dtype. What was it not told?", zh="你告诉了 torch.zeros 形状和 dtype，还有什么没有告诉它？"),
            neighbour=Text(en="torch.ones(3) lies on the CPU, whatever else the program uses. torch.ones_like(t), t.new_ones(3) and torch.ones(3, device=t.device) lie where t lies.", zh="torch.ones(3) 总在 CPU 上，不管程序里别的张量在哪里。torch.ones_like(t)、t.new_ones(3) 和 torch.ones(3, device=t.device) 则跟着 t 走。"),
        ),
    ),
    Wrong(
        "loss-by-numpy",
        Text(en="the loss is summed up by NumPy", zh="用 NumPy 来求损失的和"),
        edits=(("error.pow(2).sum().item()", "float((error.numpy() ** 2).sum())"),),
        hint=Hint(
            question=Text(en="Whose memory does error.numpy() look into? Can NumPy reach the memory of a GPU?", zh="error.numpy() 看的是谁的内存？NumPy 够得着 GPU 的显存吗？"),
            neighbour=Text(en="t.max().item() fetches one number from any device. t.numpy() shares t's memory, so t has to lie on the CPU: on a GPU it raises a TypeError.", zh="t.max().item() 从任何设备上都能取回一个数。t.numpy() 与 t 共用内存，所以 t 必须在 CPU 上；在 GPU 上它会抛出 TypeError。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="2.4 Loss and gradients in tensors", zh="2.4 用张量写损失和梯度"),
    properties=(
        Property("loss", Text(en="the loss, a number", zh="损失，一个数"), rtol=1e-9, why=WHY),
        Property("w1", Text(en="the gradient of w1", zh="w1 的梯度"), points=2.0),
        Property("w2", Text(en="the gradient of w2", zh="w2 的梯度"), points=2.0),
        Property("inputs", Text(en="the inputs are left as they were", zh="输入保持原样"), only_with="loss"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Compute the same with lesson 01's NumPy code, step by step. Which tensor is the first that differs, and in what: shape, dtype or numbers?",
            zh="用第 01 课的 NumPy 代码一步一步算同样的东西。最先不同的是哪个张量？不同在形状、dtype 还是数？",
        ),
        neighbour=Text(
            en="One layer only, error e = x @ w - y with x = [[2.0]], w = [[3.0]], y = [[1.0]]: e = 5, loss 25, gradient of w = x.t() @ (2 * e) = [[20.0]]. In tensors: x.mm(w), "
            "e.pow(2).sum().item(), x.t().mm(2 * e).",
            zh="只有一层，误差 e = x @ w - y，x = [[2.0]]，w = [[3.0]]，y = [[1.0]]：e = 5，损失 25，w 的梯度是 x.t() @ (2 * e) = [[20.0]]。写成张量：x.mm(w)、"
            "e.pow(2).sum().item()、x.t().mm(2 * e)。",
        ),
    ),
    survivors=(
        Survivor(
            "grad_h = grad_y_pred.mm(w2.t()) * (h > 0)",
            "h > 0 -> h >= 0",
            "at the kink itself any slope from 0 to 1 is right, so no case has an entry of h that is exactly 0",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
