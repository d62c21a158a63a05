"""Exercise 3.4: sum a gradient back to the shape that was broadcast, on values that tell every axis from every other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the gradient, by the kind of broadcast; where both kinds meet, also grad after the call and the calls of sum_to_size."""
    from torch.overrides import TorchFunctionMode

    class Listener(TorchFunctionMode):
        calls = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.calls += getattr(func, "__name__", "") == "sum_to_size"
            return func(*args, **(kwargs or {}))

    grad = case["grad"]
    with Listener() as listener:
        found = ns["unbroadcast"](grad, tuple(case["shape"]))
    yield case["kind"], found
    if case["kind"] == "both":
        yield "input", grad
        yield "library", listener.calls


def _case(name: str, grad: torch.Tensor, shape: tuple[int, ...]) -> Case:
    """A case whose kind is read off the shapes."""
    front = grad.ndim - len(shape)
    stretched = any(size == 1 and wide > 1 for size, wide in zip(shape, grad.shape[front:], strict=True))
    kind = {(True, True): "both", (True, False): "front", (False, True): "stretched", (False, False): "same"}[
        front > 0, stretched
    ]
    sizes = f"{list(grad.shape)} → {list(shape)}"
    return Case(name, Text(en=sizes, zh=sizes), {"grad": grad, "shape": list(shape), "kind": kind})


def _grad(*rows: Any) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


_CUBE = _grad(
    [[1.0, -2.0, 0.5], [3.0, 1.0, 4.0]],
    [[-1.0, 5.0, 2.0], [0.25, -3.0, 1.5]],
    [[2.0, 2.5, -4.0], [6.0, 0.5, -0.5]],
    [[-2.5, 1.0, 3.0], [0.75, -1.0, 7.0]],
)

PUBLIC = (
    _case("rows", _grad([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]), (3,)),
    _case("to-scalar", _grad([0.5, -2.0], [4.0, 3.0]), ()),
    _case("two-in-front", _CUBE, (3,)),
    _case("column", _grad([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]), (2, 1)),
    _case("middle", _CUBE, (4, 1, 3)),
    _case("two-stretched", _CUBE, (1, 2, 1)),
    _case("square", _grad([1.0, -2.0], [3.0, 0.5]), (1, 2)),
    _case("both", _CUBE, (2, 1)),
    _case("both-first", _CUBE, (1, 3)),
    _case("nothing", _CUBE, (4, 2, 3)),
    _case("nothing-of-size-one", _grad([[1.5, -2.0, 4.0]]), (1, 1, 3)),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes, batches of one, other layouts, float32."""

    def draw(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal(shape))

    return [
        _case("bias", draw(64, 10), (10,)),
        _case("bias-of-one", draw(1, 5), (5,)),
        _case("scalar", draw(3, 2, 4), ()),
        _case("scalar-to-scalar", draw(1)[0], ()),
        _case("channels", draw(2, 3, 4, 5), (3, 1, 1)),
        _case("float32", draw(2, 4, 3).float(), (4, 1)),
        _case("all-ones", draw(3, 4), (1, 1)),
        _case("backwards", draw(5, 4, 3).permute(2, 1, 0), (1, 4, 1)),
        _case("strided", draw(3, 2, 10)[..., ::2], (1, 5)),
        _case("five-axes", draw(2, 3, 1, 4, 2), (1, 4, 1)),
        _case("same", draw(4, 1, 3), (4, 1, 3)),
    ]


_SUM_HINT = Hint(
    question=Text(
        en="How many entries of the result did one entry of the small tensor reach? What does each of them report, and what becomes of "
        "several reports?",
        zh="小张量的一个元素到达了结果的几个元素？它们各自传回什么？几份传回来的梯度要怎么处理？",
    ),
    neighbour=Text(
        en="A price of 5 is used for orders of 2, 3 and 4 pieces: the total is 45. One more on the price makes 54: the slope is "
        "2 + 3 + 4 = 9. Neither the mean, 3, nor the first, 2, tells the truth.",
        zh="单价 5 用于三张订单，各 2、3、4 件：总价 45。单价加 1，总价是 54：斜率是 2 + 3 + 4 = 9。平均数 3 不对，只看第一张的 2 也不对。",
    ),
)

WRONG = (
    Wrong(
        "reshape-and-sum",
        Text(
            en="reshape to (-1, *shape) and sum: right for new axes only",
            zh="先 reshape 成 (-1, *shape) 再求和：只对补出来的维才对",
        ),
        source='''def unbroadcast(grad, shape):
    """All copies in one axis, then summed."""
    return grad.reshape(-1, *shape).sum(dim=0)
''',
        hint=Hint(
            question=Text(
                en="Take grad = [[1, 2], [3, 0.5]] and the shape (2, 1). Which numbers does your reshape put side by side? Which ones "
                "belong together?",
                zh="取 grad = [[1, 2], [3, 0.5]]，形状 (2, 1)。你的 reshape 把哪些数放到了一起？本来该在一起的是哪些？",
            ),
            neighbour=Text(
                en="[[1, 2, 3], [4, 5, 6], [7, 8, 9]] back to a column: row sums 6, 15, 24. Cut into pieces of 3 and added it gives 12, "
                "15, 18: the column sums. With nothing but ones both would be 3, 3, 3, so test with numbers that differ.",
                zh="[[1, 2, 3], [4, 5, 6], [7, 8, 9]] 回到一列：各行之和是 6、15、24。切成三个一段再相加，得到 12、15、18，那是各列之和。"
                "如果全是 1，两者都是 3、3、3，所以要用各不相同的数来试。",
            ),
        ),
    ),
    Wrong(
        "mean",
        Text(en="the mean in place of the sum", zh="求了平均，而不是求和"),
        edits=(
            ("grad = grad.sum(dim=0) ", "grad = grad.mean(dim=0) "),
            ("grad = grad.sum(dim=axis, keepdim=True) ", "grad = grad.mean(dim=axis, keepdim=True) "),
        ),
        hint=_SUM_HINT,
    ),
    Wrong(
        "first-use-only",
        Text(en="only the first use reports its gradient", zh="只取了第一次使用传回的梯度"),
        edits=(
            ("grad = grad.sum(dim=0) ", "grad = grad[0] "),
            ("grad = grad.sum(dim=axis, keepdim=True) ", "grad = grad.narrow(axis, 0, 1) "),
        ),
        hint=_SUM_HINT,
    ),
    Wrong(
        "keepdim-lost",
        Text(en="the stretched axis vanishes: keepdim is missing", zh="被拉伸的维消失了：漏了 keepdim"),
        edits=(("grad = grad.sum(dim=axis, keepdim=True) ", "grad = grad.sum(dim=axis) "),),
        hint=Hint(
            question=Text(
                en="Print the shape after each step. How many axes are left, and how many should there be?",
                zh="每一步之后都打印形状。还剩几维？应该有几维？",
            ),
            neighbour=Text(
                en="t of shape [2, 3]: t.sum(1) is [2], t.sum(1, keepdim=True) is [2, 1]. Only the second can be subtracted from t row by "
                "row, and only it has two axes for the next step to count.",
                zh="t 的形状是 [2, 3]：t.sum(1) 是 [2]，t.sum(1, keepdim=True) 是 [2, 1]。只有后者能逐行与 t 相减，也只有它还有两维，下一步才不会数错。",
            ),
        ),
    ),
    Wrong(
        "only-front-axes",
        Text(
            en="only the axes in front are summed, stretched ones are not", zh="只对补在前面的维求了和，漏了被拉伸的维"
        ),
        edits=(("if size == 1:", "if False:"),),
        hint=Hint(
            question=Text(
                en="A bias of shape (1, 3) was added to [2, 3]. The number of axes is the same; what else tells you that something was "
                "repeated?",
                zh="形状为 (1, 3) 的偏置加到了 [2, 3] 上。维数相同，还能从哪里看出有东西被重复了？",
            ),
            neighbour=Text(
                en="(4, 1) against [4, 6]: axis 1 has size 1 here and 6 there, so every entry was used 6 times. (6,) against [4, 6]: axis "
                "0 is missing, so every entry was used 4 times.",
                zh="(4, 1) 对 [4, 6]：第 1 维这边是 1，那边是 6，所以每个元素用了 6 次。(6,) 对 [4, 6]：缺了第 0 维，所以每个元素用了 4 次。",
            ),
        ),
    ),
    Wrong(
        "only-stretched-axes",
        Text(
            en="only axes of size 1 are summed, those in front stay", zh="只对大小为 1 的维求了和，补在前面的维还留着"
        ),
        edits=(("for _ in range(grad.ndim - len(shape)):", "for _ in ():"),),
        hint=Hint(
            question=Text(
                en="Compare grad.ndim with len(shape). Where do the extra axes stand, and what made them?",
                zh="比较 grad.ndim 和 len(shape)。多出来的维在哪一边？它们是怎么来的？",
            ),
            neighbour=Text(
                en="A list of 7 prices, (7,), times amounts [3, 5, 7]: the prices act as [1, 1, 7]. Two axes were put in front; the "
                "gradient of the prices sums over 3 * 5 = 15 entries for each price.",
                zh="7 个单价 (7,) 乘以数量 [3, 5, 7]：单价相当于 [1, 1, 7]，前面补了两维。单价的梯度，每个都要对 3 * 5 = 15 个元素求和。",
            ),
        ),
    ),
    Wrong(
        "aligned-on-the-left",
        Text(
            en="the extra axes are taken off at the end: shapes align on the right",
            zh="多余的维从末尾去掉了：形状其实是靠右对齐的",
        ),
        edits=(("grad = grad.sum(dim=0) ", "grad = grad.sum(dim=-1) "),),
        hint=Hint(
            question=Text(
                en="Write both shapes one below the other, as broadcasting does. On which side are they flush?",
                zh="像广播那样把两个形状上下写好。它们在哪一边对齐？",
            ),
            neighbour=Text(
                en="(2,) against [5, 2]: the 2 stands below the 2, the 5 has nothing below it. So axis 0 is summed and 2 numbers are left; a "
                "sum over the last axis would leave 5.",
                zh="(2,) 对 [5, 2]：2 在 2 的下面，5 下面什么也没有。所以对第 0 维求和，剩下 2 个数；若对最后一维求和，就会剩下 5 个。",
            ),
        ),
    ),
    Wrong(
        "empty-tuple-of-axes",
        Text(en="sum(dim=()) sums over all axes, not over none", zh="sum(dim=()) 是对所有维求和，而不是一维也不求"),
        source='''def unbroadcast(grad, shape):
    """Both kinds of axes, collected first."""
    grad = grad.sum(dim=tuple(range(grad.ndim - len(shape))))
    return grad.sum(dim=tuple(axis for axis, size in enumerate(shape) if size == 1), keepdim=True)
''',
        hint=Hint(
            question=Text(
                en="What does t.sum(dim=()) return? Try it where nothing was put in front.",
                zh="t.sum(dim=()) 返回什么？在前面没有补维的情况下试一试。",
            ),
            neighbour=Text(
                en="t = [[1, 2], [3, 4]]: t.sum(dim=(0,)) is [4, 6], t.sum(dim=(0, 1)) is 10, and t.sum(dim=()) is 10 as well: PyTorch reads "
                "an empty tuple as 'all'. NumPy's sum(axis=()) sums nothing.",
                zh="t = [[1, 2], [3, 4]]：t.sum(dim=(0,)) 是 [4, 6]，t.sum(dim=(0, 1)) 是 10，而 t.sum(dim=()) 也是 10：PyTorch 把空元组当作“全部”。"
                "NumPy 的 sum(axis=()) 则什么也不求和。",
            ),
        ),
    ),
    Wrong(
        "sums-into-the-input",
        Text(en="the sum is collected in grad's own first row", zh="把和累加到了 grad 自己的第一行里"),
        edits=(
            (
                "grad = grad.sum(dim=0) ",
                "grad = [grad[0], [grad[0].add_(row) for row in grad[1:]]][0] ",
            ),
        ),
        hint=Hint(
            question=Text(
                en="Print grad before and after the call. Is total = grad[0] a copy or a view? What does += do to it?",
                zh="调用前后各打印一次 grad。total = grad[0] 是复制还是视图？对它用 += 会怎样？",
            ),
            neighbour=Text(
                en="m = torch.tensor([[1, 2], [3, 4]]); t = m[0]; t += 10 makes m[0] = [11, 12]. With t = m[0] + 10 the matrix keeps its 1 "
                "and 2.",
                zh="m = torch.tensor([[1, 2], [3, 4]]); t = m[0]; t += 10 之后，m[0] = [11, 12]。写成 t = m[0] + 10，矩阵里的 1 和 2 就不变。",
            ),
        ),
    ),
    Wrong(
        "library-call",
        Text(en="sum_to_size does the work", zh="直接调用了 sum_to_size"),
        source='''def unbroadcast(grad, shape):
    """PyTorch's own."""
    return grad.sum_to_size(shape)
''',
        hint=Hint(
            question=Text(
                en="Right, and good to know. Could you write it if the method were not there? Which two kinds of axes would you look for?",
                zh="没错，知道它很好。如果没有这个方法，你写得出来吗？你会去找哪两种维？",
            ),
            neighbour=Text(
                en="Before broadcasting, (3, 1) is filled up to (1, 3, 1) for a partner [2, 3, 4]. On the way back: axis 0 is summed and "
                "dropped, axis 2 is summed and kept with size 1; the 3 is left alone.",
                zh="与 [2, 3, 4] 广播时，(3, 1) 先补成 (1, 3, 1)。往回走：第 0 维求和并去掉，第 2 维求和并保留大小 1，中间的 3 不动。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "axes-collected",
        '''def unbroadcast(grad, shape):
    """Both kinds of axes in one sum, then the shape."""
    extra = grad.ndim - len(shape)
    padded = (1,) * extra + tuple(shape)
    axes = [axis for axis, size in enumerate(padded) if size == 1]
    return (grad.sum(dim=axes) if axes else grad).reshape(shape)
''',
    ),
    Right(
        "einsum",
        '''def unbroadcast(grad, shape):
    """A letter for each axis; those that were repeated are missing on the right."""
    letters = "abcdefgh"[: grad.ndim]
    own = letters[grad.ndim - len(shape):]
    kept = "".join(letter for letter, size in zip(own, shape) if size != 1)
    return torch.einsum(f"{letters}->{kept}", grad).reshape(shape)
''',
    ),
    Right(
        "index-by-index",
        '''def unbroadcast(grad, shape):
    """Every entry of the large gradient is added where it came from."""
    count = int(np.prod(shape))
    source = torch.arange(count, device=grad.device).reshape(shape).expand(grad.shape).reshape(-1)
    return grad.new_zeros(count).index_add(0, source, grad.reshape(-1)).reshape(shape)
''',
    ),
    Right(
        "asks-autograd",
        '''def unbroadcast(grad, shape):
    """The gradient of expand, from PyTorch itself."""
    small = grad.new_zeros(shape).requires_grad_()
    return torch.autograd.grad(small.expand(grad.shape), small, grad)[0]
''',
    ),
)

# Right on the CPU, and no GPU would take them.
DEVICE_WRONG = (
    Wrong(
        "sum-made-on-cpu",
        Text(en="the places and the empty sum are made on the CPU", zh="下标和用来累加的零是在 CPU 上生成的"),
        source='''def unbroadcast(grad, shape):
    """Every entry of the large gradient is added where it came from."""
    count = int(np.prod(shape))
    source = torch.arange(count).reshape(shape).expand(grad.shape).reshape(-1)
    return torch.zeros(count, dtype=grad.dtype).index_add(0, source, grad.reshape(-1)).reshape(shape)
''',
        hint=Hint(
            question=Text(en="Two tensors are made from nothing here. On which device, and on which one is grad?", zh="这里凭空生成了两个张量。它们在哪个设备上？grad 又在哪个上？"),
            neighbour=Text(en="torch.arange(5) is on the CPU and torch.arange(5, device=t.device) beside t; t.new_zeros(5) takes device and dtype from t.", zh="torch.arange(5) 在 CPU 上，torch.arange(5, device=t.device) 在 t 旁边；t.new_zeros(5) 则连设备带 dtype 都跟着 t。"),
        ),
    ),
)  # fmt: skip

EXERCISE = Exercise(
    title=Text(en="3.4 Back to the shape it came from", zh="3.4 回到原来的形状"),
    properties=(
        Property("front", Text(en="axes that were put in front", zh="补在前面的维")),
        Property("stretched", Text(en="axes of size 1 that were stretched", zh="被拉伸的、大小为 1 的维"), points=2.0),
        Property("both", Text(en="both kinds at once", zh="两种同时出现"), points=2.0),
        Property("same", Text(en="nothing was broadcast", zh="没有发生广播"), only_with="front"),
        Property("input", Text(en="grad is left as it was", zh="grad 保持原样"), only_with="both"),
        Property(
            "library",
            Text(en="written by yourself, without sum_to_size", zh="自己写，不用 sum_to_size"),
            only_with="both",
        ),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Write the shape of grad and the target one below the other, aligned on the right. Which axes were repeated, and what "
            "should become of each?",
            zh="把 grad 的形状和目标形状靠右对齐，上下写好。哪些维是重复出来的？每一种要怎么处理？",
        ),
        neighbour=Text(
            en="grad of shape [2, 2, 2] with the numbers 1 to 8, target (2, 1). First axis: sum and drop, [[1 + 5, 2 + 6], [3 + 7, 4 + 8]] = "
            "[[6, 8], [10, 12]]. Last axis: sum and keep, [[14], [22]].",
            zh="grad 的形状是 [2, 2, 2]，装着 1 到 8，目标是 (2, 1)。第一维：求和并去掉，[[1 + 5, 2 + 6], [3 + 7, 4 + 8]] = [[6, 8], [10, 12]]。"
            "最后一维：求和并保留，[[14], [22]]。",
        ),
    ),
    device_wrong=DEVICE_WRONG,
)
