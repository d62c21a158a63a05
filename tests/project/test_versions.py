"""Versions are pinned once; everything else that names one agrees."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"pytorch": "torch"}
# bleach[css] on PyPI; conda has no extras, so the extra's package is named there.
ONLY_CONDA = {"tinycss2"}


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {
        name.lower().replace("_", "-"): version for name, _, version in (ln.partition("==") for ln in lines) if version
    }


def project() -> dict:  # type: ignore[type-arg]
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def direct() -> set[str]:
    tables = [project()["dependencies"], *project()["optional-dependencies"].values()]
    return {re.split(r"[\[>=<]", line)[0].lower() for table in tables for line in table}


def conda() -> dict[str, str]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pinned = [line.split(" ==") for line in listed if isinstance(line, str) and " ==" in line]
    return {CONDA_NAMES.get(name, name): version for name, version in pinned}


def test_every_direct_dependency_is_locked() -> None:
    assert direct() - set(locked()) == set()


def test_conda_lists_the_same_packages_at_the_same_versions() -> None:
    assert set(conda()) - ONLY_CONDA == direct()
    assert {name: locked()[name] for name in conda()} == conda()


def test_the_packages_that_the_user_asked_for_are_there() -> None:
    assert {"torch", "torchvision", "jupyterlab", "nbgrader", "matplotlib", "nbval"} <= direct()


def test_a_locked_version_is_never_below_the_oldest_that_works() -> None:
    def numbers(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", version))

    tables = [project()["dependencies"], *project()["optional-dependencies"].values()]
    for line in (line for table in tables for line in table):
        name, least = re.split(r"\[.*?\]>=|>=", line)
        assert numbers(locked()[name.lower()]) >= numbers(least), line


def test_one_range_of_pythons_everywhere() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == ["3.11", "3.12", "3.13"]
    assert project()["requires-python"] == ">=3.11,<3.14"
    assert "python >=3.11,<3.14" in (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / ".ci/setup").read_text(encoding="utf-8")


def test_every_locked_package_runs_on_the_first_release_of_each_python() -> None:
    """A system's own Python is often an early one: Debian 12 has 3.11.2."""
    refused = [
        (name, version, needs, python)
        for name, version in locked().items()
        if (needs := metadata(name).get("Requires-Python"))
        for python in ("3.11.0", "3.12.0", "3.13.0")
        if python not in SpecifierSet(needs)
    ]
    assert refused == []
