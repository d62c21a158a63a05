"""The instructor's pages: what needs a person first, then what the class did, from the data of ``report_data``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from course_lib.text import Text
from grader import charts
from grader.course_folder import write_whole
from grader.csv_text import written
from grader.report_data import Failure, Findings, files, lesson_report
from grader.report_state import is_written, keep, state_of
from grader.sheet import harmless

__all__ = ["Failure", "Findings", "grades_csv", "render", "render_overview", "write_report"]
_CELLS_SHOWN = 8


def write_report(folder: Path, findings: Findings) -> Path:
    """Writes folder/index.html and, for each lesson, <lesson>.json and <lesson>.html. Each page needs no other file.

    Where they say all of it already, nothing is written.
    """
    path, state = folder / "index.html", state_of(findings)
    if is_written(folder, state):
        return path
    pages = [path]
    reports = [lesson_report(lesson, findings) for lesson in findings.lessons()]
    for report in reports:
        name = report["lesson"]["id"]
        text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
        pages += [folder / f"{name}.json", folder / f"{name}.html"]
        write_whole(pages[-2], text.encode())
        write_whole(pages[-1], render(json.loads(text)).encode())
    write_whole(path, render_overview(reports, files(findings)).encode())
    keep(folder, state, pages)
    return path


def render(report: Mapping[str, Any]) -> str:
    """One lesson's page, from what stands in its JSON and from nothing else. Every word that may be a student's is
    escaped by the template engine."""
    cells = sorted(report["time"]["cells"], key=lambda cell: (-sum(cell["limits"].values()), -cell["ninetieth"]))
    titles = {exercise["exercise"]: exercise["title"] for exercise in report["exercises"]}
    return str(_template("report.html").render(report=report, titles=titles, cells=cells[:_CELLS_SHOWN]))


def render_overview(reports: Sequence[Mapping[str, Any]], about_files: Mapping[str, Any]) -> str:
    """The page of all lessons, with what needs a person in any of them."""
    return str(_template("overview.html").render(reports=reports, files=about_files))


@lru_cache(maxsize=4)
def _template(name: str) -> Any:
    from grader import templating

    environment = templating.environment()
    environment.filters["points"] = lambda number: "–" if number is None else f"{number:.4g}"
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    environment.filters["seconds"] = lambda number: f"{number:.2f}" if number < 10 else f"{number:.0f}"
    environment.filters["signed"] = lambda number: f"{number:.2f}".replace("-", "−")
    environment.filters["rare"] = _rare
    environment.globals["histogram"] = _histogram
    environment.globals["proportion"] = _proportion
    environment.globals["interval"] = _interval
    return environment.get_template(name)


def _histogram(bins: Sequence[Mapping[str, Any]], title: Mapping[str, str], wide: bool = False) -> str:
    counted = [(one["points"], one["count"]) for one in bins]
    words = charts.described(counted, Text(en=title["en"], zh=title["zh"]))
    return charts.histogram(counted, words, charts.WIDE if wide else charts.NARROW)


def _proportion(share: float) -> str:
    words = Text(en="{percent} % of the points on average", zh="平均得到 {percent}% 的分数")
    return charts.proportion(share, words.format(percent=f"{100 * share:.0f}").say("both", " / "))


def _interval(found: Mapping[str, float]) -> str:
    words = Text(
        en="discrimination {value}, between {low} and {high}", zh="区分度 {value}，在 {low} 与 {high} 之间"
    ).format(**{name: f"{number:.2f}" for name, number in found.items()})
    return charts.interval(found["value"], found["low"], found["high"], words.say("both", " / "))


def _rare(expected: float) -> str:
    """An expected number of pairs with one digit that says something, and none for less than one in a million."""
    return f"{expected:.6f}"[: 2 + next((n for n in range(1, 7) if expected >= 10**-n), 6)] if expected >= 1e-6 else "0"


def grades_csv(findings: Findings) -> bytes:
    """One line per submission; opens in a spreadsheet as it is, Chinese names and odd ones too."""
    keys = list(dict.fromkeys(e.key for receipt in findings.receipts for e in receipt.exercises))
    rows: list[list[str]] = [["student", "lesson", "score", "max_score", "status", *keys, "timestamp"]]
    for receipt in findings.receipts:
        final = findings.final.get((receipt.lesson, receipt.student), {})
        scores = {e.key: final.get(f"{e.key.partition('.')[2]}-check", e.score) for e in receipt.exercises}
        status = "unreadable" if receipt.problem else "graded" if receipt.complete else "grader error"
        rows.append(
            [
                harmless(receipt.student),
                receipt.lesson,
                f"{findings.score(receipt):g}",
                f"{receipt.max_score:g}",
                status,
                *(f"{scores[key]:g}" if key in scores else "" for key in keys),
                receipt.timestamp or "",
            ]
        )
    return written(rows)
