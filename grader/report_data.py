"""What a lesson's report says, as plain data: templates/report.schema.json describes it.

The page and report/<lesson>.json are made from the same data, so that they cannot say different things.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course_lib.text import Text
from grader import charts
from grader.analysis import alike
from grader.analysis.anonymous import anonymous, words_of
from grader.analysis.effort import effort
from grader.analysis.items import MINIMUM, items
from grader.analysis.misconceptions import Met, WrongAnswer, met
from grader.collect import Collected
from grader.history import WHY
from grader.lesson import CHECK_SUFFIX
from grader.receipts import ExerciseReceipt, Receipt
from grader.report_sources import Sources

SCHEMA_VERSION = 1
EXAMPLES_TRIED = 5  # files that are read in search of one anonymous example

Scores = Mapping[tuple[str, str], Mapping[str, float]]


@dataclass(frozen=True)
class Failure:
    """A submission that the grader could not finish. message: what went wrong, for whoever maintains the grader."""

    student: str
    lesson: str
    message: str


@dataclass
class Findings:
    """Everything a report tells. final: scores by (lesson, student) and graded cell, a person's where there is one."""

    receipts: Sequence[Receipt]
    final: Scores
    titles: Mapping[str, dict[str, str]] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    refused: Sequence[tuple[str, Text]] = ()
    ignored: Sequence[tuple[str, Text]] = ()
    folder: Path | None = None  # of the report, for links to feedback pages
    remarks: Sequence[tuple[str, Text]] = ()  # on files and lessons; nothing went wrong with them
    sources: Sources | None = None
    people: Sequence[str] = ()  # names and ids of the class, which no example may hold

    @classmethod
    def of(
        cls,
        collected: Collected,
        receipts: Sequence[Receipt],
        final: Scores,
        titles: Mapping[str, dict[str, str]],
        failures: Sequence[Failure],
        folder: Path,
        sources: Sources | None = None,
    ) -> Findings:
        """With the account of every file that was collected."""
        refused, ignored = collected.refused, collected.ignored
        people = [word for student in collected.roster or () for word in (student.key, student.shown)]
        return cls(receipts, final, titles, failures, refused, ignored, folder, collected.remarks, sources, people)

    def score(self, receipt: Receipt) -> float:
        final = self.final.get((receipt.lesson, receipt.student))
        return receipt.score if final is None else sum(final.values())

    def points(self, receipt: Receipt, exercise: ExerciseReceipt) -> float:
        """An exercise's points, a person's where there are any."""
        cell = f"{exercise.key.partition('.')[2]}{CHECK_SUFFIX}"
        return self.final.get((receipt.lesson, receipt.student), {}).get(cell, exercise.score)

    def lessons(self) -> list[str]:
        return sorted({receipt.lesson for receipt in self.receipts} | {failure.lesson for failure in self.failures})

    def title(self, lesson: str) -> dict[str, str]:
        if lesson in self.titles:
            return dict(self.titles[lesson])
        return self.sources.title(lesson) if self.sources is not None else {"en": lesson, "zh": lesson}


def lesson_report(lesson: str, findings: Findings) -> dict[str, Any]:
    """The whole report of one lesson."""
    receipts = [receipt for receipt in findings.receipts if receipt.lesson == lesson]
    keys = {exercise.key: exercise for receipt in receipts for exercise in receipt.exercises}
    failures = [failure for failure in findings.failures if failure.lesson == lesson]
    opened = [receipt for receipt in receipts if receipt.problem is None]
    return {
        "schema_version": SCHEMA_VERSION,
        "lesson": {"id": lesson, "title": findings.title(lesson)},
        "attention": _attention(receipts, failures),
        "files": files(findings),
        "summary": _summary(receipts, failures, findings),
        "distribution": _bins([findings.score(r) for r in receipts], _most(receipts)),
        "exercises": _exercises(keys, opened, findings),
        "misconceptions": _misconceptions(lesson, keys, opened, findings),
        "alike": _alike(lesson, keys, opened, findings),
        "time": _time(keys, opened),
        "limits": [_limits(receipt) for receipt in receipts if receipt.events],
        "repairs": [{"student": r.student, "notes": r.notes} for r in receipts if r.notes and not r.problem],
        "changes": _changes(lesson, keys, findings),
        "students": [_student(receipt, list(keys), findings) for receipt in receipts],
        "settings": [{"device": d, "isolation": i} for d, i in sorted({(r.device, r.isolation) for r in receipts})],
        "environment": dict(receipts[0].environment) if receipts else {},
    }


def files(findings: Findings) -> dict[str, Any]:
    """The files of this run that are no submissions, and who is missing."""
    return {
        "refused": [{"file": name, "why": asdict(why)} for name, why in findings.refused],
        "remarks": [{"about": name, "what": asdict(what)} for name, what in findings.remarks],
        "of_no_concern": len(findings.ignored),
    }


def _most(receipts: Sequence[Receipt]) -> float:
    return max((receipt.max_score for receipt in receipts), default=0.0)


def _attention(receipts: Sequence[Receipt], failures: Sequence[Failure]) -> list[dict[str, Any]]:
    """Faults of the grader first of all, then files that could not be read."""
    found: list[dict[str, Any]] = [{"kind": "failure", "student": f.student, "message": f.message} for f in failures]
    for receipt in receipts:
        broken = [{"exercise": e.key, "notes": e.notes} for e in receipt.exercises if e.verdict == "grader_error"]
        if broken and not receipt.problem:
            found.append({"kind": "grader_error", "student": receipt.student, "exercises": broken})
    found += [
        {"kind": "unreadable", "student": r.student, "file": r.file, "why": r.problem} for r in receipts if r.problem
    ]
    return found


def _summary(receipts: Sequence[Receipt], failures: Sequence[Failure], findings: Findings) -> dict[str, Any]:
    totals, most = [findings.score(receipt) for receipt in receipts], _most(receipts)
    return {
        "submissions": len(receipts),
        "max_score": _number(most),
        "mean": _number(statistics.fmean(totals)) if totals else None,
        "median": _number(statistics.median(totals)) if totals else None,
        "all_right": sum(total >= most - 1e-9 for total in totals),
        "need_attention": len(failures) + sum(bool(r.problem) or not r.complete for r in receipts),
    }


def _bins(scores: Sequence[float], most: float) -> list[dict[str, Any]]:
    return [{"points": label, "count": count} for label, count in charts.bins(scores, most)]


def _exercises(
    keys: Mapping[str, ExerciseReceipt], receipts: Sequence[Receipt], findings: Findings
) -> list[dict[str, Any]]:
    rows = [{e.key: findings.points(r, e) for e in r.exercises if e.verdict != "grader_error"} for r in receipts]
    found = []
    for item in items(rows, {key: exercise.max_score for key, exercise in keys.items()}):
        verdicts = Counter(e.verdict for r in receipts for e in r.exercises if e.key == item.key)
        value = item.discrimination
        found.append(
            {
                "exercise": item.key,
                "title": keys[item.key].title,
                "max_score": _number(keys[item.key].max_score),
                "n": item.n,
                "difficulty": _number(item.difficulty),
                "discrimination": {k: _number(v) for k, v in asdict(value).items()} if value is not None else None,
                "no_discrimination": {"reason": item.missing, "minimum": MINIMUM} if item.missing else None,
                "verdicts": {v: verdicts[v] for v in ("pass", "fail", "not_run", "grader_error")},
                "distribution": _bins([row[item.key] for row in rows if item.key in row], keys[item.key].max_score),
            }
        )
    return found


def _failed(receipts: Iterable[Receipt]) -> Iterable[tuple[Receipt, ExerciseReceipt]]:
    return ((receipt, e) for receipt in receipts for e in receipt.exercises if e.verdict == "fail")


def _behaviour(receipt: Receipt, key: str) -> str | None:
    behaviour = receipt.traces.get(key, {}).get("behaviour")
    return f"{receipt.seed}:{behaviour}" if behaviour else None  # other cases, other outputs


def _misconceptions(
    lesson: str, keys: Mapping[str, ExerciseReceipt], receipts: Sequence[Receipt], findings: Findings
) -> list[dict[str, Any]]:
    wrong = [
        WrongAnswer(r.student, e.key, e.misconception, _behaviour(r, e.key), r.sha256) for r, e in _failed(receipts)
    ]
    labels = {(e.key, e.misconception): e.misconception_label for _, e in _failed(receipts)}
    failed = Counter(one.exercise for one in wrong)
    found = met(wrong)
    example = _Examples(lesson, findings) if found else None
    return [
        {
            "exercise": one.exercise,
            "title": keys[one.exercise].title,
            "code": one.name,
            "label": labels[one.exercise, one.name] if one.name is not None else None,
            "count": one.count,
            "of_wrong": failed[one.exercise],
            "example": example.of(one) if example is not None else None,
        }
        for one in found
    ]


class _Examples:
    """Anonymous examples out of the class's own answers."""

    def __init__(self, lesson: str, findings: Findings) -> None:
        self._lesson, self._sources = lesson, findings.sources
        self._known = findings.sources.vocabulary(lesson) if findings.sources is not None else frozenset()
        self._people = words_of((*findings.people, *(receipt.student for receipt in findings.receipts)))

    def of(self, one: Met) -> str | None:
        if self._sources is None:
            return None
        for student in one.students[:EXAMPLES_TRIED]:
            source = self._sources.answer(self._lesson, student, one.exercise.partition(".")[2])
            cleaned = anonymous(source, self._known, self._people) if source else None
            if cleaned is not None:
                return cleaned
        return None


def _alike(
    lesson: str, keys: Mapping[str, ExerciseReceipt], receipts: Sequence[Receipt], findings: Findings
) -> dict[str, Any]:
    wrong: dict[str, dict[str, alike.Wrong]] = {receipt.student: {} for receipt in receipts}
    for receipt, exercise in _failed(receipts):
        behaviour = _behaviour(receipt, exercise.key)
        if behaviour is not None:
            wrong[receipt.student][exercise.key] = alike.Wrong(behaviour, exercise.misconception)
    known = findings.sources.places(lesson) if findings.sources is not None else {}
    where = {key: known.get(key, 2) for key in keys}  # with nothing known, honest answers coincide often
    n = len(receipts)
    return {
        "pairs": n * (n - 1) // 2,
        "listed_up_to": alike.LISTED,
        "rates": [{**asdict(rate), "rate": _number(rate.rate)} for rate in alike.rates(wrong, where)],
        "found": [
            {
                "students": list(pair.students),
                "both_wrong": list(pair.both_wrong),
                "agreed": list(pair.agreed),
                "expected_pairs": float(f"{pair.expected:.3g}"),
            }
            for pair in alike.pairs(wrong, where)
        ],
    }


def _time(keys: Iterable[str], receipts: Sequence[Receipt]) -> dict[str, Any]:
    cells: dict[str, list[float]] = defaultdict(list)
    limits: dict[str, list[str]] = defaultdict(list)
    for receipt in receipts:
        mine: dict[str, float] = defaultdict(float)
        for name, seconds in zip(receipt.cell_ids, receipt.cell_seconds, strict=False):
            mine[name] += seconds
        for name, seconds in mine.items():
            cells[name].append(seconds)
        for where, code in dict.fromkeys((_cell(receipt, e), e["code"]) for e in receipt.events):
            if where is not None:
                limits[where].append(code)
    traces = {key: [r.traces[key] for r in receipts if key in r.traces] for key in keys}
    return {
        "submissions": asdict(effort("", [receipt.seconds for receipt in receipts])),
        "exercises": [
            asdict(effort(key, [t["seconds"] for t in found], [code for t in found for code in t["limits"]]))
            for key, found in traces.items()
        ],
        "cells": [asdict(effort(name, seconds, limits[name])) for name, seconds in cells.items()],
    }


def _cell(receipt: Receipt, event: Mapping[str, Any]) -> str | None:
    """The cell that an event concerns, "" for one of a student's own; None for none."""
    index = event.get("cell")
    return receipt.cell_ids[index] if isinstance(index, int) and 0 <= index < len(receipt.cell_ids) else None


def _limits(receipt: Receipt) -> dict[str, Any]:
    events = {event["code"]: event for event in receipt.events}
    return {
        "student": receipt.student,
        "events": [{"code": code, "message": e["message"], "cell": _cell(receipt, e)} for code, e in events.items()],
    }


def _changes(lesson: str, keys: Iterable[str], findings: Findings) -> list[dict[str, Any]]:
    """The newest first."""
    told = findings.sources.changes(lesson) if findings.sources is not None else []
    names = {key.partition(".")[2]: key for key in keys}
    return [
        {
            "time": line.time,
            "student": line.student,
            "exercise": names.get(line.exercise, line.exercise),
            "old": line.old,
            "new": line.new,
            "why": [{"code": code, "words": asdict(WHY[code])} for code in line.why if code in WHY],
        }
        for line in reversed(told)
    ]


def _student(receipt: Receipt, keys: Sequence[str], findings: Findings) -> dict[str, Any]:
    mine = {exercise.key: exercise for exercise in receipt.exercises}
    total = findings.score(receipt)
    automatic = sum(score or 0.0 for score in receipt.scores.values())
    return {
        "student": receipt.student,
        "total": _number(total),
        "share": _number(total / receipt.max_score) if receipt.max_score else 0.0,
        "by_hand": abs(total - automatic) > 1e-9,
        "unreadable": receipt.problem is not None,
        "limit_hit": bool(receipt.events),
        "repaired": bool(receipt.notes) and receipt.problem is None,
        "exercises": [_outcome(mine.get(key)) for key in keys],
    }


def _outcome(exercise: ExerciseReceipt | None) -> dict[str, Any] | None:
    if exercise is None:
        return None
    return {
        "verdict": exercise.verdict,
        "score": _number(exercise.score),
        "misconception": exercise.misconception_label,
    }


def _number(number: float | None) -> float | None:
    """To six places: what lies behind them is noise of the arithmetic."""
    return None if number is None else round(float(number), 6)
