"""Whether the report that lies in a folder is the one that would be written: then writing it again is waiting for
nothing, which a second run over a class should not be.

The state is a hash over everything that a report reads, and the hashes of the pages that were made of it. A page that
was edited, cut off or removed is written anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course_folder import write_whole

if TYPE_CHECKING:
    from grader.report_data import Findings

FILE = ".state.json"
GRADER = Path(__file__).parent
_CODE = ("report*.py", "charts.py", "sheet.py", "templating.py", "analysis/*.py", "templates/*.html", "templates/*.css")


def state_of(findings: Findings) -> str | None:
    """A hash of all that goes into a report; None where that is not known."""
    if findings.sources is None:
        return None
    digest = hashlib.sha256(_code())
    told = (findings.receipts, sorted(findings.final.items()), sorted(findings.titles.items()), findings.failures)
    files = (findings.refused, findings.ignored, findings.remarks, findings.people, findings.folder)
    digest.update(repr((told, files)).encode("utf-8", "backslashreplace"))
    for line in findings.sources.state(findings.lessons()):
        digest.update(line.encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def is_written(folder: Path, state: str | None) -> bool:
    """Whether the pages in a folder are those of this state, whole and as they were written."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return bool(
            state is not None
            and kept["state"] == state
            and kept["pages"]
            and all(_hash(folder / name) == value for name, value in kept["pages"].items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def keep(folder: Path, state: str | None, pages: Sequence[Path]) -> None:
    """Puts the state beside its pages; nothing where it is not known."""
    (folder / FILE).unlink(missing_ok=True)
    if state is not None:
        about = {"state": state, "pages": {page.name: _hash(page) for page in pages}}
        write_whole(folder / FILE, json.dumps(about, indent=1).encode())


def stats(folder: Path, pattern: str) -> Iterator[str]:
    """Name, size and time of files, which say as much as reading them would."""
    for path in sorted(folder.glob(pattern)):
        about = path.stat()
        yield f"{path.relative_to(folder)} {about.st_size} {about.st_mtime_ns}\n"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _code() -> bytes:
    """What the pages are made with."""
    paths = sorted(path for pattern in _CODE for path in GRADER.glob(pattern))
    return "".join(_hash(path) for path in paths).encode()
