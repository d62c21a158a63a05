"""Finds the submissions in a folder or a zip, and accounts for every file that it sees.

Three shapes are understood, also mixed: nbgrader's ``submitted/<student>/<lesson>/<lesson>.ipynb``; one folder per
student (as Moodle's downloads are, ``Name_123_assignsubmission_file_/``); loose files ``<student>_<lesson>.ipynb`` or
``<student>.ipynb``. Links are never followed, nothing is unpacked to disk, and what a zip claims about sizes is not
believed.
"""

from __future__ import annotations

import datetime
import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from course_lib.text import Text
from grader.naming import lesson_of, student_of
from grader.opening import MAX_BYTES

MAX_FILES = 20_000
MAX_UNPACKED = 2 * 2**30  # bytes of a whole zip
_IGNORED = (".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git")

LINK = Text(en="a link; links are not followed", zh="这是链接；不会跟随链接")
UNSAFE = Text(en="its path leads out of the archive", zh="其路径指向压缩包之外")
TOO_LARGE = Text(en="too large to be a notebook", zh="太大，不可能是笔记本")
BOMB = Text(en="the archive unpacks to more than {most} MB and was refused", zh="压缩包解压后超过 {most} MB，拒绝处理")
TOO_MANY = Text(en="more than {most} files; the rest was not looked at", zh="文件超过 {most} 个，其余未处理")
LOCKED = Text(en="the archive is protected by a password", zh="压缩包有密码保护")
BROKEN = Text(en="the archive is damaged", zh="压缩包已损坏")
NESTED = Text(en="an archive inside an archive; unpack it first", zh="压缩包里还有压缩包；请先解压")
NO_LESSON = Text(en="no lesson of this course could be recognised in it", zh="无法识别它属于本课程的哪一课")
OLDER = Text(
    en="another file of the same student and lesson was graded: {name}", zh="已评阅同一学生同一课的另一个文件：{name}"
)
NOT_NOTEBOOK = Text(en="not a notebook", zh="不是笔记本")
NOTHING = Text(en="this student's folder holds no notebook", zh="该学生的文件夹里没有笔记本")


@dataclass(frozen=True)
class Submission:
    """One notebook to grade. name: where it was found, for people. read: its bytes, at most MAX_BYTES + 1 of them."""

    student: str
    lesson: str
    name: str
    read: Callable[[], bytes]
    timestamp: datetime.datetime | None = None
    modified: float = 0.0


@dataclass
class Collected:
    """What a place held. refused: files that somebody should look at; ignored: files that are of no concern."""

    submissions: list[Submission] = field(default_factory=list)
    refused: list[tuple[str, Text]] = field(default_factory=list)
    ignored: list[tuple[str, Text]] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    parts: tuple[str, ...]
    read: Callable[[], bytes]
    modified: float

    @property
    def name(self) -> str:
        return "/".join(self.parts)


def collect(place: Path, lessons: Sequence[str], lesson: str | None = None) -> Collected:
    """The submissions at a place. lessons: the ids that the course has; lesson: the only one wanted.

    Raises FileNotFoundError where there is nothing at all, ValueError where the place is neither folder nor zip.
    """
    if not place.exists():
        raise FileNotFoundError(f"{place} does not exist")
    found = Collected()
    if place.is_dir():
        if (place / "submitted").is_dir():
            place = place / "submitted"
        files = list(_in_folder(place, found))
    elif zipfile.is_zipfile(place):
        files = list(_in_zip(place, found))
    elif place.suffix == ".ipynb":
        files = [_on_disk(place, (place.name,))]
    else:
        raise ValueError(f"{place} is neither a folder nor a zip nor a notebook")
    _sort_out(_without_wrapper(files, lessons), lessons, lesson, found)
    return found


def _in_folder(root: Path, found: Collected) -> Iterator[_File]:
    count = 0
    waiting = [root]
    while waiting:
        folder = waiting.pop(0)
        entries = sorted(folder.iterdir())
        for path in entries:
            parts = path.relative_to(root).parts
            if path.is_symlink():
                found.refused.append(("/".join(parts), LINK))
            elif path.is_dir():
                if path.name in _IGNORED:
                    found.ignored.append(("/".join(parts), NOT_NOTEBOOK))
                else:
                    waiting.append(path)
            elif path.is_file():
                count += 1
                if count > MAX_FILES:
                    found.refused.append((root.name, TOO_MANY.format(most=MAX_FILES)))
                    return
                if zipfile.is_zipfile(path) and path.suffix == ".zip":
                    yield from _in_zip(path, found, (*parts[:-1], path.stem))
                else:
                    yield _on_disk(path, parts)
            else:
                found.refused.append(("/".join(parts), NOT_NOTEBOOK))
        if not entries and folder != root:
            found.refused.append(("/".join(folder.relative_to(root).parts), NOTHING))


def _on_disk(path: Path, parts: tuple[str, ...]) -> _File:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)

    return _File(parts, read, path.stat().st_mtime)


def _in_zip(path: Path, found: Collected, above: tuple[str, ...] = ()) -> Iterator[_File]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        found.refused.append((path.name, BROKEN))
        return
    if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_UNPACKED:
        found.refused.append((path.name, BOMB.format(most=MAX_UNPACKED // 2**20)))
        return
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        why = None
        if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
            why = UNSAFE
        elif stat.S_ISLNK(entry.external_attr >> 16):
            why = LINK
        elif entry.flag_bits & 1:
            why = LOCKED
        elif name.endswith(".zip"):
            why = NESTED
        if why is not None:
            found.refused.append((f"{path.name}:{name[:200]}", why))
        elif not entry.is_dir():
            stamp = datetime.datetime(*entry.date_time, tzinfo=datetime.UTC).timestamp() if _sane(entry) else 0.0
            yield _File((*above, *parts), _unpacker(path, entry), stamp)


def _sane(entry: zipfile.ZipInfo) -> bool:
    _, month, day, hour, minute, second = entry.date_time
    return 1 <= month <= 12 and 1 <= day <= 28 and hour < 24 and minute < 60 and second < 60


def _unpacker(path: Path, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
            return file.read(MAX_BYTES + 1)

    return read


def _without_wrapper(files: list[_File], lessons: Sequence[str]) -> list[_File]:
    """Takes away folders that everything lies in, as `submitted/` inside a zip."""
    while files and all(len(f.parts) > 1 for f in files) and len({f.parts[0] for f in files}) == 1:
        first = files[0].parts[0]
        if first != "submitted" and not any(len(f.parts) > 3 for f in files):
            break
        files = [_File(f.parts[1:], f.read, f.modified) for f in files]
    return files


def _sort_out(files: list[_File], lessons: Sequence[str], only: str | None, found: Collected) -> None:
    stamps = {f.parts[:-1]: f for f in files if f.parts[-1] == "timestamp.txt"}
    best: dict[tuple[str, str], tuple[tuple[bool, float], Submission]] = {}
    for file in files:
        if any(part in _IGNORED or part.startswith("._") for part in file.parts) or file.parts[-1] == ".DS_Store":
            found.ignored.append((file.name, NOT_NOTEBOOK))
        elif not file.parts[-1].lower().endswith(".ipynb"):
            (found.ignored if file.parts[-1] == "timestamp.txt" else found.refused).append((file.name, NOT_NOTEBOOK))
        elif (lesson := lesson_of(file.parts, file.read, lessons, only)) is None:
            found.refused.append((file.name, NO_LESSON))
        elif only is not None and lesson != only:
            found.ignored.append((file.name, NO_LESSON))
        else:
            student = student_of(file.parts, lesson)
            stamp = _timestamp(stamps.get(file.parts[:-1]))
            this = Submission(student, lesson, file.name, file.read, stamp, file.modified)
            rank = (file.parts[-1] == f"{lesson}.ipynb", file.modified)
            known = best.get((student, lesson))
            if known is None or rank > known[0]:
                best[student, lesson] = (rank, this)
            loser = known[1] if known is not None and rank > known[0] else this if known is not None else None
            if loser is not None:
                found.refused.append((loser.name, OLDER.format(name=best[student, lesson][1].name)))
    found.submissions = sorted((s for _, s in best.values()), key=lambda s: (s.lesson, s.student))
    with_one = {s.name.split("/")[0] for s in found.submissions}
    for folder in sorted({f.parts[0] for f in files if len(f.parts) > 1} - with_one):
        if not any(name.split("/")[0] == folder for name, _ in (*found.refused, *found.ignored)):
            found.refused.append((folder, NOTHING))


def _timestamp(file: _File | None) -> datetime.datetime | None:
    from nbgrader.utils import parse_utc

    if file is None:
        return None
    try:
        stamp = parse_utc(file.read()[:200].decode().strip())
    except (ValueError, OverflowError, OSError, zipfile.BadZipFile):
        return None
    return stamp if isinstance(stamp, datetime.datetime) else None
