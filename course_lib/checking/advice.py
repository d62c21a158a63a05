"""What a difference usually comes from: a table of rules over (expected, yours), tried from the top. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course_lib.checking.compare import compare
from course_lib.checking.results import Difference
from course_lib.checking.values import Value
from course_lib.text import Text


@dataclass(frozen=True)
class Rule:
    """A confusion of types, dtypes, shapes or devices, and the sentence for it. fits: (expected, yours) -> bool."""

    code: str
    fits: Callable[[Value, Value], bool]
    text: Text


FUNCTIONS = ("function", "builtin_function_or_method", "method", "method_descriptor", "wrapper_descriptor")
NUMERIC = ("array", "tensor")

PRINTED = Text(
    en="Your function printed something and returned nothing: `print` shows a value, `return` hands it back. Write "
    "`return` in its place.",
    zh="你的函数打印了内容，却什么也没有返回：`print` 只是把值显示出来，`return` 才会把值交回去。请改用 `return`。",
)


def _kinds(wanted: str, got: str) -> Callable[[Value, Value], bool]:
    return lambda e, a: (e.kind, a.kind) == (wanted, got)


def _arrays(fits: Callable[[tuple[int, ...], tuple[int, ...]], bool]) -> Callable[[Value, Value], bool]:
    """A rule on the shapes of two arrays or two tensors that differ in shape."""
    return lambda e, a: e.kind == a.kind and e.kind in NUMERIC and e.shape != a.shape and fits(e.shape, a.shape)


def _ones_apart(short: tuple[int, ...], long: tuple[int, ...]) -> bool:
    return len(long) == len(short) + 1 and any(long[:i] + long[i + 1 :] == short for i, n in enumerate(long) if n == 1)


LENGTH = Text(
    en="The number of values is not the one on the card: is one missing, or one too many?",
    zh="值的个数与题目卡片不符：是少了一个，还是多了一个？",
)

RULES: tuple[Rule, ...] = (
    Rule(
        "nothing-returned",
        lambda e, a: a.kind == "none",
        Text(
            en="None is what a function gives that ends without `return`. Does every way through your function end in one?",
            zh="函数没有执行 `return` 就结束时，得到的是 None。你的函数里，每条路径最后都有 `return` 吗？",
        ),
    ),
    Rule(
        "function-returned",
        lambda e, a: a.kind == "other" and a.dtype in FUNCTIONS,
        Text(
            en="This is a function itself, not its result: are the parentheses `()` of the call missing?",
            zh="这是函数本身，而不是它的结果：调用时是不是漏了圆括号 `()`？",
        ),
    ),
    Rule(
        "generator-returned",
        lambda e, a: a.kind == "other" and a.dtype in ("generator", "map", "zip", "filter"),
        Text(
            en="This gives its values one by one and holds none yet: wrap it in `list(…)`.",
            zh="它要逐个给出值，现在还没有任何值：请用 `list(…)` 包起来。",
        ),
    ),
    Rule(
        "other-device",
        lambda e, a: e.kind == "tensor" and (a.dtype.startswith("tensor on meta") or (a.kind == "tensor" and e.device.split(":")[0] != a.device.split(":")[0])),
        Text(
            en="The result is on the wrong device. Make new tensors where the data are: `device=x.device`.",
            zh="结果所在的设备不对。新建张量时，要放在数据所在的设备上：`device=x.device`。",
        ),
    ),
    Rule(
        "several-for-one",
        lambda e, a: e.kind in NUMERIC and a.kind == "sequence" and any(item.kind in NUMERIC for item in a.data),
        Text(
            en="Several arrays or tensors came back together and could not be told apart: `return` as many values as the "
            "card names, in their order. Where one is expected, `stack` or `cat` makes one of several.",
            zh="几个数组或张量一起返回，无法分清哪个是哪个：`return` 后面值的个数和顺序要与题目卡片一致。如果只应返回一个，可用 `stack` 或 `cat` 合成。",
        ),
    ),
    Rule(
        "list-for-tensor",
        _kinds("tensor", "sequence"),
        Text(
            en="A list or tuple is no tensor. `torch.tensor(numbers)` makes one of numbers, `torch.stack(tensors)` one of "
            "tensors. A comma after `return` makes a tuple, too.",
            zh="列表或元组不是张量。一组数用 `torch.tensor(numbers)`，一组张量用 `torch.stack(tensors)`。`return` 的值后面多一个逗号，也会变成元组。",
        ),
    ),
    Rule(
        "list-for-array",
        _kinds("array", "sequence"),
        Text(
            en="A list or tuple is no array: `np.array(numbers)` makes one. A comma after `return` makes a tuple, too.",
            zh="列表或元组不是数组：请用 `np.array(numbers)` 转换。`return` 的值后面多一个逗号，也会变成元组。",
        ),
    ),
    Rule(
        "tensor-for-array",
        _kinds("array", "tensor"),
        Text(
            en="This is a torch tensor; a NumPy array is expected: `.detach().cpu().numpy()` makes one.",
            zh="这是 torch 张量，应为 NumPy 数组：请用 `.detach().cpu().numpy()` 转换。",
        ),
    ),
    Rule(
        "array-for-tensor",
        _kinds("tensor", "array"),
        Text(
            en="This is a NumPy array; a tensor is expected: stay with torch's functions, or use `torch.from_numpy`.",
            zh="这是 NumPy 数组，应为张量：请一直使用 torch 的函数，或用 `torch.from_numpy` 转换。",
        ),
    ),
    Rule(
        "tensor-for-number",
        lambda e, a: e.kind in ("number", "bool") and a.kind in NUMERIC and a.shape in ((), (1,), (1, 1)),
        Text(
            en="There is one number inside, but still in its box: `.item()` takes it out.",
            zh="里面只有一个数，但它还装在盒子里：用 `.item()` 取出来。",
        ),
    ),
    Rule(
        "array-for-number",
        lambda e, a: e.kind == "number" and a.kind in NUMERIC,
        Text(
            en="One number is expected: which `.sum()` or `.mean()` is missing, or runs over too few axes?",
            zh="应为一个数：漏了哪个 `.sum()` 或 `.mean()`，还是归约的轴太少？",
        ),
    ),
    Rule(
        "number-for-tensor",
        lambda e, a: e.kind in NUMERIC and a.kind in ("number", "bool"),
        Text(
            en="A plain number came back where an array or a tensor is expected: was it reduced over all axes, or taken "
            "out with `.item()` or `float()` too early?",
            zh="返回的是普通的数，应为数组或张量：是不是对所有轴都做了归约，或过早用 `.item()`、`float()` 取出了数？",
        ),
    ),
    Rule(
        "dict-for-sequence",
        lambda e, a: {e.kind, a.kind} == {"mapping", "sequence"},
        Text(
            en="A dict has named entries (`{\"w\": …}`), a list or tuple has numbered ones: look at the card again.",
            zh="字典的各项有名称（`{\"w\": …}`），列表或元组的各项只有编号：请再看一遍题目卡片。",
        ),
    ),
    Rule(
        "tuple-for-one",
        lambda e, a: a.kind == "sequence" and e.kind != "sequence",
        Text(
            en="Several values came back where one is expected. A comma after `return` makes a tuple, too.",
            zh="应返回一个值，却返回了好几个。`return` 的值后面多一个逗号，也会变成元组。",
        ),
    ),
    Rule("sequence-length", lambda e, a: e.kind == a.kind == "sequence" and len(e.data) != len(a.data), LENGTH),
    Rule(
        "float64-for-float32",
        lambda e, a: e.kind == a.kind and (e.dtype, a.dtype) == ("float32", "float64"),
        Text(
            en="The result is wider than asked for. NumPy's default is float64; with the input's dtype it stays float32: "
            "`dtype=x.dtype`.",
            zh="结果的精度比要求的高。NumPy 默认是 float64；沿用输入的 dtype 就会保持 float32：`dtype=x.dtype`。",
        ),
    ),
    Rule(
        "float32-for-float64",
        lambda e, a: e.kind == a.kind and (e.dtype, a.dtype) == ("float64", "float32"),
        Text(
            en="Digits were lost on the way. torch's default is float32; take the input's dtype: `dtype=x.dtype`.",
            zh="途中丢了精度。torch 默认是 float32；请沿用输入的 dtype：`dtype=x.dtype`。",
        ),
    ),
    Rule(
        "int-for-float",
        lambda e, a: e.kind == a.kind and e.kind in NUMERIC and e.dtype.startswith("float") and a.dtype.startswith(("int", "uint")),
        Text(
            en="The result holds whole numbers and cannot hold fractions: was it made from integers, with `//`, or with "
            "`zeros_like` of an integer array?",
            zh="结果是整数类型，存不下小数：它是不是由整数得来的、用了 `//`，或用整数数组的 `zeros_like` 创建的？",
        ),
    ),
    Rule(
        "float-for-int",
        lambda e, a: e.kind == a.kind and e.kind in NUMERIC and a.dtype.startswith("float") and e.dtype.startswith(("int", "uint")),
        Text(
            en="Whole numbers are expected, as for classes and counts: `.long()` in torch, `.astype(int)` in NumPy; `/` always "
            "gives floats, `//` does not.",
            zh="应为整数，例如类别编号和个数：torch 用 `.long()`，NumPy 用 `.astype(int)`；`/` 的结果总是浮点数，`//` 则不会。",
        ),
    ),
    Rule(
        "bool-mixed",
        lambda e, a: "bool" in (e.dtype, a.dtype, e.kind, a.kind) and (e.dtype, e.kind) != (a.dtype, a.kind),
        Text(
            en="True and False are not the numbers 1 and 0 here: a comparison (`x > 0`) gives the former, `.float()` or "
            "`float(…)` turns them into the latter.",
            zh="这里的 True、False 与数 1、0 不是一回事：比较（`x > 0`）得到前者，`.float()` 或 `float(…)` 把它变成后者。",
        ),
    ),
    Rule(
        "transposed",
        _arrays(lambda e, a: len(e) == 2 and e == a[::-1]),
        Text(
            en="Rows and columns are exchanged: is a `.T` missing or one too many, or are the factors of a product in the "
            "other order?",
            zh="行和列颠倒了：是漏了 `.T` 还是多了一个，或者乘积的两个因子次序反了？",
        ),
    ),
    Rule(
        "axes-permuted",
        _arrays(lambda e, a: len(e) > 2 and sorted(e) == sorted(a)),
        Text(
            en="The sizes are right and their order is not: write down which axis is which (`permute`, `transpose`).",
            zh="各维大小都对，次序不对：写下每个轴各代表什么，再用 `permute` 或 `transpose` 调整。",
        ),
    ),
    Rule(
        "outer-by-broadcasting",
        _arrays(lambda e, a: len(e) == 1 and len(a) == 2 and a == (e[0], e[0])),
        Text(
            en="[N] became [N, N]: somewhere [N, 1] met [N], and broadcasting made a table of all pairs. Bring both to one "
            "shape first.",
            zh="[N] 变成了 [N, N]：某处的 [N, 1] 碰上了 [N]，广播把所有配对列成了一张表。请先让两者同形。",
        ),
    ),
    Rule(
        "axis-of-one-too-many",
        _arrays(lambda e, a: _ones_apart(e, a)),
        Text(
            en="There is one axis of size 1 too many: `squeeze` removes it; a sum keeps one with `keepdim=True`, and so does "
            "a slice `x[:, 0:1]`.",
            zh="多出一个大小为 1 的轴：`squeeze` 可以去掉它；求和时写了 `keepdim=True`，或用了切片 `x[:, 0:1]`，都会把它留下来。",
        ),
    ),
    Rule(
        "axis-of-one-missing",
        _arrays(lambda e, a: _ones_apart(a, e)),
        Text(
            en="An axis of size 1 is missing: keep it with `keepdim=True` (NumPy: `keepdims=True`), or put it back with "
            "`unsqueeze` or `[:, None]`.",
            zh="少了一个大小为 1 的轴：用 `keepdim=True`（NumPy 写 `keepdims=True`）保留它，或用 `unsqueeze`、`[:, None]` 补回来。",
        ),
    ),
    Rule(
        "axes-too-few",
        _arrays(lambda e, a: len(a) < len(e)),
        Text(
            en="An axis was lost: which sum, mean or index removed it? Is it the batch axis?",
            zh="少了一个轴：是哪次求和、求平均或取下标把它消去了？它是不是批量轴？",
        ),
    ),
    Rule(
        "axes-too-many",
        _arrays(lambda e, a: len(a) > len(e)),
        Text(
            en="There is an axis too many: which one should have been summed over, or was added by broadcasting?",
            zh="多了一个轴：哪个轴本该求和消去，还是广播时多出来的？",
        ),
    ),
)  # fmt: skip


def advise(difference: Difference, printed: str = "") -> Text | None:
    """What a difference usually comes from; None where no rule fits. printed: what the student's code printed."""
    if difference.expected is None or difference.actual is None:
        return None
    expected, actual = leaf(difference.expected, difference.actual)
    if actual.kind == "none" and expected.kind != "none" and printed.strip():
        return PRINTED
    same_kind = (expected.kind, expected.dtype, expected.shape) == (actual.kind, actual.dtype, actual.shape)
    return None if difference.reason == "values" and same_kind else _first_rule(expected, actual)


def advise_case(differences: Sequence[Difference], printed: str = "") -> Text | None:
    """What the differences of one case, in order, usually come from. A result of None, and whatever is sure, come
    before a number of values, which the check itself may have counted."""
    nothing = [d for d in differences if d.actual is not None and d.actual.kind == "none"]
    found = [advice for d in [*nothing, *differences] if (advice := advise(d, printed)) is not None]
    return next((advice for advice in found if advice is not LENGTH), found[0] if found else None)


def _first_rule(expected: Value, actual: Value) -> Text | None:
    return next((rule.text for rule in RULES if rule.fits(expected, actual)), None)


def leaf(expected: Value, actual: Value) -> tuple[Value, Value]:
    """The first two values inside lists and dicts that differ, where both are built alike; else the two themselves."""
    pairs: list[tuple[Value, Value]] = []
    if expected.kind == actual.kind == "sequence" and len(expected.data) == len(actual.data):
        pairs = list(zip(expected.data, actual.data, strict=True))
    elif expected.kind == actual.kind == "mapping" and set(expected.data) == set(actual.data):
        pairs = [(value, actual.data[name]) for name, value in expected.data.items()]
    different = next((pair for pair in pairs if compare(*pair) is not None), None)
    return (expected, actual) if different is None else leaf(*different)
