"""The table of errors against the real messages of the installed Python, NumPy and torch: each row is provoked."""
# ruff: noqa: E501 - messages of torch are quoted whole

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.checking.error_words import MEANINGS, explain, meaning_of
from course_lib.checking.probing import describe_error
from course_lib.checking.results import RaisedError

CJK = re.compile(r"[\u4e00-\u9fff]")


def ones(*shape: int, **kinds: Any) -> torch.Tensor:
    return torch.ones(*shape, **kinds)


def leaf(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, requires_grad=True)


def python(text: str) -> Callable[[], None]:
    return lambda: exec(text, {"np": np, "torch": torch, "nn": nn})


def _twice() -> None:
    loss = (leaf(2) ** 2).sum()
    loss.backward()
    loss.backward()


def _saved() -> None:
    y = leaf(2).exp()
    y += 1
    y.sum().backward()


def _unused() -> None:
    torch.autograd.grad(leaf(1).sum(), leaf(1))


PROVOKED: tuple[tuple[str, Callable[[], object]], ...] = (
    ("unbound-local", python("def f():\n x += 1\nf()")),
    ("name", python("print(quantity)")),
    ("module-missing", python("import nonexistent_module")),
    ("import-name", python("from math import nonexistent")),
    ("argument-missing", python("def f(a, b): pass\nf(1)")),
    ("argument-missing", python("def f(a, *, b): pass\nf(1)")),
    ("arguments-too-many", python("def f(a): pass\nf(1, 2)")),
    ("arguments-too-many", python("def f(a, b=1): pass\nf(1, 2, 3)")),
    ("argument-unknown", python("def f(a): pass\nf(b=1)")),
    ("not-callable", python("(2)(3)")),
    ("not-callable", lambda: ones(2)(1)),  # type: ignore[operator]
    ("function-not-called", python("(lambda: 1)[0]")),
    ("function-not-called", python("(lambda: 1).shape")),
    ("function-not-called", python("a, b = lambda: 1")),
    ("none", python("None + 1")),
    ("none", python("None[0]")),
    ("none", python("None.shape")),
    ("none", python("a, b = None")),
    ("unpack-few", python("a, b, c = 1, 2")),
    ("unpack-many", python("a, b = 1, 2, 3")),
    ("not-iterable", python("for i in 5: pass")),
    ("not-iterable", python("a, b = 5")),
    ("devices", lambda: ones(2) + ones(2, device="meta")),
    ("meta-no-data", lambda: ones((), device="meta").item()),  # type: ignore[arg-type]
    ("leaf-in-place", python("w = torch.ones(2, requires_grad=True)\nw += 1")),
    ("leaf-in-place", python("w = torch.ones(2, requires_grad=True)\nw[0] = 1")),
    ("backward-twice", _twice),
    ("saved-modified", _saved),
    ("no-graph", lambda: ones(2).sum().backward()),
    ("grad-unused", _unused),
    ("backward-not-scalar", lambda: (leaf(2) * 2).backward()),
    ("numpy-of-grad", lambda: leaf(2).numpy()),
    ("grad-of-integers", lambda: ones(2).long().requires_grad_()),
    ("dtypes-differ", lambda: ones(2, 2) @ ones(2, 2).double()),
    ("dtypes-differ", lambda: ones(2, 2).byte() @ ones(2, 2)),
    ("dtypes-differ", lambda: nn.Linear(2, 2)(ones(1, 2).double())),
    ("dtypes-differ", lambda: nn.Linear(2, 2)(ones(1, 2).long())),
    ("target-dtype", lambda: F.cross_entropy(ones(2, 3), ones(2))),
    ("target-dtype", lambda: F.embedding(ones(2), ones(3, 2))),
    ("mean-of-integers", lambda: ones(2).long().mean()),
    ("in-place-dtype", lambda: ones(2).long().add_(1.5)),
    ("in-place-dtype", python("x = np.ones(2, dtype=int)\nx += 1.5")),
    ("matmul-shapes", lambda: ones(2, 3) @ ones(2, 3)),
    ("matmul-shapes", lambda: nn.Linear(2, 2)(ones(1, 3))),
    ("product-shapes", lambda: np.ones((2, 3)) @ np.ones((2, 3))),
    ("product-shapes", lambda: np.dot(np.ones((2, 3)), np.ones((2, 3)))),
    ("product-shapes", lambda: ones(2, 3) @ ones(2)),
    ("product-shapes", lambda: ones(3) @ ones(2)),
    ("product-shapes", lambda: ones(2, 3, 4) @ ones(2, 3, 4)),
    ("broadcast-torch", lambda: ones(2, 3) + ones(2, 4)),
    ("broadcast-numpy", lambda: np.ones((2, 3)) + np.ones((2, 4))),
    ("assign-shape", python("np.ones(3)[0:2] = np.ones(3)")),
    ("assign-shape", lambda: ones(2, 3).expand(4, 3)),
    ("join-shapes", lambda: torch.cat([ones(2, 3), ones(2, 4)])),
    ("join-shapes", lambda: torch.cat([ones(2, 3), ones(3)])),
    ("join-shapes", lambda: torch.stack([ones(2), ones(3)])),
    ("join-shapes", lambda: np.concatenate([np.ones((2, 3)), np.ones((2, 4))])),
    ("join-shapes", lambda: np.stack([np.ones(2), np.ones(3)])),
    ("target-size", lambda: F.binary_cross_entropy_with_logits(ones(2, 1), ones(2))),
    ("target-size", lambda: F.cross_entropy(ones(2, 3), torch.tensor([0, 1, 1]))),
    ("view-layout", lambda: ones(2, 3).T.view(6)),
    ("reshape", lambda: ones(2, 3).reshape(4)),
    ("reshape", lambda: np.ones(6).reshape(4, 2)),
    ("conv-channels", lambda: F.conv2d(ones(1, 3, 5, 5), ones(2, 1, 3, 3))),
    ("conv-dims", lambda: F.conv2d(ones(5, 5), ones(2, 1, 3, 3))),
    ("conv-small", lambda: F.conv2d(ones(1, 1, 2, 2), ones(2, 1, 3, 3))),
    ("batch-norm-one", lambda: nn.BatchNorm1d(2)(ones(1, 2))),
    ("index-range", lambda: ones(3)[5]),
    ("index-range", lambda: np.ones(3)[5]),
    ("list-range", python("[1][2]")),
    ("list-range", python("(1,)[2]")),
    ("list-range", python("[].pop()")),
    ("list-range", lambda: F.embedding(torch.tensor([5]), ones(3, 2))),
    ("list-range", lambda: F.cross_entropy(ones(2, 3), torch.tensor([0, 7]))),
    ("index-many", lambda: ones(3)[0, 1]),
    ("index-many", python("np.ones(3)[0, 1]")),
    ("axis-range", lambda: ones(3).sum(dim=2)),
    ("axis-range", lambda: np.ones(3).sum(axis=2)),
    ("index-kind", python("[1][1.0]")),
    ("index-kind", python("range(2.0)")),
    ("index-kind", python("np.ones(3)[1.0]")),
    ("index-kind", python("torch.ones(3)[1.0]")),
    ("mask-shape", lambda: ones(3)[ones(2, dtype=torch.bool)]),
    ("mask-shape", lambda: np.ones(3)[np.ones(2, dtype=bool)]),
    ("one-number", lambda: ones(2).item()),
    ("one-number", lambda: float(np.ones(2))),
    ("truth", lambda: bool(ones(2))),
    ("truth", lambda: bool(np.ones(2))),
    ("ragged", lambda: np.array([[1], [1, 2]])),
    ("ragged", lambda: torch.tensor([[1], [1, 2]])),
    ("read-only", python("np.broadcast_to(1, 3)[0] = 1")),
    ("tensor-wanted", lambda: torch.relu([1.0, 2.0])),  # type: ignore[arg-type]
    ("tensor-wanted", lambda: torch.stack([1.0, 2.0])),  # type: ignore[list-item]
    ("array-wanted", lambda: torch.from_numpy([1])),
    ("parameter-wanted", python("nn.Linear(2, 2).weight = torch.ones(2, 2)")),
    ("list-arithmetic", python("[1] + 1")),
    ("list-arithmetic", python("[1] * 1.5")),
    ("list-arithmetic", python("[1] - [2]")),
    ("list-attribute", python("[1].shape")),
    ("module-init", python("class M(nn.Module):\n def __init__(self): self.l = nn.Linear(2, 2)\nM()")),
    ("attribute", python("np.nonexistent")),
    ("attribute", python("torch.ones(2).shap")),
    ("state-dict", lambda: nn.Linear(2, 2).load_state_dict({})),
    ("wide-character", python("f(x，2)")),  # behind a digit an early 3.11 speaks of a decimal literal
    ("assign-for-equal", python("if a = 1: pass")),
    ("colon", python("def f()\n    return 1")),
    ("bracket", python("f((1, 2)")),
    ("bracket", python("f(1, 2))")),
    ("indentation", python("def f():\nreturn 1")),
    ("indentation", python("a = 1\n  b = 2")),
    ("indentation", python("def f():\n    a = 1\n  b = 2")),
    ("return-outside", python("return 1")),
    ("string-open", python("a = 'abc")),
    ("syntax", python("a = 1 2 b")),
    ("recursion", python("def f(): return f()\nf()")),
    ("division", python("1 / 0")),
    ("key", python("{}['w']")),
    ("memory", lambda: np.ones((10**9, 10**9))),
    ("memory", lambda: ones(10**8, 10**8)),
    ("exit", python("raise SystemExit")),
    ("placeholder", python("raise NotImplementedError('write your answer here | 请在这里作答')")),
    ("module-forward", python("class M(nn.Module): pass\nM()(1)")),
)
# What needs another machine to be provoked, in the words of torch's own source.
QUOTED = (
    ("devices", "RuntimeError", "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"),
    ("devices", "RuntimeError", "Expected all tensors to be on the same device, but got mat2 is on cpu, different from other tensors on cuda:0 (when checking argument in method wrapper_CUDA_mm)"),
    ("devices", "RuntimeError", "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same"),
    ("no-cuda", "AssertionError", "Torch not compiled with CUDA enabled"),
    ("numpy-of-device", "TypeError", "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."),
    ("memory", "OutOfMemoryError", "CUDA out of memory. Tried to allocate 20.00 GiB."),
)  # fmt: skip


def raised(provoke: Callable[[], object]) -> RaisedError:
    try:
        provoke()
    except BaseException as error:
        return describe_error(error)
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(("code", "provoke"), PROVOKED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(PROVOKED)])
@pytest.mark.filterwarnings("ignore")
def test_the_real_message_is_known_and_explained_in_both_languages(code: str, provoke: Callable[[], object]) -> None:
    error = raised(provoke)
    found = meaning_of(error)
    assert found is not None and found.code == code, f"{error.type}: {error.message}"
    words = explain(error)
    assert words is not None and CJK.search(words.zh) and not CJK.search(words.en.replace("，", ""))
    for side in (words.en, words.zh):
        assert "{" not in side and "``" not in side


@pytest.mark.parametrize(("code", "kind", "message"), QUOTED)
def test_messages_of_other_machines(code: str, kind: str, message: str) -> None:
    found = meaning_of(RaisedError(kind, message))
    assert found is not None and found.code == code


def test_every_row_of_the_table_is_provoked() -> None:
    tried = {code for code, _ in PROVOKED} | {code for code, _, _ in QUOTED}
    assert tried == {meaning.code for meaning in MEANINGS}


def test_an_error_at_the_border_is_told_as_one_of_the_result() -> None:
    unpacked = "not enough values to unpack (expected 3, got 2)"
    at_border, inside = explain(RaisedError("ValueError", unpacked)), explain(RaisedError("ValueError", unpacked, 2))
    assert at_border is not None and at_border.en.startswith("Your function returns 2 values; 3 are expected")
    assert inside is not None and "on the left of `=`" in inside.en


def test_an_unknown_error_is_not_explained() -> None:
    assert explain(RaisedError("ValueError", "x must be positive")) is None
    assert explain(RaisedError("MyOwnError", "no")) is None
