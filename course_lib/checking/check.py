"""``check("slug.exercise")``: what a student runs under an exercise."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

from course_lib.checking.packs import PackError, read_pack
from course_lib.checking.probing import call_site_namespace, run_probe
from course_lib.checking.results import ExerciseResult
from course_lib.checking.verdict import ExercisePack, evaluate, unjudged
from course_lib.text import Text

INTERRUPTED = Text(
    en="You stopped the check before it had an answer. If your code runs for ever, look at its loops.",
    zh="检查在得出结果前被你中断了。如果代码停不下来，请检查其中的循环。",
)
WARNED = Text(en="Your code warned: {words}", zh="你的代码发出了警告：{words}")


@dataclass(frozen=True)
class CheckReport:
    """A result as Jupyter shows it: rich HTML, or plain text.

    While nbgrader executes a notebook, the plain text is the bare number of points, which is what nbgrader reads.
    """

    result: ExerciseResult
    hint: int = 1

    @property
    def passed(self) -> bool:
        return self.result.verdict == "pass"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from course_lib.checking.render_html import html

        return {"text/html": html(self.result, hint=self.hint), "text/plain": self._plain()}

    def _plain(self) -> str:
        from course_lib.checking.render_text import plain

        return (
            str(float(self.result.score)) if "NBGRADER_EXECUTION" in os.environ else plain(self.result, hint=self.hint)
        )

    def __repr__(self) -> str:
        return f"<{self.result.key}: {self.result.verdict}, {self.result.score:g} of {self.result.max_score:g}>"


def check(key: str, hint: int = 1) -> CheckReport:
    """Checks the answer to an exercise, ``slug.exercise``, on the public cases, and explains what it found.

    hint: how far up the ladder to go: 1 asks a question, 2 draws the smallest counterexample, 3 works a neighbouring
    problem. Never raises for anything the student's code does; outside Jupyter the report is printed.
    """
    step = min(max(int(hint), 1), 3)
    try:
        pack = read_pack(key)
    except PackError as error:
        report = CheckReport(_no_pack(key, error.text), step)
    else:
        report = CheckReport(_run(pack, call_site_namespace()), step)
    if not _in_jupyter():
        print(report._plain())
    return report


def _run(pack: ExercisePack, namespace: dict[str, Any]) -> ExerciseResult:
    try:
        observed = [run_probe(pack.probe, namespace, case.inputs) for case in pack.cases]
    except KeyboardInterrupt:
        return unjudged(pack, "not_run", INTERRUPTED)
    warned = list(dict.fromkeys(w for seen in observed for w in seen.warnings))
    return evaluate(pack, observed, [WARNED.format(words=w) for w in warned[:3]])


def _no_pack(key: str, text: Text) -> ExerciseResult:
    return ExerciseResult(key, Text(en=key or "?", zh=key or "?"), "grader_error", (), notes=(text,))


def _in_jupyter() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.__class__.__name__ != "TerminalInteractiveShell"
