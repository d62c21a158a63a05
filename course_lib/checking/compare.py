"""Compares one observed value with the expected one: kind, dtype, shape, then values.

Needs only numpy, so that it runs anywhere. Tolerances follow the dtype of the expected value and the number of
operations a property takes; a property may set its own and says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.checking.results import Difference
from course_lib.checking.values import Value, elements
from course_lib.text import Text, digits

# Relative and absolute tolerance by dtype. float32 and float64 are torch.testing.assert_close's figures with the
# relative part ten times wider: a course's sums run over up to a thousand terms in any order, and reordering n terms
# of a sum moves it by about n machine epsilons at worst (Higham 2002, section 4.2).
TOLERANCES = {
    "float16": (1e-2, 1e-3),
    "bfloat16": (3e-2, 1e-3),
    "float32": (1.3e-5, 1e-5),
    "complex64": (1.3e-5, 1e-5),
    "float64": (1e-6, 1e-8),
    "complex128": (1e-6, 1e-8),
    "float": (1e-6, 1e-8),
    "complex": (1e-6, 1e-8),
}

KIND_NAMES = {
    "array": Text(en="a NumPy array", zh="NumPy 数组"),
    "tensor": Text(en="a tensor", zh="张量"),
    "number": Text(en="a number", zh="一个数"),
    "bool": Text(en="True or False", zh="布尔值"),
    "string": Text(en="a string", zh="字符串"),
    "none": Text(en="None (is a return missing?)", zh="None（是否漏了 return？）"),
    "sequence": Text(en="a list or tuple", zh="列表或元组"),
    "mapping": Text(en="a dict", zh="字典"),
}


@dataclass(frozen=True)
class Tolerance:
    """|actual − expected| ≤ atol + rtol·|expected|, element by element."""

    rtol: float
    atol: float


def tolerance_for(expected: Value, rtol: float | None = None, atol: float | None = None) -> Tolerance:
    """The tolerance for an expected value; integers, booleans and strings must be equal."""
    default_rtol, default_atol = TOLERANCES.get(expected.dtype, (0.0, 0.0))
    return Tolerance(default_rtol if rtol is None else rtol, default_atol if atol is None else atol)


def compare(
    expected: Value, actual: Value | None, rtol: float | None = None, atol: float | None = None
) -> Difference | None:
    """None where the values agree, else the first difference. Layout in memory is not compared."""
    if actual is None:
        return Difference("missing", Text(en="no value was reached", zh="没有得到这个值"), expected)
    if expected.kind != actual.kind:
        wanted, got = (Text(en=name.en, zh=_after_chinese(name.zh)) for name in map(kind_name, (expected, actual)))
        words = Text(en="expected {wanted}, got {got}", zh="应为{wanted}，实际得到{got}")
        return _differs("kind", expected, actual, words.format(wanted=wanted, got=got))
    match expected.kind:
        case "array" | "tensor":
            return _compare_arrays(expected, actual, tolerance_for(expected, rtol, atol))
        case "number":
            return _compare_numbers(expected, actual, tolerance_for(expected, rtol, atol))
        case "sequence":
            return _compare_sequences(expected, actual, rtol, atol)
        case "mapping":
            return _compare_mappings(expected, actual, rtol, atol)
    same = expected.data == actual.data and (expected.kind != "other" or expected.dtype == actual.dtype)
    if same:
        return None
    return _differs("values", expected, actual, Text(en="a different value", zh="值不同"))


def kind_name(value: Value) -> Text:
    """The kind of a value in words, the type's own name for anything unusual."""
    if value.dtype.startswith("tensor on meta"):
        return Text(en="a tensor on the device meta, without numbers", zh="设备 meta 上的张量，没有数值")
    return KIND_NAMES.get(value.kind) or Text(en=f"an object of type {value.dtype}", zh=f"{value.dtype} 类型的对象")


def _after_chinese(words: str) -> str:
    """The words with the space that stands between Chinese and Latin letters."""
    return f" {words}" if words[:1].isascii() else words


def _differs(reason: str, expected: Value, actual: Value, sentence: Text) -> Difference:
    return Difference(reason, sentence, expected, actual)


def _compare_arrays(expected: Value, actual: Value, tolerance: Tolerance) -> Difference | None:
    if expected.dtype != actual.dtype:
        sentence = Text(en="dtype {got} instead of {wanted}", zh="dtype 是 {got}，应为 {wanted}")
        return _differs("dtype", expected, actual, sentence.format(got=actual.dtype, wanted=expected.dtype))
    if expected.shape != actual.shape:
        sentence = Text(en="shape {got} instead of {wanted}", zh="形状是 {got}，应为 {wanted}")
        return _differs("shape", expected, actual, sentence.format(got=actual.shape, wanted=expected.shape))
    if expected.kind == "tensor" and expected.device.split(":")[0] != actual.device.split(":")[0]:
        sentence = Text(en="the tensor is on {got}, not on {wanted}", zh="张量在 {got} 上，而不在 {wanted} 上")
        return _differs("device", expected, actual, sentence.format(got=actual.device, wanted=expected.device))
    return _compare_elements(expected, actual, tolerance)


def _compare_numbers(expected: Value, actual: Value, tolerance: Tolerance) -> Difference | None:
    if "complex" in (actual.dtype, expected.dtype) and actual.dtype != expected.dtype:
        sentence = Text(en="a {got} number instead of a {wanted} one", zh="数的类型是 {got}，应为 {wanted}")
        return _differs("dtype", expected, actual, sentence.format(got=actual.dtype, wanted=expected.dtype))
    if expected.dtype == actual.dtype == "int":
        if expected.data == actual.data:
            return None
        sentence = Text(en="{got} instead of {wanted}", zh="得到 {got}，应为 {wanted}")
        return _differs("values", expected, actual, sentence.format(got=_short(actual), wanted=_short(expected)))
    return _compare_elements(expected, actual, tolerance)


def _short(value: Value) -> str:
    text = str(value.data)
    return text if len(text) <= 40 else text[:37] + "…"


def _compare_elements(expected: Value, actual: Value, tolerance: Tolerance) -> Difference | None:
    try:
        wanted, got = elements(expected), elements(actual)
        same = close(wanted, got, tolerance)
    except OverflowError:
        # an int that no float can hold
        return _differs("values", expected, actual, Text(en="a number far too large", zh="数值大得离谱"))
    if same.all():
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(got.astype(complex) - wanted.astype(complex))
    # NaN against a number is the worst that can happen; ties go to the first element.
    ranked = np.where(same, -1.0, np.where(np.isnan(gap), np.inf, gap))
    where = tuple(int(i) for i in np.unravel_index(int(np.argmax(ranked)), ranked.shape))
    worst = float(gap[where])
    place = Text(en=" at index {where}", zh="（位于下标 {where}）").format(where=list(where)) if where else None
    sentence = Text(
        en="{got} instead of {wanted}" + (place.en if place else "") + (_share(same, "en") if same.size > 1 else ""),
        zh="得到 {got}，应为 {wanted}" + (place.zh if place else "") + (_share(same, "zh") if same.size > 1 else ""),
    ).format(**_told_apart(got[where], wanted[where]))
    return Difference("values", sentence, expected, actual, where, worst)


def _share(same: np.ndarray, language: str) -> str:
    wrong = int(same.size - same.sum())
    if language == "en":
        return f"; {wrong} of {same.size} elements differ"
    return f"；{same.size} 个元素中有 {wrong} 个不同"


def _told_apart(got: object, wanted: object) -> dict[str, str]:
    """Both numbers with as few digits as still show that they differ: "6 instead of 6" would help nobody."""
    for n in (5, 8, 11, 14, 17):
        shown = {"got": _element(got, n), "wanted": _element(wanted, n)}
        if shown["got"] != shown["wanted"]:
            break
    return shown


def _element(number: object, n: int) -> str:
    if isinstance(number, (complex, np.complexfloating)):
        return f"{complex(number):.{n}g}"
    if isinstance(number, (bool, np.bool_)):
        return str(bool(number))
    return digits(number, n)


def close(wanted: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Element-wise agreement. NaN agrees with NaN, an infinity with the same infinity and nothing else."""
    if wanted.dtype.kind in "biu" and got.dtype.kind in "biu":
        return np.asarray(wanted == got)
    with np.errstate(all="ignore"):
        near = np.abs(got - wanted) <= tolerance.atol + tolerance.rtol * np.abs(wanted)
        return np.asarray((near & np.isfinite(wanted)) | (wanted == got) | (np.isnan(wanted) & np.isnan(got)))


def _compare_sequences(expected: Value, actual: Value, rtol: float | None, atol: float | None) -> Difference | None:
    if len(expected.data) != len(actual.data):
        sentence = Text(en="{got} items instead of {wanted}", zh="有 {got} 项，应为 {wanted} 项")
        return _differs("shape", expected, actual, sentence.format(got=len(actual.data), wanted=len(expected.data)))
    for index, (wanted, got) in enumerate(zip(expected.data, actual.data, strict=True)):
        found = compare(wanted, got, rtol, atol)
        if found is not None:
            where = Text(en=f"item {index}: {found.sentence.en}", zh=f"第 {index} 项：{found.sentence.zh}")
            return Difference(found.reason, where, expected, actual, (index, *(found.where or ())), found.worst)
    return None


def _compare_mappings(expected: Value, actual: Value, rtol: float | None, atol: float | None) -> Difference | None:
    if set(expected.data) != set(actual.data):
        wanted, got = sorted(expected.data), sorted(actual.data)
        sentence = Text(en="keys {got} instead of {wanted}", zh="键是 {got}，应为 {wanted}")
        return _differs("shape", expected, actual, sentence.format(got=got, wanted=wanted))
    for key, wanted_value in expected.data.items():
        found = compare(wanted_value, actual.data[key], rtol, atol)
        if found is not None:
            where = Text(en=f"{key}: {found.sentence.en}", zh=f"{key}：{found.sentence.zh}")
            return Difference(found.reason, where, expected, actual, found.where, found.worst)
    return None
