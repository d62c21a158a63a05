"""Reads folders and zips that anybody may have made, safely, and accounts for every file that it sees.

Links are never followed, nothing is unpacked to disk, and what a zip claims about sizes is not believed: bytes are
counted as they are read, over all levels of archives inside archives.
"""

from __future__ import annotations

import datetime
import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from course_lib.text import Text
from grader import reasons
from grader.naming import is_notebook, is_zip

MAX_LEVELS = 2  # of archives inside an archive
MAX_NAME, MAX_PATH = 255, 1000  # characters
_CHUNK = 2**16
_DIRECTORY = 16 * 2**20  # bytes; a zip's list of contents is read in one piece
_IGNORED = (".ipynb_checkpoints", "__macosx", "__pycache__", ".git", ".ds_store", "thumbs.db", "desktop.ini")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)

Accounts = list[tuple[str, Text]]


@dataclass(frozen=True)
class Limits:
    """files: in the whole place; unpacked: bytes of an archive with all that is in it; share: of them, what one archive
    inside it may take; notebook: bytes that are read of one file, and one more that shows that there were more."""

    files: int
    unpacked: int
    share: int
    notebook: int


@dataclass(frozen=True)
class Arrived:
    """A file. parts: its path, archives as if they were folders; name: the same for people, unlike any other file's;
    size: bytes, at most one more than a notebook may have, None where nobody needed to know."""

    parts: tuple[str, ...]
    name: str
    read: Callable[[], bytes]
    modified: float
    size: int | None = None


@dataclass
class Arrivals:
    """What a place holds. folders: all of them, also the empty ones."""

    files: list[Arrived] = field(default_factory=list)
    refused: Accounts = field(default_factory=list)
    ignored: Accounts = field(default_factory=list)
    folders: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, more: Arrivals) -> None:
        self.files += more.files
        self.refused += more.refused
        self.ignored += more.ignored
        self.folders |= more.folders


def look_into(place: Path, limits: Limits) -> Arrivals:
    """Everything in a folder, a zip or one notebook.

    Raises FileNotFoundError where there is nothing at all, ValueError where the place is none of the three.
    """
    if not place.exists():
        raise FileNotFoundError(f"{place} does not exist")
    reader = _Reader(limits)
    if place.is_dir():
        return reader.folder(place)
    if place.is_file() and zipfile.is_zipfile(place):
        return reader.archive(_Source(lambda: place.open("rb"), (), place.name))
    if is_notebook(place.name):
        return Arrivals([_on_disk(place, (place.name,), place.name, limits)])
    raise ValueError(f"{place} is neither a folder nor a zip nor a notebook")


class _Spent(Exception):
    """More than a budget allows."""

    def __init__(self, budget: _Budget, why: Text) -> None:
        super().__init__(why.en)
        self.budget, self.why = budget, why


class _Budget:
    """What may still be read. above: the budget that this one is a share of."""

    def __init__(self, files: int, unpacked: int, above: _Budget | None = None) -> None:
        self.files = self._files = files
        self.bytes = self._bytes = unpacked
        self.above = above

    def read(self, count: int) -> None:
        if self.above is not None:
            self.above.read(count)
        self.bytes -= count
        if self.bytes < 0:
            raise _Spent(self, reasons.BOMB.format(most=self._bytes // 2**20))

    def met(self, files: int) -> None:
        if self.above is not None:
            self.above.met(files)
        self.files -= files
        if self.files < 0:
            raise _Spent(self, reasons.CROWDED.format(most=self._files))


@dataclass(frozen=True)
class _Source:
    """An archive: how to open its bytes, the path that stands before its members' paths, and its name for people."""

    open: Callable[[], IO[bytes]]
    parts: tuple[str, ...]
    name: str


class _Wary:
    """A zip's bytes for ``zipfile``, which would read a list of contents of any length that the zip claims."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self._read = file.seek, file.tell, file.read

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY:
            raise zipfile.BadZipFile("a list of contents without end")
        return self._read(_DIRECTORY if size < 0 else size)

    def seekable(self) -> bool:
        return True


class _Reader:
    """Walks one place; remembers how many files it met and which names it gave."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._names: Counter[str] = Counter()

    def folder(self, root: Path) -> Arrivals:
        """A folder with all that is below it. What lies in an ignored folder is not looked at."""
        found = Arrivals()
        budget = _Budget(self.limits.files, 0)
        waiting: list[tuple[Path, tuple[str, ...]]] = [(root, ())]
        try:
            while waiting:
                folder, above = waiting.pop(0)
                try:
                    paths = sorted(folder.iterdir())
                except OSError as error:
                    found.refused.append(
                        (self._name(above or (root.name,)), reasons.CLOSED.format(error=error.strerror or error))
                    )
                    continue
                for path in paths:
                    parts = (*above, _as_written(path.name))
                    if path.is_dir() and not path.is_symlink() and not _ignored(parts):
                        waiting.append((path, parts))
                    else:
                        budget.met(1)
                        self._entry(path, parts, found, budget)
                found.folders.add(above)  # only now: of one that was not read to its end nothing can be said
        except _Spent:
            found.refused.append((self._name((root.name,)), reasons.TOO_MANY.format(most=self.limits.files)))
        return found

    def _entry(self, path: Path, parts: tuple[str, ...], found: Arrivals, budget: _Budget) -> None:
        """Anything in a folder but a folder that is to be looked at."""
        if path.is_symlink():
            found.refused.append((self._name(parts), reasons.LINK))
        elif _ignored(parts):
            found.ignored.append((self._name(parts), reasons.SYSTEM))
        elif path.is_file() and not os.access(path, os.R_OK):
            found.refused.append((self._name(parts), reasons.CLOSED.format(error="permission denied")))
        elif not path.is_file():
            found.refused.append((self._name(parts), reasons.SPECIAL))
        elif is_zip(path.name) and zipfile.is_zipfile(path):
            whole = self.archive(_Source(lambda: path.open("rb"), parts, self._name(parts)))
            budget.met(len(whole.files) + len(whole.refused) + len(whole.ignored))
            found.add(whole)
        elif is_zip(path.name) and not _is_json(_on_disk(path, parts, "", self.limits).read):
            found.refused.append((self._name(parts), reasons.BROKEN))
        else:
            found.files.append(_on_disk(path, parts, self._name(parts), self.limits))

    def archive(self, source: _Source, level: int = 0, budget: _Budget | None = None) -> Arrivals:
        """All that is in an archive, or the archive itself, refused as a whole. budget: that of the archive around it,
        of which a student's archive inside a class's gets no more than a share."""
        share, own = self.limits.share, budget is None or level == 1
        if own:
            budget = _Budget(self.limits.files, self.limits.unpacked if budget is None else share, budget)
        assert budget is not None  # noqa: S101
        found = Arrivals()
        try:
            with source.open() as file, zipfile.ZipFile(_Wary(file)) as archive:
                entries = archive.infolist()
                budget.met(len(entries))
                for entry in entries:
                    self._member(source, archive, entry, level, budget, found)
        except _Spent as spent:
            if spent.budget is not budget or not own:
                raise
            return Arrivals(refused=[(source.name, spent.why)])
        except _DAMAGED:
            return Arrivals(refused=[(source.name, reasons.BROKEN)])
        if not (found.files or found.refused or found.ignored):
            found.refused.append((source.name, reasons.NO_FILES))
        return found

    def _member(
        self,
        source: _Source,
        archive: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        level: int,
        budget: _Budget,
        found: Arrivals,
    ) -> None:
        """One entry of an archive."""
        written = _decoded(entry).replace("\\", "/")
        inside = tuple(part for part in written.split("/") if part not in ("", "."))
        parts = (*source.parts, *inside)
        if (why := _refusal(entry, written, inside)) is not None:
            found.refused.append((self._name((*source.parts, written)), why))
        elif written.endswith("/"):
            found.folders.update(parts[:depth] for depth in range(len(source.parts) + 1, len(parts) + 1))
        elif _ignored(parts):
            found.ignored.append((self._name(parts), reasons.SYSTEM))
        elif not (is_zip(parts[-1]) or is_notebook(parts[-1])):  # looked at by its name alone; never unpacked here
            found.files.append(self._packed(source, entry, parts, None))
        else:
            try:
                blob = _counted(
                    archive, entry, self.limits.share if is_zip(parts[-1]) else self.limits.notebook, budget
                )
            except _DAMAGED:
                found.refused.append((self._name(parts), reasons.BROKEN_FILE))
                return
            self._opened(source, entry, parts, blob, level, budget, found)

    def _opened(
        self,
        source: _Source,
        entry: zipfile.ZipInfo,
        parts: tuple[str, ...],
        blob: bytes,
        level: int,
        budget: _Budget,
        found: Arrivals,
    ) -> None:
        """A notebook or an archive in an archive, with its bytes."""
        if not is_zip(parts[-1]) or (is_notebook(parts[-1]) and _is_json(lambda: blob)):
            found.files.append(self._packed(source, entry, parts, len(blob)))
        elif len(blob) > self.limits.share:
            found.refused.append((self._name(parts), reasons.BOMB.format(most=self.limits.share // 2**20)))
        elif level == MAX_LEVELS:
            found.refused.append((self._name(parts), reasons.NESTED))
        elif not zipfile.is_zipfile(io.BytesIO(blob)):
            found.refused.append((self._name(parts), reasons.BROKEN))
        else:
            again = _unpacker(source, entry, self.limits.share)
            inner = _Source(lambda: io.BytesIO(again()), parts, self._name(parts))
            found.add(self.archive(inner, level + 1, budget))

    def _packed(self, source: _Source, entry: zipfile.ZipInfo, parts: tuple[str, ...], size: int | None) -> Arrived:
        read = _unpacker(source, entry, self.limits.notebook)
        return Arrived(parts, self._name(parts), read, _modified(entry), size)

    def _name(self, parts: tuple[str, ...]) -> str:
        """A path for people, never the same twice."""
        name = shown(parts)
        self._names[name] += 1
        number, unlike = self._names[name], name
        while number > 1 and unlike in self._names:
            unlike, number = f"{name} #{number}", number + 1
        self._names[unlike] += unlike != name
        return unlike


def shown(parts: tuple[str, ...]) -> str:
    """A path for people: no character that a terminal obeys or that turns the writing round, and not endless."""
    hidden = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    name = "".join("\ufffd" if unicodedata.category(c) in hidden else c for c in "/".join(parts))
    return name if len(name) <= 300 else f"{name[:300]}…"


def _ignored(parts: tuple[str, ...]) -> bool:
    return any(part.startswith("._") or part.lower() in _IGNORED for part in parts)


def _on_disk(path: Path, parts: tuple[str, ...], name: str, limits: Limits) -> Arrived:
    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(limits.notebook + 1)

    about = path.stat()
    return Arrived(parts, name, read, about.st_mtime, min(about.st_size, limits.notebook + 1))


def _as_written(name: str) -> str:
    """A name of the file system, whose bytes may be of another encoding than the system's."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return _guessed(os.fsencode(name)) or name.encode("utf-8", "replace").decode()
    return name


def _decoded(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Without the mark for UTF-8 it may be of any encoding; ``zipfile`` takes it for an old PC's."""
    name = entry.orig_filename
    if entry.flag_bits & 0x800:
        return name
    try:
        return _guessed(name.encode("cp437")) or name
    except UnicodeEncodeError:  # the archive says the name a second time, in Unicode
        return name


def _guessed(raw: bytes) -> str | None:
    """Bytes as UTF-8, else as GB18030, where at least one character is a common one: two accents of an old PC's
    encoding also make a Chinese character, but hardly ever one that is in use."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return text if any(c > "\x7f" and c.encode("gb2312", "ignore") for c in text) else None


def _refusal(entry: zipfile.ZipInfo, written: str, inside: tuple[str, ...]) -> Text | None:
    """Why an entry is not looked at, by what the archive says of it."""
    mode = entry.external_attr >> 16
    drive = len(written) > 1 and written[1] == ":" and written[0].isalpha()
    if written.startswith("/") or ".." in PurePosixPath(written).parts or drive or "\0" in written or not inside:
        return reasons.UNSAFE
    if len(written) > MAX_PATH or any(len(part) > MAX_NAME for part in inside):
        return reasons.LONG_NAME
    if stat.S_ISLNK(mode):
        return reasons.LINK
    if any(is_kind(mode) for is_kind in (stat.S_ISFIFO, stat.S_ISCHR, stat.S_ISBLK, stat.S_ISSOCK)):
        return reasons.SPECIAL
    if entry.flag_bits & 1:
        return reasons.LOCKED
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return reasons.ODD_PACKING  # the others unpack a piece of any length at once
    return None


def _counted(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, budget: _Budget) -> bytes:
    """An entry's bytes, at most one more than ``most``, taken from the budget as they come."""
    pieces = []
    for piece in _pieces(archive, entry, most):
        budget.read(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    left = most + 1
    with archive.open(entry) as member:
        while left > 0 and (piece := member.read(min(_CHUNK, left))):
            left -= len(piece)
            yield piece


def _unpacker(source: _Source, entry: zipfile.ZipInfo, most: int) -> Callable[[], bytes]:
    """Reads an entry anew, so that a class's notebooks are not all in memory."""

    def read() -> bytes:
        with source.open() as file, zipfile.ZipFile(_Wary(file)) as archive:
            return b"".join(_pieces(archive, entry, most))

    return read


def _modified(entry: zipfile.ZipInfo) -> float:
    try:
        return datetime.datetime(*entry.date_time, tzinfo=datetime.UTC).timestamp()
    except ValueError:
        return 0.0


def _is_json(read: Callable[[], bytes]) -> bool:
    """Whether a file begins as a notebook does: a zip's ending may have been put behind one."""
    try:
        return read()[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    except OSError:
        return False
