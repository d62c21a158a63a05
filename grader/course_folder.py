"""The folder that a class is graded into: an nbgrader course of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from course_lib.text import Text
from grader.course import Course

CONFIG = "nbgrader_config.py"
BAD_CONFIG = Text(en="{file} cannot be read: {error}", zh="无法读取 {file}：{error}")
TEMPLATE = '''"""Written by `grader grade`: with it, nbgrader's commands and its formgrader page work in this folder."""

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
    config = out / CONFIG
    if not config.exists():
        try:
            source = os.path.relpath(course.root / "notebooks", out)
        except ValueError:  # another drive on Windows
            source = str(course.root / "notebooks")
        config.write_text(TEMPLATE.format(source=source), encoding="utf-8")


def read_config(path: Path) -> Config:
    """What an ``nbgrader_config.py`` says; empty where there is none. Raises ValueError where it cannot be read."""
    if not path.is_file():
        return Config()
    try:
        with importable(path.parent):
            return PyFileConfigLoader(path.name, str(path.parent)).load_config()
    except Exception as error:
        raise ValueError(BAD_CONFIG.format(file=path, error=f"{type(error).__name__}: {error}").say("both")) from None


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Meanwhile, what lies in a folder can be imported, as it can where nbgrader runs in that folder."""
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def write_whole(path: Path, blob: bytes) -> None:
    """Whole or not at all, over a file that nbgrader may have made read-only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_bytes(blob)
    unfinished.replace(path)
