"""Runs the test tiers, fast ones first: ``python -m tests.tiers [--fast] [NAME…]``.

A tier whose program is missing is named in the last line; with ``CI`` set in the environment it is a failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.postgres.server import program

PYTHON = sys.executable
BIN = Path(sys.executable).parent
GRADER = str(BIN / "grader")
PYTEST = [PYTHON, "-m", "pytest", "-q", "-rs", "--durations=5"]
BROWSERS = "chromium|chromium-browser|google-chrome"
OWN = ("COURSE_DEVICE", "COURSE_LANG", "COURSE_IMAGES", "NBGRADER_EXECUTION")  # variables of a person's own shell
SLOW_MARKS = ("kernel", "sandbox", "postgres", "browser", "gpu", "long")


@dataclass(frozen=True)
class Tier:
    name: str
    what: str
    command: list[str]
    needs: tuple[str, ...] = ()  # programs; "a|b" means either
    fast: bool = False
    device: str = ""  # where lessons compute; "" for what the machine has


def _pytest(*extra: str) -> list[str]:
    return [*PYTEST, *extra]


def _marked(mark: str, *without: str) -> list[str]:
    return _pytest("-m", " and ".join([mark, *(f"not {other}" for other in without)]), "tests")


UNMARKED = _pytest("-m", " and ".join(f"not {mark}" for mark in SLOW_MARKS), "tests")

TIERS = (
    Tier("lint", "ruff: style and likely mistakes", [PYTHON, "-m", "ruff", "check", "."], fast=True),
    Tier("format", "ruff: formatting", [PYTHON, "-m", "ruff", "format", "--check", "."], fast=True),
    Tier("types", "mypy over course_lib and grader", [PYTHON, "-m", "mypy"], fast=True),
    Tier("translations", "English and Chinese are in step", [GRADER, "check-translations"], fast=True),
    Tier("stale", "built notebooks are up to date", [GRADER, "build", "--check"], fast=True),
    Tier("fast", "tests without kernel, sandbox or browser", UNMARKED, fast=True),
    Tier("verify", "the kill matrix, and a sample of automatic mutants", [GRADER, "verify", "--sample", "10"]),
    Tier(
        "nbval",
        "every notebook gives its stored outputs, the CPU's",
        _pytest("--nbval", "--nbval-current-env", "notebooks"),
        device="cpu",
    ),
    Tier("kernel", "tests with a Jupyter kernel", _marked("kernel", "sandbox", "browser", "long")),
    Tier("sandbox", "tests in the sandbox, hostile ones too", _marked("sandbox", "browser", "gpu", "long"), ("bwrap",)),
    Tier("gpu", "exercises, lessons, faults and the sandbox on an accelerator", [*PYTEST, "-m", "gpu"]),
    Tier(
        "postgres",
        "the gradebook in a PostgreSQL that the tests start",
        _marked("postgres", "sandbox", "browser", "long"),
        ("initdb", "pg_ctl"),
    ),
    Tier(
        "browser",
        "tests in headless Chromium",
        _marked("browser", "long"),
        (BROWSERS, "bwrap"),
    ),
    Tier("demo", "the demo scores what each sample deserves", [GRADER, "demo", "build/demo"], ("bwrap",)),
)


def run(tier: Tier) -> str:
    """ "passed", "failed" or "not run: …"."""
    missing = [names for names in tier.needs if not any(map(program, names.split("|")))]
    print(f"\n━━ {tier.name}: {tier.what} ━━", flush=True)
    if missing:
        return f"not run: {' and '.join(missing)} missing"
    environment = {k: v for k, v in os.environ.items() if k not in OWN}  # nothing of it may change what is tested
    if tier.device:
        environment["COURSE_DEVICE"] = tier.device
    code = subprocess.run(tier.command, env=environment, check=False).returncode
    if code == 5 and "pytest" in tier.command:
        return "not run: no test was found"
    return "passed" if code == 0 else "failed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="only the tiers that take seconds")
    parser.add_argument("names", nargs="*", help=f"tiers to run: {', '.join(t.name for t in TIERS)}")
    wanted = parser.parse_args()
    unknown = set(wanted.names) - {t.name for t in TIERS}
    if unknown:
        parser.error(f"no such tier: {', '.join(sorted(unknown))}")
    chosen = [t for t in TIERS if (t.name in wanted.names if wanted.names else t.fast or not wanted.fast)]
    outcomes: dict[str, str] = {}
    for tier in chosen:
        started = time.perf_counter()
        outcomes[tier.name] = run(tier)
        print(f"── {tier.name}: {outcomes[tier.name]} ({time.perf_counter() - started:.0f} s)", flush=True)
    failed = [name for name, outcome in outcomes.items() if outcome == "failed"]
    skipped = {name: outcome for name, outcome in outcomes.items() if outcome.startswith("not run")}
    passed = len(outcomes) - len(failed) - len(skipped)
    print(f"\nFailed tiers: {', '.join(failed) or 'none'}")
    print(f"tiers: {passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    if skipped:
        print(
            "Could not run: " + "; ".join(f"{name} ({why.removeprefix('not run: ')})" for name, why in skipped.items())
        )
    return 1 if failed or (skipped and os.environ.get("CI")) else 0


if __name__ == "__main__":
    sys.exit(main())
