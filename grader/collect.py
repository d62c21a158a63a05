"""Finds the submissions in a folder or a zip, and accounts for every file that it sees.

Understood, also mixed: nbgrader's ``submitted/<student>/<lesson>/<lesson>.ipynb``; Moodle's downloads, a folder for
each student (``Name_123_assignsubmission_file_/``) or flat; Canvas's (``leeann_LATE_12_345_original-1.ipynb``); for
each student a folder or an archive; loose files ``<student>_<lesson>.ipynb``. A roster says whom a name means.

Reading is the business of ``grader.arrivals``, names that of ``grader.naming``; here it is decided what becomes of each
file. Each stands in exactly one of the lists of ``Collected``.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from course_lib.text import Text
from grader import reasons
from grader.arrivals import Arrived, Limits, look_into, shown
from grader.naming import Owner, is_notebook, label_of, lesson_of, owner_of, safe_id, without_lesson
from grader.opening import MAX_BYTES
from grader.roster import FILE as ROSTER_FILE
from grader.roster import Roster, Student

MAX_FILES = 20_000
MAX_UNPACKED = 2 * 2**30  # bytes of a whole zip
SECRET = "submission_secret.txt"  # noqa: S105 - a file's name; nbgrader's exchange gives feedback to who has it
SHARES = 10  # a tenth of them at most for one archive in it, so that one student's bomb does not stop the class

_OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zipx")
_BUNDLE_FOLDERS = ("course_lib", "pytorch_course.egg-info")
# What an update keeps of the notebooks before it (course_lib.updating.writing): not what a student hands in.
_BACKUP = re.compile(r"(?:.*/)?backups/\d{4}-\d\d-\d\d_\d{6}(?:-\d+)?/")
_BUNDLE_FILES = {
    *("course.json", "START.ipynb", "README.md", "README.zh.md", "LICENSE", "LICENSE-TEXT", "nbgrader_config.py"),
    *("pyproject.toml", "requirements.txt", "requirements.lock", "environment.yml"),
}


@dataclass(frozen=True)
class Submission:
    """One notebook to grade. name: where it was found, for people. read: its bytes, at most MAX_BYTES + 1 of them.
    late: whether the platform marked it so; secret: by which nbgrader's exchange gives the feedback back."""

    student: str
    lesson: str
    name: str
    read: Callable[[], bytes]
    timestamp: datetime.datetime | None = None
    modified: float = 0.0
    late: bool = False
    secret: bytes | None = None


@dataclass
class Collected:
    """What a place held: files by name, each with its reason.

    superseded: another file of the same student and lesson was graded; refused: somebody should look at these; ignored:
    of no concern. notes: remarks on files that are among the submissions. roster: the one that was used.
    """

    submissions: list[Submission] = field(default_factory=list)
    superseded: list[tuple[str, Text]] = field(default_factory=list)
    refused: list[tuple[str, Text]] = field(default_factory=list)
    ignored: list[tuple[str, Text]] = field(default_factory=list)
    notes: list[tuple[str, Text]] = field(default_factory=list)
    roster: Roster | None = None

    def missing(self, lesson: str | None = None) -> list[Student]:
        """The roster's students without a submission of a lesson, or of any; none where there is no roster."""
        here = {s.student for s in self.submissions if lesson in (None, s.lesson)}
        return [student for student in self.roster or () if student.key not in here]

    @property
    def remarks(self) -> list[tuple[str, Text]]:
        """Besides the refused files, what an instructor should know: superseded files, notes, and who is missing."""
        return [*self.superseded, *self.notes, *self._absences()]

    def _absences(self) -> Iterable[tuple[str, Text]]:
        for lesson in dict.fromkeys(submission.lesson for submission in self.submissions):
            if missing := self.missing(lesson):
                names = ", ".join(student.shown for student in missing)
                numbers = {"count": len(missing), "all": len(self.roster or ())}
                yield lesson, reasons.MISSING.format(students=names, **numbers)


@dataclass(frozen=True)
class _Candidate:
    """A notebook whose student and lesson are known. number: the platform's for the student."""

    student: str
    on_roster: bool
    number: str
    rank: tuple[bool, tuple[int, int], bool, float]
    submission: Submission


@dataclass(frozen=True)
class _Not:
    """Why a file is no candidate. concern: whether somebody should look at it."""

    why: Text
    concern: bool = True


def collect(place: Path, lessons: Sequence[str], lesson: str | None = None, roster: Roster | None = None) -> Collected:
    """The submissions at a place. lessons: the ids that the course has; lesson: the only one wanted.

    Raises FileNotFoundError where there is nothing at all, ValueError where the place is neither folder nor zip.
    """
    if (place / "submitted").is_dir():
        place = place / "submitted"
    arrived = look_into(place, Limits(MAX_FILES, MAX_UNPACKED, max(MAX_UNPACKED // SHARES, 1), MAX_BYTES))
    found = Collected(refused=arrived.refused, ignored=arrived.ignored, roster=roster)
    files = _without_wrapper(arrived.files, lessons, roster)
    beside = {file.parts: file for file in files if file.parts[-1] in ("timestamp.txt", SECRET)}
    sorter = _Sorter(lessons, lesson, roster, beside, alone=place.is_file() and not zipfile.is_zipfile(place))
    candidates = []
    for file in files:
        what = sorter.look_at(file)
        if isinstance(what, _Candidate):
            candidates.append(what)
        else:
            (found.refused if what.concern else found.ignored).append((file.name, what.why))
    _choose(candidates, found)
    _empty_folders(arrived.files, files, arrived.folders, found)
    return found


class _Sorter:
    """Decides of one file after the other what it is."""

    def __init__(
        self,
        lessons: Sequence[str],
        only: str | None,
        roster: Roster | None,
        beside: dict[tuple[str, ...], Arrived],
        alone: bool,
    ) -> None:
        self.lessons, self.only, self.roster, self.beside, self.alone = lessons, only, roster, beside, alone

    def look_at(self, file: Arrived) -> _Candidate | _Not:
        """The notebook with its lesson and student, or why it is none."""
        if (what := self._by_name(file)) is not None:
            return what
        try:
            lesson = lesson_of(file.parts, file.read, self.lessons, self.only)
        except (OSError, zipfile.BadZipFile) as error:
            return _Not(reasons.CLOSED.format(error=error))
        example = {"lesson": self.only or self.lessons[0]}
        if lesson is None and file.size == 0:
            return _Not(reasons.EMPTY)
        if lesson is None:
            return _Not(reasons.NO_LESSON.format(**example))
        if self.only is not None and lesson != self.only:
            return _Not(reasons.OTHER_LESSON.format(lesson=lesson), concern=False)
        owner = owner_of(file.parts, lesson)
        if owner is None and self.alone:
            owner = Owner(lesson, ())
        if owner is None:
            return _Not(reasons.NO_STUDENT.format(lesson=lesson))
        return self._of(file, lesson, owner)

    def _by_name(self, file: Arrived) -> _Not | None:
        """What a file's name alone says against it."""
        name = file.parts[-1]
        labels = [label_of(part) for part in file.parts]
        if name == "timestamp.txt":
            return _Not(reasons.STAMP, concern=False)
        if name == SECRET:
            return _Not(reasons.SECRET, concern=False)
        if file.parts == (ROSTER_FILE,):
            return _Not(reasons.ROSTER, concern=False)
        if any(label is not None and label.kind != "file" for label in labels):
            return _Not(reasons.ONLINE_TEXT, concern=False)
        if name in _BUNDLE_FILES or any(part in _BUNDLE_FOLDERS for part in file.parts[:-1]):
            return _Not(reasons.BUNDLE, concern=False)
        if _BACKUP.match("/".join(file.parts)):
            return _Not(reasons.BUNDLE, concern=False)
        if name.lower().endswith(_OTHER_ARCHIVES):
            return _Not(reasons.PACKED)
        return None if is_notebook(name) else _Not(reasons.NOT_NOTEBOOK)

    def _of(self, file: Arrived, lesson: str, owner: Owner) -> _Candidate | _Not:
        fitting = self._fitting(owner)
        if len(fitting) > 1:
            why = reasons.AMBIGUOUS if len({student.name for student in fitting}) == 1 else reasons.MIXED_UP
            return _Not(why.format(students=", ".join(student.shown for student in fitting)))
        student = fitting[0].key if fitting else safe_id(owner.name)
        label = owner.label
        stamp = _timestamp(self.beside.get((*file.parts[:-1], "timestamp.txt")))
        name = label.file if label is not None and label.file and len(file.parts) == 1 else file.parts[-1]
        named = name in (lesson, f"{lesson}.ipynb")
        when = stamp.replace(tzinfo=datetime.UTC).timestamp() if stamp is not None else file.modified
        # An upload that broke off takes the place of nothing; alone it gets its verdict, so that the student is told.
        rank = (file.size != 0, label.upload if label is not None else (0, 0), named, when)
        late = label is not None and label.late
        secret = _secret(self.beside.get((*file.parts[:-1], SECRET)))
        submission = Submission(student, lesson, file.name, file.read, stamp, file.modified, late, secret)
        return _Candidate(student, bool(fitting), label.user if label is not None else "", rank, submission)

    def _fitting(self, owner: Owner) -> tuple[Student, ...]:
        """The roster's students that may be meant. A platform's label is the truth: the name that a student gave a file
        decides only between people of one name, or a copied file would count as its first author's."""
        if self.roster is None:
            return ()
        if owner.label is None:
            return self.roster.fitting(*owner.words)
        by_platform = {owner.label.platform: owner.label.user}
        fitting = self.roster.fitting(owner.label.name, **by_platform)
        return self.roster.fitting(*owner.words, **by_platform) if len(fitting) > 1 else fitting


def _choose(candidates: list[_Candidate], found: Collected) -> None:
    """Of each student's files of a lesson the best one, and what is to be said of it."""
    for several in _by_person(candidates):
        *others, best = sorted(several, key=lambda one: one.rank)
        chosen = best.submission
        found.submissions.append(chosen)
        found.superseded += [(other.submission.name, reasons.OLDER.format(name=chosen.name)) for other in others]
        if not best.rank[0]:
            found.notes.append((chosen.name, reasons.EMPTY))
        if found.roster is not None and not best.on_roster:
            found.notes.append((chosen.name, reasons.STRANGER.format(student=chosen.student)))
        elif chosen.student != best.student:
            found.notes.append((chosen.name, reasons.SHARED_NAME.format(student=chosen.student)))
    found.submissions.sort(key=lambda submission: (submission.lesson, submission.student))


def _by_person(candidates: list[_Candidate]) -> Iterable[list[_Candidate]]:
    """The candidates of each student and lesson. People of one name to whom the platform gave several numbers, and whom
    no roster tells apart, get the numbers behind their names."""
    groups: dict[tuple[str, str], list[_Candidate]] = {}
    for one in candidates:
        groups.setdefault((one.student, one.submission.lesson), []).append(one)
    for several in groups.values():
        numbers = sorted({one.number for one in several if one.number})
        if several[0].on_roster or len(numbers) < 2:
            yield several
            continue
        for number in sorted({one.number for one in several}):
            own = f"{several[0].student}_{number}" if number else several[0].student
            mine = [one for one in several if one.number == number]
            yield [replace(one, submission=replace(one.submission, student=own)) for one in mine]


def _without_wrapper(files: list[Arrived], lessons: Sequence[str], roster: Roster | None) -> list[Arrived]:
    """Takes away folders that everything lies in, as ``submitted/`` inside a zip; never one that names a student."""
    while files and all(len(f.parts) > 1 for f in files) and len({f.parts[0] for f in files}) == 1:
        first = files[0].parts[0]
        inside = [replace(f, parts=f.parts[1:]) for f in files]
        if first != "submitted":
            named = label_of(first) is not None or (roster is not None and roster.fitting(without_lesson(first, "")))
            if named or not _is_class(inside, lessons):
                break
        files = inside
    return files


def _is_class(files: list[Arrived], lessons: Sequence[str]) -> bool:
    """Whether these are the files of a class and not of one student: nbgrader's tree, or notebooks of several people in
    folders, archives or names of their own."""
    known = {*lessons, "notebooks"}
    notebooks = [file.parts for file in files if is_notebook(file.parts[-1])]
    if any(len(parts) > 2 and parts[-2] in lessons and parts[-3] not in known for parts in notebooks):
        return True
    labelled = any(label_of(parts[0]) is not None for parts in notebooks)
    folders = {parts[0] for parts in notebooks if len(parts) > 1} - known
    loose = [
        {without_lesson(parts[0], lesson) for parts in notebooks if len(parts) == 1 and lesson in parts[0]}
        for lesson in lessons
    ]
    return labelled or len(folders) > 1 or any(len(names) > 1 and "" not in names for names in loose)


def _empty_folders(
    arrived: list[Arrived], files: list[Arrived], folders: set[tuple[str, ...]], found: Collected
) -> None:
    """Lists the students' folders of which nothing at all was accounted for."""
    depth = len(arrived[0].parts) - len(files[0].parts) + 1 if files else 1
    accounts = (*found.superseded, *found.refused, *found.ignored)
    names = [*(one.name for one in found.submissions), *(name for name, _ in accounts)]
    for folder in sorted(folder for folder in folders if len(folder) == depth):
        name = shown(folder)
        if not any(known == name or known.startswith(f"{name}/") for known in names):
            found.refused.append((name, reasons.NOTHING))


def _timestamp(file: Arrived | None) -> datetime.datetime | None:
    from nbgrader.utils import parse_utc

    if file is None:
        return None
    try:
        stamp = parse_utc(file.read()[:200].decode().strip())
    except (ValueError, OverflowError, OSError, zipfile.BadZipFile):
        return None
    return stamp if isinstance(stamp, datetime.datetime) else None


def _secret(file: Arrived | None) -> bytes | None:
    """What nbgrader wrote beside a submission; None where it is not of nbgrader's form."""
    if file is None:
        return None
    try:
        blob = file.read()
    except (OSError, zipfile.BadZipFile):
        return None
    return blob if re.fullmatch(rb"[0-9a-f]{16,256}", blob) else None
