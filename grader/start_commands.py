"""The files that a student starts the course with, one per system.

They only look for a Python that fits and call ``python -m course_lib start`` with it; what there is to decide, and
every sentence, stands in course_lib/start.py.
"""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).with_name("templates") / "start"


def start_commands() -> dict[str, bytes]:
    """start.sh, the same for macOS under the name that its Finder opens, and start.bat with Windows' line ends."""
    shell = _text("start.sh").encode("utf-8")
    batch = _text("start.bat").replace("\n", "\r\n").encode("ascii")
    return {"start.sh": shell, "start.command": shell, "start.bat": batch}


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
