"""The recorded graph, as data and as a picture."""

from __future__ import annotations

import pytest

from course_lib import COLOURS
from course_lib._style import PALE
from course_lib.recorded_graph import Function, autograd_graph, in_words, recorded


def test_functions_inputs_saved_values_and_leaves() -> None:
    import torch

    w = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor(0.5, requires_grad=True)
    c = torch.ones(2)
    assert recorded((w * b * c).sum(), w=w, b=b) == [
        Function("SumBackward0", inputs=(1,)),
        Function("MulBackward0", saved=("other",), inputs=(2,)),  # c is needed for the slope of w * b; nobody wants c's
        Function("MulBackward0", saved=("other", "self"), inputs=(3, 4)),
        Function("AccumulateGrad", leaf="w [2]"),
        Function("AccumulateGrad", leaf="b"),
    ]


def test_a_value_used_twice_is_one_function_with_two_ways_to_it() -> None:
    import torch

    w = torch.tensor([1.0, 2.0], requires_grad=True)
    e = w.exp()
    assert [f.inputs for f in recorded(e * e)] == [(1, 1), (2,), ()]
    assert in_words(e + e * e, w=w) == (
        "0 AddBackward0 → 1, 2; 1 ExpBackward0 (result) → 3; 2 MulBackward0 (other, self) → 1, 1; "
        "3 AccumulateGrad → w [2]"
    )
    _, ax = autograd_graph(e * e, w=w)
    assert "×2" in [text.get_text() for text in ax.texts]


def test_what_backward_released_is_shown_as_released() -> None:
    import torch

    w = torch.tensor(2.0, requires_grad=True)
    loss = w * w
    assert not recorded(loss)[0].freed
    loss.backward()
    assert recorded(loss)[0] == Function("MulBackward0", freed=True, inputs=(1, 1))
    _, ax = autograd_graph(loss, w=w)
    assert any("saved values freed" in text.get_text() for text in ax.texts)


def test_leaves_and_functions_look_different_and_none_overlaps() -> None:
    import torch

    u, w = (torch.ones(3, requires_grad=True) for _ in range(2))
    _, ax = autograd_graph(((u * w).exp() + u).sum(), "loss", u=u, w=w)
    boxes = [patch for patch in ax.patches if hasattr(patch, "get_boxstyle")]
    fills = [patch.get_facecolor() for patch in boxes]
    from matplotlib.colors import to_rgba

    assert fills.count(to_rgba(PALE["grey"])) == 4  # sum, add, exp, mul
    assert fills.count(to_rgba(PALE["blue"])) == 3  # loss, u, w
    assert {patch.get_edgecolor() for patch in boxes} == {to_rgba(COLOURS["blue"]), to_rgba(COLOURS["black"])}
    extents = [patch.get_path().get_extents(patch.get_patch_transform()) for patch in boxes]
    assert not any(a.overlaps(b) for i, a in enumerate(extents) for b in extents[i + 1 :])


def test_a_tensor_without_a_record_is_refused() -> None:
    import torch

    with pytest.raises(ValueError, match="nothing was recorded"):
        recorded(torch.ones(2))
