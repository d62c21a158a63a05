"""Exercise 2.1: from NumPy to PyTorch, sharing memory or not, proved by changing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from course_lib.text import Text
from grader.spec import Case, Exercise, Hint, Property, Right, Wrong


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Converts once; then changes the array and looks at the tensor, and changes the tensor and looks at the array."""
    base = case["array"]
    array = base[::-1] if case["backwards"] else base
    made = ns["to_tensor"](array, case["share"])
    yield "made", made
    array += 1
    yield "seen-by-tensor", made
    made -= 3
    yield "seen-by-array", base


def _case(name: str, label: Text, array: Any, share: bool, backwards: bool = False) -> Case:
    return Case(name, label, {"array": np.array(array), "share": share, "backwards": backwards})


PUBLIC = (
    _case("shared", Text(en="share=True, float64", zh="share=True，float64"), [1.0, 2.5], True),
    _case("shared-integers", Text(en="share=True, int64", zh="share=True，int64"), [[1, 2], [3, 4]], True),
    _case("own", Text(en="share=False, float64", zh="share=False，float64"), [1.5, -2.0], False),
    _case("own-float32", Text(en="share=False, float32 already", zh="share=False，本来就是 float32"), np.array([0.5, 4.0], dtype=np.float32), False),
    _case("own-backwards", Text(en="share=False, read backwards", zh="share=False，倒着读"), [1.0, 2.0, 3.0], False, backwards=True),
)  # fmt: skip


def hidden(rng: np.random.Generator) -> list[Case]:
    """Other shapes and dtypes, other memory layouts."""
    wide = rng.standard_normal((3, 8))[:, ::2]
    return [
        _case("strided", Text(en="share=True, every other column", zh="share=True，隔列"), wide, True),
        _case("small-integers", Text(en="share=False, uint8", zh="share=False，uint8"), rng.integers(0, 200, (2, 3)).astype(np.uint8), False),
        _case("turned", Text(en="share=False, column by column in memory", zh="share=False，内存里按列排列"), np.asfortranarray(rng.standard_normal((4, 2))), False),
        _case("float32", Text(en="share=True, float32", zh="share=True，float32"), rng.standard_normal((2, 2, 2)).astype(np.float32), True),
    ]  # fmt: skip


_ALIAS = Hint(
    question=Text(
        en="Change the array after the call. Does your tensor change as well? Should it, with share=False?",
        zh="调用之后改一下数组，你的张量也变了吗？share=False 时应当变吗？",
    ),
    neighbour=Text(
        en="p = np.zeros(2); q = torch.from_numpy(p); p[0] = 5: now q[0] is 5. With r = torch.tensor(p) instead, r[0] stays 0. And torch.as_tensor decides by "
        "itself: it copies only if something must be converted.",
        zh="p = np.zeros(2); q = torch.from_numpy(p); p[0] = 5：现在 q[0] 是 5。换成 r = torch.tensor(p)，r[0] 仍是 0。而 torch.as_tensor 自作主张：只有需要转换时"
        "才复制。",
    ),
)

WRONG = (
    Wrong(
        "always-copies",
        Text(en="share=True copies as well", zh="share=True 时也复制了"),
        edits=(("return torch.from_numpy(array)", "return torch.tensor(array)"),),
        hint=Hint(
            question=Text(
                en="With share=True: change the array after the call. Does your tensor see it?",
                zh="share=True 时，调用之后改一下数组，你的张量看得到吗？",
            ),
            neighbour=Text(
                en="torch.tensor(p) is a photograph of p: later changes of p do not appear in it. A window on p is something else, and has another name.",
                zh="torch.tensor(p) 是给 p 拍的照片：p 之后的变化，照片上没有。通向 p 的窗户是另一回事，名字也不同。",
            ),
        ),
    ),
    Wrong(
        "always-shares",
        Text(en="share=False uses the array's memory, too", zh="share=False 时也用了数组的内存"),
        edits=(("torch.tensor(array.copy(), dtype=torch.float32)", "torch.from_numpy(array)"),),
        hint=_ALIAS,
    ),
    Wrong(
        "shares-float32",
        Text(en="as_tensor: no copy where the array is float32 already", zh="用 as_tensor：数组本来就是 float32 时没有复制"),
        edits=(("torch.tensor(array.copy(), dtype=torch.float32)", "torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float32)"),),
        hint=_ALIAS,
    ),
    Wrong(
        "float-of-view",
        Text(en="from_numpy(...).float(): no copy where the array is float32 already", zh="from_numpy(...).float()：数组本来就是 float32 时没有复制"),
        edits=(("torch.tensor(array.copy(), dtype=torch.float32)", "torch.from_numpy(np.ascontiguousarray(array)).float()"),),
        hint=_ALIAS,
    ),
    Wrong(
        "keeps-the-dtype",
        Text(en="share=False keeps the array's dtype", zh="share=False 时保留了数组的 dtype"),
        edits=(("torch.tensor(array.copy(), dtype=torch.float32)", "torch.tensor(array.copy())"),),
        hint=Hint(
            question=Text(
                en="Print the dtype of your tensor for a float64 array and share=False.",
                zh="对 float64 的数组取 share=False，打印你的张量的 dtype。",
            ),
            neighbour=Text(
                en="torch.tensor(np.arange(3)) is int64, torch.tensor(np.zeros(3)) is float64: the dtype comes along unless one asks for another, dtype=torch.bfloat16 "
                "for instance.",
                zh="torch.tensor(np.arange(3)) 是 int64，torch.tensor(np.zeros(3)) 是 float64：dtype 会跟着过来，除非另外指定，比如 dtype=torch.bfloat16。",
            ),
        ),
    ),
    Wrong(
        "refuses-backwards",
        Text(en="an array that is read backwards raises an error", zh="数组倒着读时报错"),
        edits=(("array.copy()", "array"),),
        hint=Hint(
            question=Text(
                en="What are the strides of a[::-1]? What does PyTorch say about negative ones?",
                zh="a[::-1] 的步幅（strides）是多少？PyTorch 对负的步幅怎么说？",
            ),
            neighbour=Text(
                en="A film played backwards cannot be cut into; first copy it in its new order, then work with the copy. np.flip(p).copy() has ordinary strides.",
                zh="倒着放的胶片没法直接剪：先按新的次序翻拍一份，再处理这一份。np.flip(p).copy() 的步幅就是正常的。",
            ),
        ),
    ),
    Wrong(
        "converts-when-sharing",
        Text(en="share=True converts to float32 and thereby copies", zh="share=True 时转换成 float32，于是也就复制了"),
        edits=(("return torch.from_numpy(array)", "return torch.from_numpy(array).float()"),),
        hint=Hint(
            question=Text(
                en="Can a float64 array and a float32 tensor use the same bytes?",
                zh="float64 的数组和 float32 的张量，能用同样的字节吗？",
            ),
            neighbour=Text(
                en="A float64 takes 8 bytes, a float32 takes 4. Whoever wants other numbers of bytes needs other memory: a conversion is a copy.",
                zh="一个 float64 占 8 字节，一个 float32 占 4 字节。字节数不同，就得用别的内存：转换就是复制。",
            ),
        ),
    ),
    Wrong(
        "flag-the-wrong-way-round",
        Text(en="True and False are swapped", zh="True 和 False 弄反了"),
        source='''def to_tensor(array, share):
    if share:
        return torch.tensor(array.copy(), dtype=torch.float32)
    return torch.from_numpy(array.copy())
''',
        hint=Hint(
            question=Text(
                en="Which branch runs for share=True? Follow your if with the first case.",
                zh="share=True 时走的是哪个分支？拿第一个算例顺着你的 if 走一遍。",
            ),
            neighbour=Text(
                en="if raining: take_umbrella() else: take_sunglasses(). Swapped, one stands dry in the sun with an umbrella.",
                zh="下雨就带伞，否则戴墨镜。写反了，就会在大太阳底下打伞。",
            ),
        ),
    ),
)  # fmt: skip

RIGHT = (
    Right(
        "clone",
        '''def to_tensor(array, share):
    """A view, and where it is not wanted, a clone of it."""
    if share:
        return torch.as_tensor(array)
    return torch.from_numpy(np.ascontiguousarray(array)).to(torch.float32).clone()
''',
    ),
    Right(
        "astype",
        '''def to_tensor(array, share):
    """NumPy converts and copies."""
    return torch.from_numpy(array if share else array.astype(np.float32, order="C", copy=True))
''',
    ),
)

EXERCISE = Exercise(
    title=Text(en="2.1 Across the bridge", zh="2.1 过桥"),
    properties=(
        Property("made", Text(en="numbers, shape and dtype", zh="数、形状和 dtype"), points=2.0),
        Property("seen-by-tensor", Text(en="the tensor after the array was changed", zh="改了数组之后的张量")),
        Property("seen-by-array", Text(en="the array after the tensor was changed", zh="改了张量之后的数组")),
    ),
    probe=probe,
    public=PUBLIC,
    hidden=hidden,
    wrong=WRONG,
    right=RIGHT,
    fallback=Hint(
        question=Text(
            en="Try both values of share with a float64, an int64 and a float32 array. Which of the six differs from the card?",
            zh="分别用 float64、int64、float32 的数组，把 share 的两个值都试一遍。六种里哪一种与题目不符？",
        ),
        neighbour=Text(
            en="The way back: t.numpy() shares, t.numpy().copy() does not. t = torch.zeros(2); v = t.numpy(); t += 1 makes v [1, 1]; the copy stays [0, 0].",
            zh="回程：t.numpy() 共用内存，t.numpy().copy() 不共用。t = torch.zeros(2); v = t.numpy(); t += 1，v 就成了 [1, 1]；副本仍是 [0, 0]。",
        ),
    ),
)
