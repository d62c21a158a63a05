"""Submissions on a real GPU in the sandbox: what one does to it, the next one does not feel."""

from __future__ import annotations

import pytest
import torch

from tests.gpu import bare

pytestmark = [pytest.mark.gpu, pytest.mark.sandbox]
PROBE = "def probe(ns, case):\n    yield 'y', ns['f'](case['x'])\n"
FULL = "import torch\ndef f(x): return torch.empty(2**44, device=x.device)"
BROKEN = "import torch\ndef f(x): return x[torch.tensor([7], device=x.device)]"
FINE = "import torch\nheld = torch.ones(2**20, device=torch.accelerator.current_accelerator())\ndef f(x): return x + 1"
NODES = "import glob\ndef f(x): return sorted(glob.glob('/dev/nvidia*') + glob.glob('/dev/dri*'))"


def test_one_after_the_other() -> None:
    pytest.importorskip("IPython", reason="the sandbox needs the grader's packages, IPython among them")
    from course_lib.checking.accelerator_errors import fatal, out_of_memory
    from grader.engine import Limits, ProbeJob, SandboxPool, Task
    from grader.engine.accelerators import accelerators_for

    bare.accelerator()
    accelerators = accelerators_for("cuda")
    cases = ({"x": torch.ones(3)}, {"x": torch.zeros(2)})

    with SandboxPool(1, Limits(), accelerators=accelerators[:1]) as pool:

        def seen(cell: str) -> list[object]:
            job = ProbeJob("e", PROBE, cases, 60.0, accelerators[0].inside)
            return list(pool.submit_task(Task((cell,), (job,))).result(300).probes[0].observed)

        free = torch.cuda.mem_get_info()[0]
        assert all(out_of_memory(one.error) for one in seen(FULL))  # type: ignore[attr-defined]
        assert all(fatal(one.error) for one in seen(BROKEN))  # type: ignore[attr-defined]
        fine = seen(FINE)
        assert all(one.error is None and one.values["y"].device == "cuda:0" for one in fine)  # type: ignore[attr-defined]
        assert torch.cuda.mem_get_info()[0] > free - 2**28
        (nodes, _) = seen(NODES)
        shown = {item.data for item in nodes.values["y"].data}  # type: ignore[attr-defined]
        assert shown == {str(node) for node in accelerators[0].nodes}
