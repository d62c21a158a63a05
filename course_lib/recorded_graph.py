"""The graph that autograd has recorded behind a tensor: as data, and as a picture.

    w = torch.tensor([1.0, 2.0], requires_grad=True)
    fig, ax = autograd_graph((w * w).sum(), w=w)

Read from left to right it is the order in which ``backward`` walks: from the result to the leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from course_lib._graph import Edge, Node, computation_graph
from course_lib.text import Text

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESULT = Text(en="result", zh="结果")
SAVES = Text(en="saves {names}", zh="保存 {names}")
FREED = Text(en="saved values freed", zh="保存的值已释放")
_SAVED = "_saved_"
_ACCUMULATE = "AccumulateGrad"


@dataclass(frozen=True)
class Function:
    """One node that autograd recorded.

    name: as torch prints it, such as "MulBackward0". saved: the tensors that it keeps for the way back, by the names
    of the operation's arguments; freed: whether they were released by a backward. leaf: for AccumulateGrad the leaf
    tensor's name and shape. inputs: the indices of the nodes that the gradient is handed on to, one for each argument
    that needs one (the same index twice where a value is used twice).
    """

    name: str
    saved: tuple[str, ...] = ()
    freed: bool = False
    leaf: str | None = None
    inputs: tuple[int, ...] = ()


def recorded(result: torch.Tensor, **names: torch.Tensor) -> list[Function]:
    """The nodes behind a tensor, the result's own first; each of them once, in the order in which they are reached.

    names: leaf tensors by the name to show. Raises ValueError for a tensor that nothing was recorded for.
    """
    if result.grad_fn is None:
        raise ValueError("nothing was recorded for this tensor: its grad_fn is None")
    order: list[Any] = [result.grad_fn]
    inputs: list[tuple[int, ...]] = []
    for node in order:
        for child, _ in node.next_functions:
            if child is not None and child not in order:
                order.append(child)
        inputs.append(tuple(order.index(child) for child, _ in node.next_functions if child is not None))
    return [_function(node, ends, names) for node, ends in zip(order, inputs, strict=True)]


def _function(node: Any, inputs: tuple[int, ...], names: dict[str, torch.Tensor]) -> Function:
    import torch

    kind = type(node).__name__
    if kind == _ACCUMULATE:
        variable = node.variable
        name = next((given for given, tensor in names.items() if tensor is variable), "")
        shape = list(variable.shape) or ""
        return Function(kind, leaf=f"{name} {shape}".strip() or "[]", inputs=inputs)
    saved, freed = [], False
    for attribute in dir(node):
        if attribute.startswith(_SAVED):
            try:
                value = getattr(node, attribute)
            except RuntimeError:  # "Trying to backward through the graph a second time": what was saved is gone
                freed = True
                continue
            if isinstance(value, torch.Tensor):
                saved.append(attribute.removeprefix(_SAVED))
    return Function(kind, tuple(saved), freed, None, inputs)


def autograd_graph(
    result: torch.Tensor, result_name: Text | str = RESULT, width: float = 7.6, **names: torch.Tensor
) -> tuple[Figure, Axes]:
    """Draw the graph behind a tensor, from the result on the left to the leaves on the right; (figure, axes).

    Grey boxes are the recorded functions, with the names of what they save. Blue boxes are where tensors stand: the
    result, and the leaves, whose ``.grad`` their AccumulateGrad adds to. names: leaves by the name to show.
    Raises ValueError for a tensor that nothing was recorded for.
    """
    functions = recorded(result, **names)
    places = _places(functions)
    nodes: dict[str, Node] = {"result": Node(result_name, at=(0, 0))}
    edges = [Edge("result", "0")]
    for index, function in enumerate(functions):
        words = [function.name]
        if function.leaf is not None:
            words.append(function.leaf)
        elif function.freed:
            words.append(FREED.say())
        elif function.saved:
            words.append(SAVES.format(names=", ".join(function.saved)).say())
        kind: Literal["data", "function"] = "function" if function.leaf is None else "data"
        nodes[str(index)] = Node("\n".join(words), kind, at=places[index])
        for end in dict.fromkeys(function.inputs):
            times = function.inputs.count(end)
            edges.append(Edge(str(index), str(end), label=f"×{times}" if times > 1 else ""))
    return computation_graph(nodes, edges, width=width)


def _places(functions: list[Function]) -> list[tuple[float, float]]:
    """(column, row) of every node: the column is the longest way from the result; the longest way is in the middle."""
    depth, height = [1] * len(functions), [0] * len(functions)
    for _ in functions:  # as often as the longest way can be long
        for index, function in enumerate(functions):
            for end in function.inputs:
                depth[end] = max(depth[end], depth[index] + 1)
                height[index] = max(height[index], height[end] + 1)
    places: list[tuple[float, float]] = [(0.0, 0.0)] * len(functions)
    for column in set(depth):
        members = [index for index, at in enumerate(depth) if at == column]
        for place, index in enumerate(sorted(members, key=lambda member: -height[member])):
            places[index] = (float(column), (place + 1) // 2 * (-1.0 if place % 2 else 1.0))
    return places


def in_words(result: torch.Tensor, **names: torch.Tensor) -> str:
    """The graph as one line per function, for a figure's alternative: ``0 MulBackward0 (saves self, other) → 1, 2``."""
    lines = []
    for index, function in enumerate(recorded(result, **names)):
        about = f" ({', '.join(function.saved)})" if function.saved else ""
        ends = ", ".join(map(str, function.inputs)) if function.leaf is None else function.leaf
        lines.append(f"{index} {function.name}{about} → {ends}")
    return "; ".join(lines)
