"""The files of a student bundle that are made from the project's own: packages, versions, how to install."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

# Where conda-forge calls a package by another name.
CONDA_NAMES = {"torch": "pytorch"}
# For bundles only, so it is not in requirements.lock. 4.5 is the newest; what 4.6 added to the menus stays English.
LANGUAGE_PACK = ("jupyterlab-language-pack-zh-CN", "4.5.post3")


def project(root: Path) -> dict[str, Any]:
    """The ``[project]`` table of pyproject.toml."""
    table: dict[str, Any] = _whole(root)["project"]
    return table


def _whole(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def _list(items: list[str]) -> str:
    """A TOML array, one item to a line."""
    return "\n".join(["[", *(f'    "{item}",' for item in items), "]"])


def pins(root: Path) -> dict[str, str]:
    """What students install, name to exact version: pyproject's dependencies with requirements.lock's versions.

    Raises KeyError for a dependency that is not locked.
    """
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    locked = {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.M)}
    names = [re.match(r"[\w.-]+", line).group() for line in project(root)["dependencies"]]  # type: ignore[union-attr]
    return {name: locked[name.lower()] for name in names}


def pyproject(root: Path) -> str:
    """A pyproject.toml with which ``pip install -e .`` works in a bundle, without the grader."""
    table = project(root)
    data = _whole(root)["tool"]["setuptools"]["package-data"]["course_lib"]
    return f"""[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "{table["name"]}"
version = "{table["version"]}"
description = "A bilingual (English / 中文) PyTorch course: notebooks and a helper library"
readme = "README.md"
license = "{table["license"]}"
license-files = {_list(table["license-files"])}
requires-python = "{table["requires-python"]}"
dependencies = {_list(table["dependencies"])}

[tool.setuptools.packages.find]
include = ["course_lib*"]

[tool.setuptools.package-data]
course_lib = {_list(data)}
"""


def language_packs(language: str) -> dict[str, str]:
    """JupyterLab's own menus in Chinese: only where the bundle speaks it."""
    return {} if language == "en" else dict([LANGUAGE_PACK])


def requirements(root: Path, language: str) -> str:
    """requirements.txt: the exact versions, then the bundle itself."""
    lines = [f"{name}=={version}" for name, version in (pins(root) | language_packs(language)).items()]
    return "\n".join(["# pip install -r requirements.txt", *lines, "-e .", ""])


def environment(root: Path, language: str) -> str:
    """environment.yml for conda: the same versions under conda-forge's names; the language pack comes through pip."""
    lines = [f"  - {CONDA_NAMES.get(name, name)} =={version}" for name, version in pins(root).items()]
    head = [
        "# conda env create -f environment.yml && conda activate pytorch-course",
        "name: pytorch-course",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python {project(root)['requires-python']}",
        "  - pip",
    ]
    packs = [f"      - {name}=={version}" for name, version in language_packs(language).items()]
    return "\n".join([*head, *lines, "  - pip:", *packs, "      - --no-deps --editable .", ""])
