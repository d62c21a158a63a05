"""The newer release as a folder, whatever it came as: a folder, or a zip with the bundle at its top or one level below.

Nothing of a zip is written outside the folder that it is unpacked to, and no more than a bundle can be.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from course_lib.bundle import MANIFEST
from course_lib.text import Text
from course_lib.updating import words
from course_lib.updating.bundles import Refused, is_inside

MOST_BYTES, MOST_FILES = 2**30, 20_000

UNSAFE = Text(en="it would write outside its folder ({name})", zh="它会写到自己的文件夹之外（{name}）")
TOO_LARGE = Text(en="it is larger than a bundle of this course can be", zh="它比本课程的课程包大得多")
DAMAGED = Text(en="it is damaged ({error})", zh="文件已损坏（{error}）")


@contextlib.contextmanager
def as_folder(place: Path) -> Iterator[Path]:
    """The folder that holds the bundle, as long as the context lasts. Raises Refused where there is none."""
    if place.is_dir():
        yield _bundle_in(place)
        return
    if not place.is_file() or not zipfile.is_zipfile(place):
        raise Refused(words.NO_BUNDLE.format(place=place))
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        _unpack(place, Path(folder))
        yield _bundle_in(Path(folder))


def _bundle_in(folder: Path) -> Path:
    """The folder itself, or the only one in it that holds a bundle."""
    if (folder / MANIFEST).is_file():
        return folder
    inner = [one for one in sorted(folder.iterdir()) if (one / MANIFEST).is_file()]
    if len(inner) != 1:
        raise Refused(words.NO_BUNDLE.format(place=folder))
    return inner[0]


def _unpack(place: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(place) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            for one in members:
                if not is_inside(one.filename) or stat.S_ISLNK(one.external_attr >> 16):
                    raise Refused(words.BAD_ZIP.format(place=place, why=UNSAFE.format(name=one.filename)))
            if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_BYTES:
                raise Refused(words.BAD_ZIP.format(place=place, why=TOO_LARGE))
            for one in members:
                target = folder.joinpath(*PurePosixPath(one.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                # A member that holds more than it says fails by its checksum, after what it said.
                with archive.open(one) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError) as error:
        why = DAMAGED.format(error=str(error) or type(error).__name__)
        raise Refused(words.BAD_ZIP.format(place=place, why=why)) from None
