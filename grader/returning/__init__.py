"""Gives a graded class back, stage after stage; each stage is the module of that name.

1. ``people``    who is who: the gradebook, the roster and the numbers in the names of the files that arrived
2. ``page``      one page for each student, of all lessons, in their language
3. ``grades``    the tables that Canvas and Moodle import, or the platform's own export with its column filled in
4. ``parcels``   the pages in a zip, each under the name by which the platform knows its student
5. ``exchange``  nbgrader's, where there is one

Everything is written to OUT/return/. What has not changed is not written again, so that a run can be repeated at any
time, and a file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.text import Text
from grader.course_folder import write_whole
from grader.gradebook import Book
from grader.receipts import Receipt, all_receipts
from grader.returning import grades, parcels
from grader.returning.page import Handed, Pages, language_of
from grader.returning.people import People
from grader.roster import Roster
from grader.sheet import Sheet
from grader.transcript import Transcript, lessons, transcripts
from grader.whereabouts import exists, url_of

FOLDER = "return"
NOT_GRADED = Text(
    en="{out} holds no gradebook: name a folder that `grader grade` wrote.",
    zh="{out} 里没有成绩册：请指定 `grader grade` 写出的文件夹。",
)
NO_LESSON = Text(
    en="no submission of {lesson} in {out}; there are: {lessons}",
    zh="{out} 中没有 {lesson} 的提交；现有：{lessons}",
)
WAITING = Text(
    en="no grade is written yet; answers that wait for a person: {count}. Open formgrader, or say --with-pending",
    zh="还有 {count} 处作答等待人工评阅，暂不写入成绩；请在 formgrader 中评阅，或加上 --with-pending",
)
LATE_UNKNOWN = Text(
    en="the platform marked {lesson} as late, but the time of handing in is not known, so nothing was taken off",
    zh="平台将 {lesson} 标为迟交，但没有提交时间，因此没有扣分",
)
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wanted:
    """What to give back. lesson: None for all; canvas, moodle: the platforms' exports; columns: the name of a lesson's
    column there, where it is not found; scale: whether points are converted to the platform's maximum; pending: whether
    scores count that wait for a person."""

    lesson: str | None = None
    roster: Roster | None = None
    canvas: Path | None = None
    moodle: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    scale: bool = False
    pending: bool = False


@dataclass
class Returned:
    """What was given back. todo: what a person has to do before everybody has their grade; remarks: what else to know.
    written: files that are new or other than before."""

    pages: int = 0
    written: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    todo: list[tuple[str, Text]] = field(default_factory=list)
    remarks: list[tuple[str, Text]] = field(default_factory=list)
    lessons: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return not self.todo


def return_class(out: Path, wanted: Wanted, progress: Progress = lambda done, of, student: None) -> Returned:
    """Writes OUT/return/.

    Raises FileNotFoundError where nothing was graded, ValueError where an export is no table or does not fit, OSError.
    """
    out = out.resolve()
    if not exists(url_of(out)):
        raise FileNotFoundError(NOT_GRADED.format(out=out).say("both"))
    with Book.of(out) as book:
        known = {lesson: found for lesson in lessons(book) if (found := transcripts(book, lesson))}
        receipts = {(r.lesson, r.student): r for r in all_receipts(out / "receipts")}
        people = People.of(book, receipts.values(), wanted.roster)
    chosen = [wanted.lesson] if wanted.lesson is not None else list(known)
    if not chosen or chosen[0] not in known:
        words = NO_LESSON.format(lesson=wanted.lesson or "?", out=out, lessons=", ".join(known) or "–")
        raise FileNotFoundError(words.say("both"))
    work = _Work(out, wanted, known, chosen, receipts, people)
    # The exports first: where one does not fit, nothing has been written.
    tables = work.tables()
    work.pages(progress)
    for name, blob in tables.items():
        work.keep(out / FOLDER / name, blob)
    work.parcels()
    work.judge()
    return work.returned


class _Work:
    """One run. known: all transcripts, by lesson and student; chosen: the lessons whose grades are given back."""

    def __init__(
        self,
        out: Path,
        wanted: Wanted,
        known: Mapping[str, Mapping[str, Transcript]],
        chosen: Sequence[str],
        receipts: Mapping[tuple[str, str], Receipt],
        people: People,
    ) -> None:
        self.out, self.wanted, self.known, self.chosen = out, wanted, known, chosen
        self.receipts, self.people = receipts, people
        self.returned = Returned(lessons=list(chosen))
        self.renderer = Pages(out)

    def tables(self) -> dict[str, bytes]:
        """The grades for both platforms, or for those whose exports were given: a table that was filled in earlier, for
        another lesson perhaps, is nothing to write over unasked."""
        marks = {lesson: self._marks(lesson) for lesson in self.chosen}
        asked = grades.Asked(marks, self.people, self.wanted.columns, self.wanted.titles, self.wanted.scale)
        made = {}
        given = self.wanted.canvas is not None or self.wanted.moodle is not None
        for name, export, platform in (
            ("grades-canvas.csv", self.wanted.canvas, grades.CANVAS),
            ("grades-moodle.csv", self.wanted.moodle, grades.MOODLE),
        ):
            if export is None:
                if not given:
                    made[name] = platform.plain(asked)
                continue
            filled = grades.fill(Sheet.read(export), platform, asked, export.name)
            made[name] = filled.blob
            self.returned.todo += filled.todo
            self.returned.remarks += filled.remarks
            if platform is grades.MOODLE:
                self.people = self.people.with_numbers(filled.numbers)
        return made

    def pages(self, progress: Progress) -> None:
        """One page for each student, of all that was graded; older pages of people who have gone are removed."""
        folder = self.out / FOLDER / "feedback"
        students = sorted({student for found in self.known.values() for student in found})
        kept = set()
        for number, student in enumerate(students):
            handed = [self._handed(lesson, student) for lesson in self.known if student in self.known[lesson]]
            path = folder / f"{self.people.file_name(student)}.html"
            self.keep(path, self.renderer.page(self._about(student, handed)))
            kept.add(path)
            self.returned.pages += 1
            progress(number + 1, len(students), student)
        for path in set(folder.glob("*.html")) - kept:
            path.unlink()

    def parcels(self) -> None:
        """A zip of pages for each platform that the submissions came from, and for each lesson."""
        folder = self.out / FOLDER
        alone = len(self.known) == 1
        expected = set()
        for platform in parcels.PLATFORMS:
            for lesson in self.known:
                path = folder / f"feedback-{platform}{'' if alone else '-' + lesson}.zip"
                expected.add(path)
                if lesson not in self.chosen:
                    continue
                contents = {}
                for student in self.known[lesson]:
                    handed = self._handed(lesson, student)
                    number = self.people.participant(lesson, student)
                    member = parcels.member(platform, handed.receipt, self.people[student].name or student, number)
                    if member is not None:
                        about = self._about(student, [handed])
                        contents[member] = parcels.content(member, self.renderer.page(about), about)
                if contents:
                    self.keep(path, parcels.packed(contents))
                else:
                    path.unlink(missing_ok=True)
        for path in {p for platform in parcels.PLATFORMS for p in folder.glob(f"feedback-{platform}*.zip")} - expected:
            path.unlink()

    def judge(self) -> None:
        """What a person has to do, and what they should know."""
        for lesson in self.chosen:
            for student, transcript in self.known[lesson].items():
                if transcript.waiting and not self.wanted.pending:
                    words = WAITING.format(count=len(transcript.waiting))
                    self.returned.todo.append((f"{student} · {lesson}", words))
                receipt = self.receipts.get((lesson, student))
                if receipt is not None and receipt.late and transcript.handed_in is None:
                    self.returned.remarks.append((student, LATE_UNKNOWN.format(lesson=lesson)))

    def keep(self, path: Path, blob: bytes) -> None:
        """Writes a file where it is not there as it should be."""
        self.returned.files.append(path)
        if path.is_file() and path.read_bytes() == blob:
            return
        write_whole(path, blob)
        self.returned.written.append(path)

    def _marks(self, lesson: str) -> grades.Marks:
        found = self.known[lesson]
        ready = {s: t.score for s, t in found.items() if self.wanted.pending or not t.waiting}
        most = max((t.most for t in found.values()), default=0.0)
        return grades.Marks(ready, frozenset(found), most)

    def _handed(self, lesson: str, student: str) -> Handed:
        return Handed(self.known[lesson][student], self.receipts.get((lesson, student)), self.wanted.titles.get(lesson))

    def _about(self, student: str, handed: Sequence[Handed]) -> dict[str, object]:
        person = self.people[student]
        language = person.language or language_of(self.out, student, [one.lesson for one in handed])
        return self.renderer.about(student, person.name, language, handed)
