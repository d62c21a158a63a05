"""What the same attacks gain here and in plain nbgrader: ``python -m tests.attacks.table`` writes TABLE.md.

Plain means nbgrader as it comes, with assert cells and hidden tests that are as strict as our checks. Its process runs
in a container of its own (a read-only machine, a course folder that it may write), for the machine's sake. Attacks
that only wait for a limit of many seconds, or would take the machine down, are not run there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from grader.batch import Options, grade_class
from grader.course import Course
from grader.notebook import to_notebook
from grader.receipts import read_receipt, receipt_path
from tests.attacks.attack import HONEST, STOLEN, Attack, attacks
from tests.attacks.conftest import LIMITS
from tests.attacks.submission import submission
from tests.grading import toy

HERE = Path(__file__).resolve().parent
COMMAND = "python -m tests.attacks.table"
CHECKS = {
    "double-check": "x = np.array([1.5, -1.5])\nassert np.allclose(double(x), [3.0, -3.0])\n"
    "### BEGIN HIDDEN TESTS\nassert np.allclose(double(np.arange(5.0)), [0, 2, 4, 6, 8])\n### END HIDDEN TESTS",
    "total-check": "assert abs(total(np.array([1.0, 2.0, 4.0])) - 7.0) < 1e-9\n"
    "### BEGIN HIDDEN TESTS\nassert abs(total(np.arange(6.0)) - 15.0) < 1e-9\n### END HIDDEN TESTS",
}
CONFIG = "c = get_config()\nc.CourseDirectory.course_id = 'plain'\nc.Execute.timeout = 20\n"


def main() -> None:
    toy.use_toy_exercises()
    with tempfile.TemporaryDirectory(prefix="attacks-") as name:
        root = Path(name)
        course = toy.make_course(root / "course")
        several = attacks()
        ours = here(course, several, root / "ours")
        theirs = plain(course, [attack for attack in several if not attack.stock], root / "plain")
    (HERE / "TABLE.md").write_text(table(several, ours, theirs), encoding="utf-8")


def here(course: Course, several: list[Attack], root: Path) -> dict[str, str]:
    for attack in several:
        toy.hand_in(root / "submitted", attack.name, submission(course, attack))
    grade_class(root / "submitted", root / "out", course, Options(jobs=1, limits=LIMITS))
    return {
        attack.name: f"{read_receipt(receipt_path(root / 'out/receipts', toy.LESSON, attack.name)).score:g}"
        for attack in several
    }


def plain(course: Course, several: list[Attack], root: Path) -> dict[str, str]:
    """The scores that nbgrader's own autograde gives, and whether a cell got at what it was after."""
    source = to_notebook(toy.lesson(course), "both")
    for cell in source.cells:
        cell.source = CHECKS.get(cell.id, cell.source)
    place = root / "source" / toy.LESSON / f"{toy.LESSON}.ipynb"
    place.parent.mkdir(parents=True)
    place.write_text(nbformat.writes(source), encoding="utf-8")
    (root / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    contained(root, "generate_assignment", toy.LESSON)
    released = nbformat.read(root / "release" / toy.LESSON / f"{toy.LESSON}.ipynb", 4)
    checks = {cell.id: cell.source for cell in released.cells if cell.id in CHECKS}
    for attack in several:
        blob = submission(course, attack)
        try:
            tree = json.loads(blob)
            for cell in tree["cells"]:  # the check cells that students of this course were given
                if isinstance(cell, dict) and cell.get("id") in checks and cell.get("source") != "5.0":
                    cell["source"] = checks[cell["id"]]
            blob = json.dumps(tree).encode()
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        toy.hand_in(root / "submitted", attack.name, blob)
    gains = {}
    for number, attack in enumerate(several):
        print(f"{number + 1}/{len(several)} {attack.name}", file=sys.stderr, flush=True)
        own = root.with_name(f"plain-{number}")  # a course of its own: some change everybody's grades
        shutil.copytree(root, own)
        for other in several:
            if other is not attack:
                shutil.rmtree(own / "submitted" / other.name)
        contained(own, "autograde", toy.LESSON)
        gains[attack.name] = gained(own, attack)
    return gains


def contained(root: Path, *words: str) -> None:
    """One nbgrader command in a container: everything is read-only but the course folder."""
    command = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--die-with-parent"]
    command += [
        "--tmpfs",
        "/dev/shm",
        "--bind",
        str(root),
        str(root),
        "--chdir",
        str(root),
        "timeout",
        "-k",
        "5",
        "50",
    ]
    command += [str(Path(sys.executable).parent / "nbgrader"), *words]
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(root / "run"), "IPYTHONDIR": str(root / "ipython")}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "MPLCONFIGDIR": str(root)}
    with contextlib.suppress(subprocess.TimeoutExpired):  # some stop the container's first process
        subprocess.run(command, capture_output=True, check=False, env=environment, timeout=60)


def gained(root: Path, attack: Attack) -> str:
    """The score in the gradebook, what was got at, or why there is none."""
    from nbgrader.api import Gradebook, MissingEntry

    graded = root / "autograded" / attack.name / toy.LESSON / f"{toy.LESSON}.ipynb"
    if not graded.is_file():
        return "not graded"
    try:
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            score = f"{book.find_submission(toy.LESSON, attack.name).score:g}"
    except MissingEntry:
        return "not graded"
    shown = [o for c in nbformat.read(graded, 4).cells for o in c.get("outputs", []) if o.output_type != "error"]
    stolen = any(STOLEN in str(output).replace(attack.cell, "") for output in shown)
    return f"{score}, and got at it" if stolen else score


def table(several: list[Attack], ours: dict[str, str], theirs: dict[str, str]) -> str:
    lines = [
        f"<!-- made by `{COMMAND}` (`make attacks`) -->",
        "",
        f"{len(several)} attacks on a notebook of two exercises, worth 3 and 2 points. Honest work in it is worth "
        f"{HONEST:g} unless the second column says otherwise. “Got at it”: it read or reached what it was after.",
        "",
        "| attack | deserves | here | plain nbgrader |",
        "|---|---|---|---|",
    ]
    wrong = 0
    for attack in several:
        gains = theirs.get(attack.name, f"not run: {attack.stock}")
        bad = attack.name in theirs and gains != f"{attack.score:g}"
        wrong += bad
        words = attack.name.replace("_", " ")
        lines.append(f"| {words} | {attack.score:g} | {ours[attack.name]} | {f'**{gains}**' if bad else gains} |")
    right = sum(ours[attack.name] == f"{attack.score:g}" for attack in several)
    lines += ["", f"Here {right} of {len(several)} got what they deserve. Of the {len(theirs)} that were run in plain "
              f"nbgrader {len(theirs) - wrong} did."]  # fmt: skip
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
