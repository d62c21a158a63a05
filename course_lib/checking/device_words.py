"""The words for an answer that is right on the CPU and would not run on a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from course_lib.checking.values import Value
from course_lib.checking.verdict import JudgedCase
from course_lib.text import Text

if TYPE_CHECKING:
    from course_lib.checking.simulated import Slip  # which loads torch


def tell(slip: Slip, labels: Mapping[str, Text] | None = None) -> Text:
    """A slip in the student's words: the operation, what lies where, what a GPU would say, and the line.

    labels: the words for the exercise's properties, by their names.
    """
    sentence = _SENTENCES[slip.kind]
    if slip.made_in:
        origin = _FETCHED_IN if "cpu" in slip.made_in else _MADE_IN
        sentence = Text(en=sentence.en + origin.en, zh=sentence.zh + origin.zh)
    if slip.source_line:
        sentence = Text(en="`{line}`: " + sentence.en, zh="`{line}`：" + sentence.zh)
    return sentence.format(
        line=slip.source_line,
        operation=(labels or {}).get(slip.operation, slip.operation) if slip.kind == "returned" else slip.operation,
        shape=slip.shapes[0] if slip.shapes else "",
        error=slip.error,
        made=slip.made_in,
    )


RETURNED = Text(
    en="Your inputs lie on an accelerator here, and a result comes back on the CPU ({operation}). On a GPU the "
    "next line that uses both stops with `RuntimeError: Expected all tensors to be on the same device`.",
    zh="这里的输入在加速器上，结果却回到了 CPU（{operation}）。换到 GPU，下一行把两者放在一起用时就会中止："
    "`RuntimeError: Expected all tensors to be on the same device`。",
)
_SENTENCES = {
    "mixed": Text(
        en="`{operation}` meets two devices: your inputs lie on an accelerator here, and a tensor of shape {shape} "
        "lies on the CPU. On a GPU this stops with `RuntimeError: {error}`.",
        zh="`{operation}` 碰到了两个设备：这里的输入在加速器上，而一个形状为 {shape} 的张量在 CPU 上。"
        "换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "refused": Text(
        en="Something on the CPU is put together with your inputs, which lie on an accelerator here. "
        "On a GPU this stops with `{error}`.",
        zh="这里的输入在加速器上，却和 CPU 上的东西放在了一起。换到 GPU，程序会在这里中止：`{error}`。",
    ),
    "numpy": Text(
        en="NumPy cannot read a tensor that lies on an accelerator. On a GPU this stops with `TypeError: {error}`.",
        zh="NumPy 读不了加速器上的张量。换到 GPU，程序会在这里中止：`TypeError: {error}`。",
    ),
    "generator": Text(
        en="`{operation}` is to make a tensor on an accelerator with a random generator of the CPU. "
        "On a GPU this stops with `RuntimeError: {error}`.",
        zh="`{operation}` 要在加速器上生成张量，用的却是 CPU 的随机数生成器。"
        "换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "drawn": Text(
        en="`{operation}` is to make a tensor on the CPU with a random generator of the accelerator. "
        "On a GPU this stops with `RuntimeError: {error}`.",
        zh="`{operation}` 要在 CPU 上生成张量，用的却是加速器的随机数生成器。"
        "换到 GPU，程序会在这里中止：`RuntimeError: {error}`。",
    ),
    "moved": Text(
        en="`.{operation}` of a tensor on an accelerator is given a tensor of shape {shape} from the CPU, and from "
        "then on it lies on the CPU as well. On a GPU the next line that uses it stops with `RuntimeError: {error}`.",
        zh="加速器上的张量，它的 `.{operation}` 换成了 CPU 上一个形状为 {shape} 的张量，从此它也在 CPU 上了。"
        "换到 GPU，下一行用到它时就会中止：`RuntimeError: {error}`。",
    ),
    "state": Text(
        en="The state of the CPU's random generator lies on an accelerator here, and the generator takes bytes on the "
        "CPU alone. On a GPU this stops with `{error}`.",
        zh="CPU 的随机数生成器的状态在这里到了加速器上，而生成器只收 CPU 上的字节。"
        "换到 GPU，程序会在这里中止：`{error}`。",
    ),
    "returned": RETURNED,
}
_MADE_IN = Text(
    en=" That tensor was made in `{made}`, which names no device=.",
    zh="那个张量是在 `{made}` 里生成的，那里没有写 device=。",
)
_FETCHED_IN = Text(en=" That tensor comes from `{made}`.", zh="那个张量来自 `{made}`。")


def where_it_lies(case: JudgedCase, slip: Slip, labels: Mapping[str, Text]) -> Text:
    """One case with a slip: which of its inputs lie on the accelerator, and what meets them."""
    pieces = [piece for name, value in case.inputs.items() for piece in _tensors(name, value)]
    ours = _NO_INPUTS.format(label=case.label)
    if pieces:
        ours = _INPUTS.format(label=case.label, inputs=Text(en="; ".join(pieces), zh="；".join(pieces)))
    other = _MEETS[slip.kind].format(
        operation=labels.get(slip.operation, slip.operation) if slip.kind == "returned" else slip.operation,
        shape=list(slip.shapes[0]) if slip.shapes else "[]",
    )
    return Text(en=f"{ours.en} {other.en}", zh=ours.zh + other.zh)


MOST = 4  # tensors of one input that are named


def _tensors(name: str, value: Value) -> Iterator[str]:
    if value.kind == "tensor":
        yield f"`{name}` {list(value.shape)}"
    elif value.kind in ("sequence", "mapping"):
        items = value.data.items() if value.kind == "mapping" else enumerate(value.data)
        pieces = [piece for key, item in items for piece in _tensors(f"{name}[{key!r}]", item)]
        yield from pieces[:MOST]
        if len(pieces) > MOST:
            yield "…"


_INPUTS = Text(
    en="The case “{label}”, carried to an accelerator. There lie: {inputs}.",
    zh="把用例“{label}”搬到加速器上。在那里的有：{inputs}。",
)
_NO_INPUTS = Text(
    en="The case “{label}”, carried to an accelerator: all tensors that the check makes lie there.",
    zh="把用例“{label}”搬到加速器上：检查程序生成的张量都在那里。",
)
_MEETS = {
    "mixed": Text(
        en="On the CPU lies a tensor of shape {shape}; `{operation}` gets both.",
        zh="而在 CPU 上的是一个形状为 {shape} 的张量；`{operation}` 同时用到了两边。",
    ),
    "refused": Text(
        en="On the CPU lies what your line puts together with them.", zh="而你的那一行拿来和它们放在一起的，在 CPU 上。"
    ),
    "numpy": Text(
        en="There, too, lies the tensor of shape {shape} that NumPy is to read; NumPy reads the CPU's memory alone.",
        zh="要让 NumPy 去读的那个形状为 {shape} 的张量也在那里；NumPy 只读得了 CPU 的内存。",
    ),
    "generator": Text(
        en="On the CPU is the generator that `{operation}` is to draw from.",
        zh="而 `{operation}` 要用的随机数生成器在 CPU 上。",
    ),
    "drawn": Text(
        en="There, too, is the generator; the tensor that `{operation}` makes is to lie on the CPU.",
        zh="随机数生成器也在那里；而 `{operation}` 要生成的张量在 CPU 上。",
    ),
    "moved": Text(
        en="On the CPU lies the tensor of shape {shape} that takes the place of what was there.",
        zh="而取代原有数据的那个形状为 {shape} 的张量，在 CPU 上。",
    ),
    "state": Text(
        en="There, too, lies the random state, which should be on the CPU.", zh="随机状态也在那里，而它本该在 CPU 上。"
    ),
    "returned": Text(en="On the CPU lies what comes back: {operation}.", zh="而返回的结果在 CPU 上：{operation}。"),
}
