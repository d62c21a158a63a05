"""Exercise 0.4: three repairs to one line: shape, dtype and device, each at its cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Calls ``affine`` once; yields the result under the property that the case asks about, then the gradients and the inputs.

    The device ``meta`` stands for any other device: it is there on every machine, and mixing it with the CPU raises.
    """
    import torch

    x = torch.from_numpy(case["x"])
    w = torch.from_numpy(case["w"]).to(case["device"]).requires_grad_()
    b = torch.from_numpy(case["b"]).to(case["device"]).requires_grad_()
    y = ns["affine"](x, w, b)
    if case["device"] == "cpu":
        yield "values" if x.dtype == w.dtype else "dtype", y
        (y * torch.from_numpy(case["upstream"]).to(y.dtype)).sum().backward()
        yield "gradients", [w.grad, b.grad]
        yield "inputs", [x, w, b]
    else:
        yield "device", y
        yield "inputs", [x, str(w.dtype), str(w.device), str(b.dtype), str(b.device)]


def _case(name: str, label: Text, x: Any, w: Any, b: Any, upstream: Any, device: str = "cpu") -> Case:
    inputs = {"x": x, "w": w, "b": b, "upstream": np.asarray(upstream, dtype=np.float64)}
    return Case(name, label, {**inputs, "device": device})


def _f32(rows: Any) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def _f64(rows: Any) -> np.ndarray:
    return np.array(rows, dtype=np.float64)


PUBLIC = (
    _case(
        "one-number",
        Text(en="one sample, one input, one output", zh="一个样本、一个输入、一个输出"),
        _f32([[2.0]]),
        _f32([[3.0]]),
        _f32([0.5]),
        [[1.5]],
    ),
    _case(
        "square",
        Text(en="every size is 2", zh="各维大小都是 2"),
        _f32([[1.0, 2.0], [3.0, -1.0]]),
        _f32([[1.0, -1.0], [4.0, 0.5]]),
        _f32([0.5, -2.0]),
        [[1.0, -2.0], [0.5, 3.0]],
    ),
    _case(
        "oblong",
        Text(en="three samples, 2 inputs, 4 outputs", zh="3 个样本、2 个输入、4 个输出"),
        _f32([[1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]),
        _f32([[1.0, 0.5], [-1.0, 2.0], [3.0, 1.0], [0.0, -2.0]]),
        _f32([0.5, -1.0, 2.0, 0.25]),
        [[1.0, -1.0, 2.0, 0.5], [0.5, 1.0, -2.0, 1.0], [2.0, 0.25, 1.0, -1.0]],
    ),
    _case(
        "from-numpy",
        Text(en="float64 data, float32 weights", zh="数据是 float64，权重是 float32"),
        _f64([[1.5, 2.0], [-0.5, 1.0]]),
        _f32([[1.0, 2.0], [0.5, -1.0], [2.0, 1.0]]),
        _f32([0.5, 1.0, -1.0]),
        [[1.0, 2.0, -1.0], [0.5, -1.0, 1.5]],
    ),
    _case(
        "fine-weights",
        Text(en="float32 data, float64 weights", zh="数据是 float32，权重是 float64"),
        _f32([[1.0, 1.0], [2.0, 1.0]]),
        _f64([[1000.0001, -1000.0], [0.5, 0.25]]),
        _f64([0.0, 1.0]),
        [[1.0, 2.0], [-1.0, 0.5]],
    ),
    _case(
        "image",
        Text(en="uint8 data, such as pixels", zh="数据是 uint8，例如像素"),
        np.array([[0, 255, 3]], dtype=np.uint8),
        _f32([[0.5, 1.0, -0.5], [0.25, -1.0, 2.0]]),
        _f32([0.5, -0.5]),
        [[2.0, -1.0]],
    ),
    _case(
        "elsewhere",
        Text(en="data on the CPU, weights on another device", zh="数据在 CPU 上，权重在另一个设备上"),
        _f32([[1.0, 2.0]]),
        _f32([[1.0, 0.5], [0.0, 1.0], [2.0, 1.0]]),
        _f32([0.5, 1.0, 2.0]),
        [[1.0, 1.0, 1.0]],
        device="meta",
    ),
)


def hidden(rng: np.random.Generator) -> list[Case]:
    """Oblong shapes, a batch of one and of none, other memory layouts, pairs of dtypes, the other device."""
    cases = []
    pairs = (
        ("float32", "float32", 5, 3, 2),
        ("float64", "float32", 1, 4, 3),
        ("float32", "float64", 6, 2, 5),
        ("int64", "float64", 3, 5, 1),
        ("bool", "float32", 4, 3, 6),
        ("float64", "float64", 0, 3, 2),
    )
    for number, (kind, weights, n, d_in, d_out) in enumerate(pairs):
        drawn = rng.standard_normal((n, d_in)) * 3
        w, b = rng.standard_normal((d_out, d_in)).astype(weights), rng.standard_normal(d_out).astype(weights)
        whole = np.round(drawn) if kind == "int64" else drawn > 0 if kind == "bool" else drawn
        x: Any = whole.astype(kind)
        if number % 2:
            x, w = np.asfortranarray(x), np.asfortranarray(w)
        label = Text(
            en=f"[{n}, {d_in}] {kind}, {d_out} outputs {weights}", zh=f"[{n}, {d_in}] {kind}，{d_out} 个输出 {weights}"
        )
        cases.append(_case(f"random-{number}", label, x, w, b, rng.standard_normal((n, d_out))))
    for kind in ("float64", "int64"):
        n, d_in, d_out = (int(size) for size in rng.integers(2, 7, 3))
        x = np.round(rng.standard_normal((n, d_in)) * 3).astype(kind)
        w, b = rng.standard_normal((d_out, d_in)).astype(np.float32), np.zeros(d_out, dtype=np.float32)
        label = Text(en=f"{kind} data, weights on another device", zh=f"数据是 {kind}，权重在另一个设备上")
        cases.append(_case(f"elsewhere-{kind}", label, x, w, b, np.zeros((n, d_out)), device="meta"))
    return cases


_MOVE = "x = x.to(device=w.device, dtype=w.dtype)"
_LINE = "return x @ w.T + b"

_TABLE = Text(
    en="Prices with one row per shop, [3 shops, 2 fruits], and a shopping list [1, 2]: the list times the transpose, [1, 2] @ [2, 3], "
    "is one bill per shop. In numbers: [2, 1] with the rows (1, 4), (2, 3), (5, 0) gives 6, 7, 10. Cutting the six prices anew "
    "into 2 rows, (1, 4, 2) and (3, 5, 0), also runs and gives 5, 13, 4: nobody's bill.",
    zh="价目表一行一家店，[3 家店, 2 种水果]，购物单是 [1, 2]：购物单乘以转置，[1, 2] @ [2, 3]，得到每家店的账单。取购物单 [2, 1]，"
    "各行是 (1, 4)、(2, 3)、(5, 0)，得 6、7、10。若把六个价格重新切成 2 行 (1, 4, 2) 和 (3, 5, 0)，也能运行，得 5、13、4，却不是哪家店的账单。",
)
_GUEST = Text(
    en="A guest with foreign coins enters a shop. Changing the guest's coins at the door is one small exchange. Changing all the "
    "shop's prices to the guest's money turns every later bill into foreign money, too.",
    zh="客人带着外币走进商店。在门口把客人的钱换一下，是一次小小的兑换。若把店里的标价全改成客人的货币，以后的每张账单也都成了外币。",
)
_DTYPE = Hint(
    question=Text(
        en="Whose dtype shall the result have, and who has to adapt to whom? Print x.dtype, w.dtype and the result's dtype.",
        zh="结果应当是谁的 dtype？谁该迁就谁？打印 x.dtype、w.dtype 和结果的 dtype。",
    ),
    neighbour=_GUEST,
)
_DEVICE = Hint(
    question=Text(
        en="Where does each of the three tensors live? Which of them is small and passing through, and which stays?",
        zh="三个张量各在哪里？哪个小、只是路过，哪个一直留在那里？",
    ),
    neighbour=Text(
        en="A library has 100 000 books and one reader with a slip of paper. The slip goes to the library. Nobody carries the "
        "library to the reader, and a slip that stays at home finds nothing.",
        zh="图书馆有 100 000 本书，一位读者拿着一张纸条。应当是纸条去图书馆，谁也不会把图书馆搬到读者家；而留在家里的纸条，什么也查不到。",
    ),
)

WRONG = (
    Wrong(
        "not-transposed",
        Text(en="x @ w although w is [D_out, D_in]", zh="w 是 [D_out, D_in]，却写了 x @ w"),
        edits=((_LINE, "return x @ w + b"),),
        hint=Hint(
            question=Text(
                en="Write the shapes of x and w side by side. Which two sizes must agree, and where does D_in stand in w?",
                zh="把 x 和 w 的形状并排写下来。哪两个大小必须一致？D_in 在 w 的哪个位置？",
            ),
            neighbour=_TABLE,
        ),
    ),
    Wrong(
        "reshaped",
        Text(
            en="w is cut anew with reshape instead of being transposed",
            zh="用 reshape 把 w 重新切分，而不是转置",
        ),
        edits=((_LINE, "return x @ w.reshape(w.shape[1], w.shape[0]) + b"),),
        hint=Hint(
            question=Text(
                en="The shape is right now. Is each number still at the place that belongs to its input and its output?",
                zh="形状现在对了。可是每个数还在属于它的输入和输出的位置上吗？",
            ),
            neighbour=_TABLE,
        ),
    ),
    Wrong(
        "no-bias",
        Text(en="b is not added", zh="没有加上 b"),
        edits=((_LINE, "return x @ w.T"),),
        hint=Hint(
            question=Text(
                en="What comes out for x = 0? What should?",
                zh="x = 0 时结果是什么？应当是什么？",
            ),
            neighbour=Text(
                en="A taxi costs 3 at the start and 2 per km. 2 * 5 = 10 for 5 km leaves out the start: 3 + 2 * 5 = 13. At 0 km one sees "
                "it best.",
                zh="出租车起步价 3，每公里 2。5 公里算成 2 * 5 = 10，就漏了起步价：3 + 2 * 5 = 13。看 0 公里时最清楚。",
            ),
        ),
    ),
    Wrong(
        "dtype-left-alone",
        Text(en="x keeps its own dtype", zh="x 保持了自己的 dtype"),
        edits=((_MOVE, "x = x.to(device=w.device)"),),
        hint=_DTYPE,
    ),
    Wrong(
        "weights-follow-data",
        Text(en="the weights are cast to the dtype of the data", zh="把权重转成了数据的 dtype"),
        edits=((_MOVE, "x = x.to(w.device); w = w.to(x.dtype); b = b.to(x.dtype)"),),
        hint=_DTYPE,
    ),
    Wrong(
        "always-float32",
        Text(en="float32 is written into the code", zh="在代码里写死了 float32"),
        edits=((_MOVE, "x = x.to(w.device).float(); w = w.float(); b = b.float()"),),
        hint=_DTYPE,
    ),
    Wrong(
        "float32-data",
        Text(en="the data become float32, whatever the weights are", zh="不管权重是什么，数据一律变成 float32"),
        edits=((_MOVE, "x = x.to(w.device).float()"),),
        hint=_DTYPE,
    ),
    Wrong(
        "everything-float64",
        Text(en="everything becomes float64", zh="一切都变成了 float64"),
        edits=((_MOVE, "x = x.to(w.device).double(); w = w.double(); b = b.double()"),),
        hint=_DTYPE,
    ),
    Wrong(
        "cast-at-the-end",
        Text(
            en="computed in the dtype of the data; only the result is cast",
            zh="按数据的 dtype 计算，只转换了结果",
        ),
        edits=(
            (_MOVE, "x = x.to(w.device)"),
            (_LINE, "return (x @ w.T.to(x.dtype) + b.to(x.dtype)).to(w.dtype)"),
        ),
        hint=Hint(
            question=Text(
                en="In which dtype were the products made? What was lost before your last cast could help?",
                zh="乘积是以哪种 dtype 算的？在最后那次转换之前，已经丢了什么？",
            ),
            neighbour=Text(
                en="Prices 0.6 and 0.7, rounded to whole coins: 1 + 1 = 2, written at last as 2.00. Summed first: 1.30. The two "
                "decimals that are added at the end know nothing of what was cut off before.",
                zh="价格 0.6 和 0.7，先各自取整：1 + 1 = 2，最后写成 2.00。先求和则是 1.30。最后补上的两位小数，并不知道前面丢掉了什么。",
            ),
        ),
    ),
    Wrong(
        "device-left-alone",
        Text(en="x stays on its own device", zh="x 留在了自己的设备上"),
        edits=((_MOVE, "x = x.to(dtype=w.dtype)"),),
        hint=_DEVICE,
    ),
    Wrong(
        "model-follows-data",
        Text(
            en="the weights are moved to the data, not the data to the weights",
            zh="把权重搬到了数据那里，而不是把数据搬过去",
        ),
        edits=((_MOVE, "x = x.to(dtype=w.dtype); w = w.to(x.device); b = b.to(x.device)"),),
        hint=_DEVICE,
    ),
    Wrong(
        "changes-the-callers-weights",
        Text(en="casts the caller's own weights in place, through .data", zh="通过 .data 原地改了调用者的权重"),
        edits=((_MOVE, "x = x.to(w.device); w.data = w.data.double(); b.data = b.data.double(); x = x.double()"),),
        hint=Hint(
            question=Text(
                en="Which dtype has w in the caller's hands, before your function and after it?",
                zh="调用者手里的 w，在你的函数运行之前和之后各是什么 dtype？",
            ),
            neighbour=Text(
                en="You borrow a recipe for 4 and need it for 8. Doubling the numbers on your own sheet is fine; writing over the "
                "lender's card spoils their next dinner. w.data = … writes on the card.",
                zh="你借来一份 4 人份的菜谱，要做 8 人份。在自己的纸上把数字加倍没有问题；直接涂改别人的卡片，人家下顿饭就毁了。"
                "w.data = … 就是在涂改卡片。",
            ),
        ),
    ),
    Wrong(
        "detached",
        Text(en="the result is cut off from w and b: no gradient arrives", zh="结果与 w、b 断开了：梯度传不到"),
        edits=((_LINE, "return x @ w.detach().T + b.detach()"),),
        hint=Hint(
            question=Text(
                en="After backward, what is w.grad? Should this computation be recorded?",
                zh="反向传播之后，w.grad 是什么？这次计算应当被记录吗？",
            ),
            neighbour=Text(
                en="t = torch.tensor(3.0, requires_grad=True). (t * t).backward() sets t.grad to 6. With t.detach() * t.detach() the "
                "value is 9 all the same, but it no longer knows of t, and backward raises an error.",
                zh="t = torch.tensor(3.0, requires_grad=True)。(t * t).backward() 使 t.grad 等于 6。写成 t.detach() * t.detach()，"
                "值仍是 9，却不再知道 t，调用 backward 会报错。",
            ),
        ),
    ),
    Wrong(
        "errors-hidden",
        Text(en="try and except hide the error, zeros come back", zh="用 try 和 except 掩盖错误，返回零"),
        source="""def affine(x, w, b):
    try:
        return x @ w.T + b
    except Exception:
        return torch.zeros(len(x), len(b), requires_grad=True)
""",
        hint=Hint(
            question=Text(
                en="Who will notice that the zeros are no result? Which error have you read, and what was its cause?",
                zh="谁会发现这些零并不是结果？你读到的是哪个错误？原因是什么？",
            ),
            neighbour=Text(
                en="A smoke alarm rings. Taking out its battery ends the noise: try: alarm() except: pass. The kitchen burns on. The last "
                "line of the alarm says where the smoke is.",
                zh="烟雾报警器响了。取出电池，声音就没了：try: alarm() except: pass。厨房照样在烧。报警信息的最后一行，写着烟在哪里。",
            ),
        ),
    ),
)

RIGHT = (
    Right(
        "functional-linear",
        '''def affine(x, w, b):
    """The function that does exactly this; to(w) means: as w."""
    return torch.nn.functional.linear(x.to(w), w, b)
''',
    ),
    Right(
        "einsum",
        '''def affine(x, w, b):
    """The sum over the inputs, spelled out."""
    guest = x.to(w.device).type(w.dtype)
    return torch.einsum("ni,oi->no", guest, w).add(b)
''',
    ),
    Right(
        "broadcast-and-sum",
        '''def affine(x, w, b):
    """Every sample meets every output in a third axis."""
    x = torch.as_tensor(x, dtype=w.dtype, device=b.device)
    return b + (x[:, None, :] * w[None, :, :]).sum(dim=-1)
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="0.4 Three repairs", zh="0.4 三处修理"),
    properties=(
        Property(
            "values", Text(en="the values, where dtype and device agree", zh="dtype 与设备一致时的值"), points=2.0
        ),
        Property("dtype", Text(en="data of another dtype", zh="数据是另一种 dtype"), only_with="values"),
        Property("device", Text(en="data on another device", zh="数据在另一个设备上"), only_with="values"),
        Property("gradients", Text(en="the gradients that reach w and b", zh="传到 w 和 b 的梯度"), only_with="values"),
        Property("inputs", Text(en="x, w and b are left as they were", zh="x、w、b 保持原样"), only_with="values"),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Print shape, dtype and device of x, w and b, in a table of three rows. In which column is x the odd one out? Change x "
            "there, and nothing else.",
            zh="用三行的表格打印 x、w、b 的形状、dtype 和设备。x 在哪一列与另外两个不一样？就在那里改 x，别的都不动。",
        ),
        neighbour=Text(
            en="a is [2, 3] int64, m is [4, 3] float32. a @ m fails twice: 3 meets 4, and int64 meets float32. a.to(m.dtype) heals the "
            "second, m.T the first: [2, 3] @ [3, 4] is [2, 4].",
            zh="a 是 [2, 3] 的 int64，m 是 [4, 3] 的 float32。a @ m 有两处错：3 碰上了 4，int64 碰上了 float32。"
            "a.to(m.dtype) 治好第二处，m.T 治好第一处：[2, 3] @ [3, 4] 得 [2, 4]。",
        ),
    ),
)
