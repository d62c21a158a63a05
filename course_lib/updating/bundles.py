"""A bundle on the disk: its manifest, what was given in it, and all its files in a language.

A release's notebooks are made from ``course_lib/released/``, never read from ``notebooks/``: somebody may have worked
in them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TypeVar

from course_lib.bundle import MANIFEST
from course_lib.text import LANGUAGES, TextError
from course_lib.updating import given, opened, words
from course_lib.updating.given import GivenNotebook

START = "START.ipynb"
Read = TypeVar("Read")


class Refused(TextError):
    """Nothing can be done with this; ``text`` says why and what to do."""


@dataclass(frozen=True)
class Bundle:
    """folder: where it lies; manifest: its course.json. files: path to the digest that the release wrote."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def files(self) -> dict[str, str]:
        return dict(self.manifest["files"])

    @property
    def language(self) -> str:
        return str(self.manifest["language"])

    @property
    def version(self) -> str:
        return str(self.manifest.get("version", ""))

    @property
    def lessons(self) -> list[str]:
        return list(self.manifest["lessons"])

    def given(self, name: str) -> GivenNotebook | None:
        """What the release gave for a notebook; None in a bundle that is older than this, or damaged."""
        try:
            return given.read((self.folder / record_of(name)).read_bytes())
        except (OSError, ValueError):
            return None


def record_of(notebook: str) -> str:
    """Where a bundle keeps what it gave for ``notebooks/NN_slug/NN_slug.ipynb``."""
    return f"{given.FOLDER}/{PurePosixPath(notebook).stem}.json"


def notebooks_of(lessons: list[str]) -> list[str]:
    return [START, *(f"notebooks/{lesson}/{lesson}.ipynb" for lesson in lessons)]


def read_bundle(folder: Path) -> Bundle:
    """Raises Refused for a folder that holds none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        names = [*manifest["files"], *(f"notebooks/{lesson}" for lesson in manifest["lessons"])]
        sound = manifest["language"] in LANGUAGES and all(map(is_inside, names))
        sound = sound and all(isinstance(digest, str) for digest in manifest["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise Refused(words.NO_BUNDLE.format(place=folder))
    return Bundle(folder, manifest)


def rendered(bundle: Bundle, language: str) -> dict[str, bytes]:
    """The files that depend on the language as ``grader release --lang`` would have written them, course.json last.

    Raises Refused where what they are made from is not whole.
    """
    made: dict[str, bytes] = {}
    if given.FILES not in bundle.files:
        raise Refused(words.NO_UPDATER.format(place=bundle.folder))
    for name in notebooks_of(bundle.lessons):
        made[name] = opened.as_bytes(_sound(bundle, record_of(name), given.read).render(language))
    for name, texts in _sound(bundle, given.FILES, given.read_files).items():
        made[name] = texts[language].encode("utf-8")
    digests = bundle.files | {name: digest_of(blob) for name, blob in made.items()}
    made[MANIFEST] = manifest_bytes({**bundle.manifest, "language": language, "files": digests})
    return made


def same_in_all(bundle: Bundle) -> dict[str, bytes]:
    """The files that do not depend on the language. Raises Refused where one is not what the release wrote."""
    made_here = rendered(bundle, bundle.language)
    return {name: _whole(bundle, name) for name in bundle.files if name not in made_here}


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """course.json as a file."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def digest_of(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _sound(bundle: Bundle, name: str, read: Callable[[bytes], Read]) -> Read:
    try:
        return read(_whole(bundle, name))
    except ValueError:
        raise Refused(words.DAMAGED.format(place=bundle.folder, name=name)) from None


def _whole(bundle: Bundle, name: str) -> bytes:
    try:
        blob = (bundle.folder / name).read_bytes()
    except OSError:
        blob = b""
    if digest_of(blob) != bundle.files.get(name):
        raise Refused(words.DAMAGED.format(place=bundle.folder, name=name))
    return blob


def is_inside(name: object) -> bool:
    """Whether a path stays below the folder that it is meant for, on every system."""
    if not isinstance(name, str) or not name or "\0" in name:
        return False
    windows = PureWindowsPath(name)
    return not (windows.drive or windows.root or "\\" in name or set(windows.parts) & {"..", "."})
