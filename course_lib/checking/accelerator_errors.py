"""What an accelerator's own errors mean for whatever runs next. Needs no torch."""

from __future__ import annotations

from course_lib.checking.results import RaisedError

# Said where a kernel failed on the device: its context is of no use any more, nor is the process.
_FATAL = ("device-side assert", "CUDA error", "HIP error", "unspecified launch failure", "illegal memory access")
_FULL = "out of memory"


def fatal(error: RaisedError | None) -> bool:
    """Whether the process that this error was raised in can do nothing more on its accelerator."""
    return error is not None and not out_of_memory(error) and any(sign in error.message for sign in _FATAL)


def out_of_memory(error: RaisedError | None) -> bool:
    """Whether a device had no memory left. What was allocated goes back with the process."""
    return error is not None and error.type in ("OutOfMemoryError", "RuntimeError") and _FULL in error.message
