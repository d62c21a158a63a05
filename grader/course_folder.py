"""The folder that a class is graded into: an nbgrader course of its own."""

from __future__ import annotations

import os
from pathlib import Path

from grader.course import Course

CONFIG = '''"""Written by `grader grade`: with it, nbgrader's commands and its formgrader page work in this folder."""

from pathlib import Path

from grader.nbgrader_plugins import configure

configure(get_config(), source={source!r}, root=Path(__file__).parent)  # noqa: F821

# What handing in late costs: a tenth of the score for each day that is begun. Without these lines, nothing.
# 迟交扣分：每迟一天扣得分的一成，不足一天按一天计。不写下面两行就不扣分。
# get_config().AssignLatePenalties.plugin_class = "grader.lateness.PerDay"  # noqa: F821
# get_config().PerDay.share = 0.1  # noqa: F821
'''


def prepare(out: Path, course: Course) -> None:
    """Makes a folder an nbgrader course; an instructor's own nbgrader_config.py in it stays."""
    out.mkdir(parents=True, exist_ok=True)
    config = out / "nbgrader_config.py"
    if not config.exists():
        try:
            source = os.path.relpath(course.root / "notebooks", out)
        except ValueError:  # another drive on Windows
            source = str(course.root / "notebooks")
        config.write_text(CONFIG.format(source=source), encoding="utf-8")


def write_whole(path: Path, blob: bytes) -> None:
    """Whole or not at all, over a file that nbgrader may have made read-only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_bytes(blob)
    unfinished.replace(path)
