"""Makes ``import torchvision`` work where its compiled part was built against another torch.

The usual wheel of torchvision is built against the CUDA build of torch; beside a CPU-only torch its library cannot
load, and the import stops with "operator torchvision::nms does not exist", although data sets, transforms and models
need no compiled operator. Declaring the missing operators' schemas, and nothing else, lets the import go on. Where
the two match, nothing happens. After a repair ``torchvision.ops.nms`` and ``torchvision.io.read_image`` stay
unavailable (read images with Pillow).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# A torch.library.Library takes its declarations back when it is collected.
_declared: list[object] = []


def watch() -> None:
    """Have the first ``import torchvision`` of this process repaired if it needs it. Imports nothing now."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def was_repaired() -> bool:
    """True once operators had to be declared, so that torchvision's own compiled ones are not there."""
    return bool(_declared)


class _Finder(MetaPathFinder):
    """Finds torchvision where it lies, and hands it to a loader that can try twice."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torchvision":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, str(spec.loader.path))
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        try:
            super().exec_module(module)
        except RuntimeError as error:
            if "operator torchvision::" not in str(error):
                raise
            _declare_missing()
            for name in [n for n in sys.modules if n.startswith("torchvision.")]:
                del sys.modules[name]
            super().exec_module(module)


def _declare_missing() -> None:
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    _declared.append(library)
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
