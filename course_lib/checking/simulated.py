"""An accelerator for machines without one: tensors that say they are elsewhere and keep real numbers.

A tensor on the simulated device is a shell with a CPU tensor in it. While ``simulated_device()`` is in force, every
operation reaches ``_Device``: it refuses what a GPU would refuse (``device_rules``), computes on the CPU tensors inside
and puts the results into shells again. To torch a shell is on the device ``meta``, the one device besides the CPU that
every build of torch has; ``meta`` itself keeps no numbers, so that ``item()``, masks and every ``if`` would fail on it.
Nothing is registered, and ``torch.Generator`` alone is replaced: after the ``with`` the process is what it was.
"""

from __future__ import annotations

import contextlib
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves

from course_lib.checking.device_rules import strangers, words_of_torch, written
from course_lib.checking.probing import is_students

DEVICE = torch.device("meta")


@dataclass(frozen=True)
class Slip:
    """One thing that a GPU would have refused, or that left the device.

    kind: ``mixed`` (one operation, two devices), ``numpy`` (asked for an array), ``generator`` (random numbers for the
    device from a generator of the CPU), ``drawn`` (the other way round), ``moved`` (``.data`` on the device is given
    one of the CPU), ``refused`` (by torch itself), ``state`` (of the CPU's generator, on the device) or ``returned``
    (a result that is on the CPU).
    operation: torch's name for it, or the property. shapes: of the tensors on the CPU, or of the one that was to be an
    array. line, source_line: the student's line, if any. made_in: the student's line that made the tensor on the CPU,
    where that is another one. error: what torch says on a GPU. origin: whether what is on the CPU was ``made`` there or
    ``fetched`` from the device; "" where there is no such tensor.
    """

    kind: str
    operation: str
    shapes: tuple[tuple[int, ...], ...] = ()
    line: int | None = None
    source_line: str = ""
    made_in: str = ""
    error: str = ""
    origin: str = ""


@dataclass
class Log:
    """What was refused so far, in order."""

    slips: list[Slip] = field(default_factory=list)

    def refuse(self, kind: str, operation: str, culprits: list[torch.Tensor], error: Exception) -> NoReturn:
        """Notes the slip and raises the error."""
        here = _students_line()
        made = next((made for t in culprits if (made := getattr(t, _MADE, None))), None)
        shapes = tuple(tuple(t.shape) for t in culprits)
        made_in = _text_of(made) if made != here else ""
        line, words = here[1] if here else None, _text_of(here)
        self.slips.append(Slip(kind, operation, shapes, line, words, made_in, str(error), origin(culprits)))
        raise error


# What a tensor on the CPU notes while this is in force: which line of the student's made it, and that its numbers came
# from the device.
_MADE = "_made_in_line"
_FETCHED = "_fetched"
_current: Log | None = None


class Shell(torch.Tensor):
    """A tensor on the simulated device; ``inside`` are its numbers."""

    inside: torch.Tensor

    @staticmethod
    def __new__(cls, inside: torch.Tensor) -> Shell:
        shell: Shell = torch.Tensor._make_wrapper_subclass(
            cls,
            inside.shape,
            strides=inside.stride(),
            storage_offset=inside.storage_offset(),
            dtype=inside.dtype,
            device=DEVICE,
        )
        shell.inside = inside
        return shell

    def __init__(self, inside: torch.Tensor) -> None:
        """``__new__`` has done it all; torch.Tensor would take the argument for something else."""

    __torch_function__: Any = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        # Reached only after the device is gone, by a shell that somebody kept: it is a tensor of the CPU by now.
        return func(*_opened(args), **_opened(kwargs or {}))

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"{self.inside!r} on the simulated device"

    def __format__(self, spec: str) -> str:
        return format(self.inside.detach(), spec) if spec else repr(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _from_file, (self.inside, self.requires_grad)

    def tolist(self) -> Any:
        return self.inside.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        if _current is None:
            return self.inside.numpy(force=force)
        if not force:
            _current.refuse("numpy", "numpy", [self], TypeError(NO_ARRAY))
        return self.inside.numpy(force=True).copy()

    def __array__(self, dtype: Any = None) -> Any:
        return self.numpy()

    @property
    def data(self) -> Any:
        return torch.Tensor.data.__get__(self)  # type: ignore[attr-defined]

    @data.setter
    def data(self, value: torch.Tensor) -> None:
        # torch's own setter changes the shell alone: what is inside has to follow.
        if isinstance(value, Shell):
            self.inside = value.inside
        elif _current is not None:
            # A GPU's tensor would silently lie on the CPU from here on. A shell cannot.
            _current.refuse("moved", "data", [value], RuntimeError(MOVED))
        torch.Tensor.data.__set__(self, value)  # type: ignore[attr-defined]


def _from_file(inside: torch.Tensor, requires_grad: bool) -> Shell:
    """torch.load brings a tensor back to the device that it was saved from."""
    return Shell(inside.detach()).requires_grad_(requires_grad)  # type: ignore[return-value]


class _Device(TorchDispatchMode):
    """Carries out every operation, the CPU's own ones, too."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log
        self.draws_there = False  # whether the generator of the call under way is one of the device

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        asked = kwargs.get("device")
        goes_there = asked is not None and torch.device(asked).type == DEVICE.type
        generator = kwargs.get("generator")
        if not goes_there and Shell not in types:
            if generator is not None and self.draws_there:
                self.log.refuse("drawn", _name(func), [], RuntimeError(DRAWN))
            return _remember(func(*args, **kwargs), args)
        if culprits := strangers(func, args, kwargs, _is_shell):
            self.log.refuse("mixed", _name(func), culprits, RuntimeError(words_of_torch(func)))
        stays = goes_there or (asked is None and all(map(_is_shell, written(func, args, kwargs))))
        if stays and generator is not None and not self.draws_there:
            self.log.refuse("generator", _name(func), [], RuntimeError(GENERATOR))
        inner_kwargs = kwargs if asked is None else kwargs | {"device": torch.device("cpu")}
        out = func(*_opened(args), **_opened(inner_kwargs))
        if not stays:
            return _remember(out, args)
        return return_and_correct_aliasing(func, args, kwargs, _each(out, torch.Tensor, Shell))


NO_ARRAY = "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
GENERATOR = "Expected a 'cuda' device type for generator but found 'cpu'"
DRAWN = "Expected a 'cpu' device type for generator but found 'cuda'"
GRADIENT = "invalid gradient at index 0 - expected device cuda:0 but got cpu"
MOVED = "Expected all tensors to be on the same device"


_torch_generator = torch.Generator


class _IsGenerator(type(_torch_generator)):  # type: ignore[misc]
    """Every generator is one of the class that stands in for torch's own, too."""

    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, _torch_generator)


class DeviceGenerator(_torch_generator, metaclass=_IsGenerator):
    """Stands in for ``torch.Generator``: one for the device draws what one of the CPU would, with the same seed."""

    def __new__(cls, device: Any = "cpu") -> Any:
        if torch.device(device).type != DEVICE.type:
            return _torch_generator(device)
        return super().__new__(cls)

    def __init__(self, device: Any = "cpu") -> None:
        """``__new__`` has done it all."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return DEVICE


class _FromData(TorchFunctionMode):
    """What torch does with plain data past every dispatch mode, done where the modes see it.

    ``torch.tensor([1, 2], device=…)`` makes a tensor of ``meta`` without numbers: here it is made on the CPU and moved.
    ``torch.tensor([a, b])`` fetches the numbers of 0-d tensors: here they are numbers already. The list
    in ``x[[0, 2]]`` would become a tensor without numbers, too.
    """

    def __init__(self, device: _Device) -> None:
        super().__init__()
        self.device = device

    backwards = (torch.Tensor.backward, torch.autograd.grad)
    makers = (torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor.new_tensor)
    picks = (torch.Tensor.__getitem__, torch.Tensor.__setitem__)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in self.backwards:
            self._gradients_fit(args, kwargs)
        if func in self.makers:
            return self._make(func, args, kwargs)
        if func in self.picks:
            args = (args[0], _index(args[1]), *args[2:])
        # Past this point a generator is another object each time it is asked for.
        before, self.device.draws_there = self.device.draws_there, type(kwargs.get("generator")) is DeviceGenerator
        try:
            return func(*args, **kwargs)
        finally:
            self.device.draws_there = before

    def _gradients_fit(self, args: Any, kwargs: Any) -> None:
        """A gradient that is handed over lies where its tensor lies, a number aside. Of shells torch asks less."""
        tensors, grads = _several(args[0]), _several(kwargs.get("gradient", kwargs.get("grad_outputs")))
        for tensor, grad in zip(tensors, grads, strict=False):
            if isinstance(grad, torch.Tensor) and grad.ndim and _is_shell(tensor) and not _is_shell(grad):
                self.device.log.refuse("mixed", "backward", [grad], RuntimeError(GRADIENT))

    def _make(self, func: Any, args: Any, kwargs: Any) -> Any:
        args = tuple(_numbers(arg) if isinstance(arg, (list, tuple)) else arg for arg in args)
        if "data" in kwargs:
            kwargs = kwargs | {"data": _numbers(kwargs["data"])}
        data = args[1:] if func is torch.Tensor.new_tensor else args
        if any(isinstance(thing, torch.Tensor) for thing in (*data, kwargs.get("data"))):
            return func(*args, **kwargs)  # a copy of a tensor: operations that the modes see
        asked = kwargs.get("device")
        if func is torch.Tensor.new_tensor:
            like, args, func = args[0], args[1:], torch.tensor
            asked, kwargs = asked or like.device, {"dtype": like.dtype} | kwargs
        if asked is None or torch.device(asked).type != DEVICE.type:
            return func(*args, **kwargs)
        wanted = {name: value for name, value in kwargs.items() if name not in ("device", "requires_grad")}
        return func(*args, **wanted).to(DEVICE).requires_grad_(kwargs.get("requires_grad", False))


@contextlib.contextmanager
def simulated_device() -> Iterator[Log]:
    """While this is in force, there is a second device; the log says what it refused. Not to be nested."""
    global _current
    if _current is not None:
        raise RuntimeError("the simulated device is in force already")
    _current = log = Log()
    try:
        # Backward passes stay on this thread: the modes, and the student's line, are known on it alone.
        usual = torch.get_default_device()
        calm, device = torch.autograd.set_multithreading_enabled(False), _Device(log)
        torch.Generator = DeviceGenerator  # type: ignore[misc]
        with calm, torch.serialization.safe_globals([_from_file]), _FromData(device), device:
            yield log
    finally:
        _current = None
        torch.Generator = _torch_generator  # type: ignore[misc]
        if torch.get_default_device() == DEVICE:  # the student's code has set it; nobody could use the next tensor
            torch.set_default_device(None if usual.type == "cpu" else usual)


def to_device(thing: Any) -> Any:
    """A copy on the simulated device: of a tensor, of what lists, tuples and dicts hold; a module is moved itself."""
    if isinstance(thing, torch.nn.Module):
        return thing.to(DEVICE)
    if _is_shell(thing):
        return thing
    if isinstance(thing, torch.Tensor):
        return Shell(thing.detach()).requires_grad_(thing.requires_grad)
    if isinstance(thing, (list, tuple)):
        return type(thing)(map(to_device, thing))
    if isinstance(thing, dict):
        return {key: to_device(value) for key, value in thing.items()}
    return thing


def home(thing: Any) -> tuple[Any, tuple[bool, ...]]:
    """A value with its tensors back on the CPU, and for each of them, in order, whether it was on the device."""
    if isinstance(thing, torch.Tensor):
        if not isinstance(thing, Shell):
            return thing, (False,)
        return thing.inside.detach().requires_grad_(thing.requires_grad), (True,)
    if isinstance(thing, (list, tuple)):
        items = [home(item) for item in thing]
        return [item for item, _ in items], tuple(where for _, several in items for where in several)
    if isinstance(thing, dict):
        named = {key: home(value) for key, value in thing.items()}
        return {k: item for k, (item, _) in named.items()}, tuple(w for _, ws in named.values() for w in ws)
    return thing, ()


def origin(thing: Any) -> str:
    """Whether the first tensor of the CPU that a thing holds was ``made`` there or ``fetched``; "" without one."""
    for tensor in tree_leaves(thing):
        if isinstance(tensor, torch.Tensor) and not _is_shell(tensor):
            return "fetched" if getattr(tensor, _FETCHED, False) else "made"
    return ""


def _students_line() -> tuple[str, int] | None:
    """The deepest line that is being executed and is the student's: the name of its file and its number."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if is_students(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def _text_of(line: tuple[str, int] | None) -> str:
    return linecache.getline(*line).strip()[:300] if line is not None else ""


def _several(things: Any) -> Any:
    return things if isinstance(things, (list, tuple)) else (things,)


def _is_shell(thing: object) -> bool:
    return isinstance(thing, Shell)


def _opened(things: Any) -> Any:
    return _each(things, Shell, lambda shell: shell.inside)


def _each(things: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """tree_map_only for the few kinds of trees that operations take and give, in a fraction of its time."""
    if isinstance(things, kind):
        return change(things)
    if isinstance(things, (tuple, list)):
        return type(things)([_each(thing, kind, change) for thing in things])
    if isinstance(things, dict):
        return {key: _each(thing, kind, change) for key, thing in things.items()}
    return things


def _index(index: Any) -> Any:
    if isinstance(index, (list, range)):
        return torch.tensor(_numbers(list(index)), dtype=None if index else torch.int64)
    return tuple(map(_index, index)) if isinstance(index, tuple) else index


def _numbers(items: Any) -> Any:
    if isinstance(items, (list, tuple)):
        return [_numbers(item) for item in items]
    return items.tolist() if _is_shell(items) else items


def _remember(out: Any, args: Any) -> Any:
    """Notes on new tensors of the CPU which line of the student's made them, and whether any number was fetched."""
    new = [made for made in tree_leaves(out) if isinstance(made, torch.Tensor)]
    if new := [made for made in new if not any(made is given for given in args)]:
        line, fetched = _students_line(), any(_is_shell(a) or getattr(a, _FETCHED, False) for a in tree_leaves(args))
        for made in new:
            setattr(made, _MADE, line)
            setattr(made, _FETCHED, fetched)
    return out


def _name(func: Any) -> str:
    return str(func._schema.name).removeprefix("aten::").strip("_")
