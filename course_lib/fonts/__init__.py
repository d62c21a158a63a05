"""The Chinese font that ships with the course.

``CourseSansSC-Regular.otf`` is a subset of Noto Sans CJK SC under a name of its own (a system's Noto must not be
taken for it): GB 2312 level 1, every character of the course's texts, Latin, Greek and common signs. Its licence is
the SIL Open Font License in OFL.txt. ``grader build-font`` makes it again.
"""

from __future__ import annotations

from pathlib import Path

FAMILY = "Course Sans SC"
FONT_FILE = Path(__file__).with_name("CourseSansSC-Regular.otf")
