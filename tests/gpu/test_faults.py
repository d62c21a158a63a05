"""What goes wrong on an accelerator stays with whoever did it: memory comes back, and the next one is served."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from tests.gpu import bare

pytestmark = pytest.mark.gpu
ROOT = Path(__file__).resolve().parents[2]
RUN = """
from course_lib.checking.accelerator_errors import fatal, out_of_memory
from course_lib.checking.elsewhere import observe_on
from course_lib.checking.probing import compile_probe
from course_lib.checking.values import observe
import torch
probe = compile_probe("def probe(ns, case):\\n    yield 'y', ns['f'](case['x'])\\n")
def seen(f, device):
    return observe_on(device, probe, {"f": f}, {"x": observe(torch.ones(3))})
"""
FULL = """
bad = seen(lambda x: torch.empty(2**44, device=x.device), device)
assert bad.error is not None and out_of_memory(bad.error), bad.error
good = seen(lambda x: x + 1, device)
assert good.error is None and good.values["y"].device.startswith(device.split(":")[0])
"""
BROKEN = """
bad = seen(lambda x: x[torch.tensor([7], device=x.device)], device)
assert fatal(bad.error), bad.error
after = seen(lambda x: x + 1, device)
assert fatal(after.error), "the context should be of no use any more"
"""


def own_process(program: str, device: str) -> None:
    text = textwrap.dedent(RUN) + f"device = {device!r}\n" + program
    ran = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]


def cuda() -> str:
    device = bare.accelerator()
    if device.type != "cuda":
        pytest.skip(f"{device.type} has neither of these faults")
    return "cuda:0"


def test_a_full_memory_is_told_and_the_process_goes_on() -> None:
    own_process(FULL, cuda())


def test_a_kernel_that_fails_costs_its_process_and_no_other() -> None:
    device = cuda()
    free = torch.cuda.mem_get_info()[0]
    own_process(BROKEN, device)
    own_process("assert seen(lambda x: x + 1, device).error is None\n", device)
    assert torch.cuda.mem_get_info()[0] > free - 2**28, "its memory came back with its process"
