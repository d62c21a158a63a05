"""Full float32 and repeatable kernels: what is set, and that all of it is given back. torch keeps these settings in
every build, so no accelerator is needed."""

import os
import subprocess
import sys

import pytest
import torch

from course_lib.precision import FIXED_WORKSPACE, WORKSPACE, exact_kernels, keep_kernels_exact

EXACT = {
    "cuda matmul": "ieee",
    "cudnn conv": "ieee",
    "cudnn rnn": "ieee",
    "mkldnn matmul": "ieee",
    "mkldnn conv": "ieee",
    "mkldnn rnn": "ieee",
    "matmul": "highest",
    "tf32 in products": False,
    "tf32 in convolutions": False,
    "benchmark": False,
    "deterministic": True,
    "algorithms": (True, True),
}


def settings():
    """Every setting that has to do with it, asked for under torch's own names, old and new."""
    cuda, cudnn, mkldnn = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
    return {
        "cuda matmul": cuda.matmul.fp32_precision,
        "cudnn conv": cudnn.conv.fp32_precision,
        "cudnn rnn": cudnn.rnn.fp32_precision,
        "mkldnn matmul": mkldnn.matmul.fp32_precision,
        "mkldnn conv": mkldnn.conv.fp32_precision,
        "mkldnn rnn": mkldnn.rnn.fp32_precision,
        "matmul": torch.get_float32_matmul_precision(),
        "tf32 in products": cuda.matmul.allow_tf32,
        "tf32 in convolutions": cudnn.allow_tf32,
        "benchmark": cudnn.benchmark,
        "deterministic": cudnn.deterministic,
        "algorithms": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
    }


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    monkeypatch.delenv(WORKSPACE, raising=False)
    before = settings()
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = before["tf32 in convolutions"]
    torch.backends.cuda.matmul.fp32_precision = before["cuda matmul"]
    torch.backends.mkldnn.matmul.fp32_precision = before["mkldnn matmul"]
    torch.backends.cudnn.benchmark = before["benchmark"]
    torch.use_deterministic_algorithms(before["algorithms"][0], warn_only=before["algorithms"][1])
    assert settings() == before


def test_all_is_exact_inside_and_given_back():
    before = settings()
    assert before["tf32 in convolutions"] and not before["deterministic"]  # torch's own choice, in every build
    with exact_kernels():
        assert settings() == EXACT
        assert os.environ[WORKSPACE] == FIXED_WORKSPACE
    assert settings() == before
    assert WORKSPACE not in os.environ


def test_what_a_student_chose_is_overruled_and_given_back(monkeypatch):
    monkeypatch.setenv(WORKSPACE, ":16:8")
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    torch.use_deterministic_algorithms(True)
    before = settings()
    assert before["tf32 in products"]
    with exact_kernels():
        assert settings() == EXACT
        assert os.environ[WORKSPACE] == ":16:8"  # the other value that NVIDIA allows
    assert settings() == before


def test_an_error_inside_gives_it_back_too():
    before = settings()
    with pytest.raises(ZeroDivisionError), exact_kernels():
        1 / 0  # noqa: B018
    assert settings() == before


def test_old_and_new_names_that_contradict_each_other_are_no_obstacle():
    torch.set_float32_matmul_precision("high")
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    with pytest.raises(RuntimeError, match="mix of the legacy and new"):
        _ = torch.backends.cuda.matmul.allow_tf32
    with exact_kernels():
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
    assert torch.backends.cuda.matmul.fp32_precision == "ieee"


def test_the_rest_of_the_process_only_where_there_is_an_accelerator(monkeypatch):
    before = settings()
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    keep_kernels_exact()
    assert settings() == before
    monkeypatch.setenv("COURSE_DEVICE", "cuda")
    with exact_kernels():  # gives back what the next line sets
        torch.backends.cudnn.allow_tf32 = True
        keep_kernels_exact()
        assert settings() == EXACT
    assert settings() == before


def test_nothing_is_said_and_torch_comes_late():
    code = (
        "import sys; from course_lib.precision import exact_kernels; assert 'torch' not in sys.modules\n"
        "with exact_kernels(): sys.modules['torch'].ones(3, 3) @ sys.modules['torch'].ones(3, 3)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
