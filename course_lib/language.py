"""``python -m course_lib language zh``: this bundle in another language, with all of the student's work kept."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from course_lib.bundle import bundle_folder
from course_lib.text import LANGUAGES, Text, current_language
from course_lib.update import DRY_RUN, bring
from course_lib.updating import words
from course_lib.updating.bundles import Refused, read_bundle

TITLE = Text(
    en="Changes the language of the lessons and of all that the course says; keeps your answers and notes.",
    zh="切换各课以及课程所有提示的语言，保留你的答案和笔记。",
)
WANTED = Text(en="without it: says which language it is now", zh="不填则显示当前的语言")


def main(arguments: list[str]) -> int:
    """0 when it is done, or nothing had to be; 1 where something could not be done; 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m course_lib language", description=TITLE.inline)
    parser.add_argument("language", nargs="?", choices=LANGUAGES, help=WANTED.inline)
    parser.add_argument("--dry-run", action="store_true", help=DRY_RUN.inline)
    asked = parser.parse_args(arguments)
    folder = bundle_folder(Path.cwd())
    if folder is None:
        print(words.NOT_HERE.say(current_language()))
        return 1
    try:
        bundle = read_bundle(folder)
        if asked.language is None:
            print(words.SPEAKS.format(language=bundle.language).say(current_language()))
            return 0
        status = bring(bundle, bundle, asked.language, asked.language, asked.dry_run)
    except Refused as error:
        print(error.text.say(asked.language or current_language()))
        return 1
    forced = os.environ.get("COURSE_LANG")
    if forced and forced != asked.language:
        print(words.FORCED.format(language=forced).say(asked.language))
    return status
