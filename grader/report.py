"""The instructor's page: what needs a person first, then scores, distributions, misconceptions, limits, files."""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.text import Text
from grader import charts
from grader.collect import Collected
from grader.feedback import TEMPLATES
from grader.receipts import ExerciseReceipt, Receipt

Scores = Mapping[tuple[str, str], Mapping[str, float]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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

    @classmethod
    def of(
        cls,
        collected: Collected,
        receipts: Sequence[Receipt],
        final: Scores,
        titles: Mapping[str, dict[str, str]],
        failures: Sequence[Failure],
        folder: Path,
    ) -> Findings:
        """With the account of every file that was collected."""
        refused, ignored = collected.refused, collected.ignored
        return cls(receipts, final, titles, failures, refused, ignored, folder, collected.remarks)

    def score(self, receipt: Receipt) -> float:
        final = self.final.get((receipt.lesson, receipt.student))
        return receipt.score if final is None else sum(final.values())


def write_report(folder: Path, findings: Findings) -> Path:
    """Writes folder/index.html, one page that needs no other file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(render(findings), encoding="utf-8")
    return path


def render(findings: Findings) -> str:
    """The page. Every word that may be a student's is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader([TEMPLATES, TEMPLATES / "course_feedback"])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["points"] = lambda number: f"{number:.4g}"
    lessons = sorted({receipt.lesson for receipt in findings.receipts})
    return environment.get_template("report.html").render(
        lessons=[_lesson(lesson, findings) for lesson in lessons],
        failures=findings.failures,
        refused=findings.refused,
        ignored=findings.ignored,
        remarks=findings.remarks,
        receipts=findings.receipts,
    )


def _lesson(lesson: str, findings: Findings) -> dict[str, Any]:
    receipts = [receipt for receipt in findings.receipts if receipt.lesson == lesson]
    totals = [findings.score(receipt) for receipt in receipts]
    most = max((receipt.max_score for receipt in receipts), default=0.0)
    keys = list(dict.fromkeys(exercise.key for receipt in receipts for exercise in receipt.exercises))
    by_key = {key: [e for r in receipts for e in r.exercises if e.key == key] for key in keys}
    return {
        "id": lesson,
        "title": findings.titles.get(lesson, {"en": lesson, "zh": lesson}),
        "rows": [_row(receipt, keys, findings) for receipt in receipts],
        "exercises": [_exercise(by_key[key]) for key in keys],
        "count": len(receipts),
        "most": most,
        "mean": statistics.mean(totals) if totals else 0.0,
        "median": statistics.median(totals) if totals else 0.0,
        "perfect": sum(total >= most - 1e-9 for total in totals),
        "attention": [r for r in receipts if r.problem or not r.complete],
        "misconceptions": _misconceptions(receipts),
        "limits": _limits(receipts),
        "repaired": [r for r in receipts if r.notes and not r.problem],
        "environment": receipts[0].environment if receipts else {},
        "settings": sorted({(r.device, r.isolation) for r in receipts}),
    }


def _row(receipt: Receipt, keys: Sequence[str], findings: Findings) -> dict[str, Any]:
    mine = {exercise.key: exercise for exercise in receipt.exercises}
    page = f"../feedback/{receipt.student}/{receipt.lesson}/{receipt.lesson}.html"
    total = findings.score(receipt)
    automatic = sum(score or 0.0 for score in receipt.scores.values())
    return {
        "student": receipt.student,
        "page": page,
        "cells": [mine.get(key) for key in keys],
        "total": total,
        "share": total / receipt.max_score if receipt.max_score else 0.0,
        "by_hand": abs(total - automatic) > 1e-9,
        "receipt": receipt,
    }


def _exercise(outcomes: Sequence[ExerciseReceipt]) -> dict[str, Any]:
    first = outcomes[0]
    counted = charts.bins([outcome.score for outcome in outcomes], first.max_score)
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    return {
        "key": first.key,
        "title": first.title,
        "mean": statistics.mean(outcome.score for outcome in outcomes),
        "most": first.max_score,
        "chart": charts.histogram(counted, charts.described(counted, first.title["en"])),
        "verdicts": [(verdict, verdicts[verdict]) for verdict in ("pass", "fail", "not_run", "grader_error")],
    }


def _misconceptions(receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Most frequent first."""
    met: dict[tuple[str, str], list[tuple[str, ExerciseReceipt]]] = defaultdict(list)
    for receipt in receipts:
        for exercise in receipt.exercises:
            if exercise.misconception:
                met[exercise.key, exercise.misconception].append((receipt.student, exercise))
    rows = [
        {
            "code": code,
            "title": several[0][1].title,
            "label": several[0][1].misconception_label,
            "count": len(several),
            "students": [student for student, _ in several],
        }
        for (_, code), several in met.items()
    ]
    return sorted(rows, key=lambda row: -row["count"])


def _limits(receipts: Sequence[Receipt]) -> list[dict[str, Any]]:
    return [
        {"student": receipt.student, "events": list({e["code"]: e for e in receipt.events}.values())}
        for receipt in receipts
        if receipt.events
    ]


def grades_csv(findings: Findings) -> str:
    """One line per submission; opens in a spreadsheet as it is, Chinese names and odd ones too."""
    keys = list(dict.fromkeys(e.key for receipt in findings.receipts for e in receipt.exercises))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "lesson", "score", "max_score", "status", *keys, "timestamp"])
    for receipt in findings.receipts:
        final = findings.final.get((receipt.lesson, receipt.student), {})
        scores = {e.key: final.get(f"{e.key.partition('.')[2]}-check", e.score) for e in receipt.exercises}
        status = "unreadable" if receipt.problem else "graded" if receipt.complete else "grader error"
        writer.writerow(
            [
                _cell(receipt.student),
                receipt.lesson,
                f"{findings.score(receipt):g}",
                f"{receipt.max_score:g}",
                status,
                *(f"{scores[key]:g}" if key in scores else "" for key in keys),
                receipt.timestamp or "",
            ]
        )
    return out.getvalue()


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text
