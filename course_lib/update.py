"""``python -m course_lib update NEW``: a newer release over this bundle, with all of the student's work kept.

What updates is the newer release's own ``course_lib``, started with this bundle as its target: a mistake in the updater
of a release can be mended by the next one. So a release must understand what a former one calls it with:
``update NEW --here --into FOLDER --lang … [--dry-run] [--force]``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from course_lib.bundle import bundle_folder
from course_lib.text import LANGUAGES, Text, current_language
from course_lib.updating import words
from course_lib.updating.arriving import as_folder
from course_lib.updating.bundles import Bundle, Refused, read_bundle
from course_lib.updating.planning import plan
from course_lib.updating.reporting import report
from course_lib.updating.writing import Stopped, carry_out

TITLE = Text(
    en="Brings a newer release of the course into this folder and keeps your answers and notes.",
    zh="把新版课程更新到本文件夹，保留你的答案和笔记。",
)
NEW = Text(en="the newer bundle: a folder or a zip", zh="新版课程包：文件夹或 zip 文件")
DRY_RUN = Text(en="say what would change; write nothing", zh="只说明会有哪些变化，不写入任何内容")
FORCE = Text(en="take it even if it is older than what lies here", zh="即使它比现有的版本旧，也照样使用")
INTO = Text(en="the course's folder (default: the one around here)", zh="课程文件夹（默认为当前所在的课程）")


def main(arguments: list[str]) -> int:
    """0 when it is done, or nothing had to be; 1 where something could not be done; 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m course_lib update", description=TITLE.inline)
    parser.add_argument("new", metavar="NEW", type=Path, help=NEW.inline)
    parser.add_argument("--dry-run", action="store_true", help=DRY_RUN.inline)
    parser.add_argument("--force", action="store_true", help=FORCE.inline)
    parser.add_argument("--into", metavar="FOLDER", type=Path, help=INTO.inline)
    parser.add_argument("--lang", choices=LANGUAGES, default=current_language())
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # this is the newer release's own
    asked = parser.parse_args(arguments)
    folder = bundle_folder((asked.into or Path.cwd()).resolve())
    if folder is None:
        print((words.NO_BUNDLE.format(place=asked.into) if asked.into else words.NOT_HERE).say(asked.lang))
        return 1
    try:
        if asked.here:
            return _update(read_bundle(folder), read_bundle(asked.new.resolve()), asked)
        with as_folder(asked.new.resolve()) as new:
            _refuse_what_is_none(new, folder)
            return _hand_over(new, folder, asked)
    except Refused as error:
        print(error.text.say(asked.lang))
        return 1


def _refuse_what_is_none(new: Path, folder: Path) -> None:
    read_bundle(folder)
    read_bundle(new)
    if new.samefile(folder):
        raise Refused(words.SAME_PLACE.format(place=new))
    if not (new / "course_lib" / "updating").is_dir():
        raise Refused(words.NO_UPDATER.format(place=new))


def _hand_over(new: Path, folder: Path, asked: argparse.Namespace) -> int:
    """Goes on with the newer release's code."""
    command = [sys.executable, "-m", "course_lib", "update", str(new), "--here", "--into", str(folder)]
    command += ["--lang", asked.lang]
    command += [flag for flag, wanted in (("--dry-run", asked.dry_run), ("--force", asked.force)) if wanted]
    path = os.pathsep.join([str(new), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    sys.stdout.flush()
    return subprocess.run(command, cwd=new, env=environment, check=False).returncode


def _update(old: Bundle, new: Bundle, asked: argparse.Namespace) -> int:
    if _numbers(new.version) < _numbers(old.version) and not asked.force:
        raise Refused(words.OLDER.format(place=new.folder, new=new.version, old=old.version))
    return bring(old, new, old.language, asked.lang, asked.dry_run)


def bring(old: Bundle, new: Bundle, language: str, words_in: str, dry_run: bool) -> int:
    """Makes ``old`` what ``new`` is in a language, and says what happened. Raises Refused."""
    try:
        made = plan(old, new, language)
        backup = None if dry_run else carry_out(made)
    except OSError as error:
        print(words.STOPPED.format(name=error.filename or old.folder, why=error.strerror or error).say(words_in))
        return 1
    except Stopped as stopped:
        print(stopped.text.say(words_in))
        return 1
    for line in report(made, backup, dry_run, switched=new is old):
        print(line.say(words_in))
    return int(made.failed)


def _numbers(version: str) -> tuple[int, ...]:
    """``0.10.1`` → (0, 10, 1)."""
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in version.split("."))
