"""The pages in a zip that a platform takes back, each under a name by which it knows its student.

* Moodle ("upload multiple feedback files in a zip", ``mod/assign/feedback/file/importziplib.php``): a folder
  ``Full name_4711_assignsubmission_file_``, as in its downloads; the number after the first line names the participant,
  and the files inside become feedback files.
* Canvas ("re-upload submissions", ``infer_comment_context_from_filename`` in ``app/models``): a file called as it was
  downloaded; the first two numbers between lines are the student's and the upload's. Canvas shows it under the name
  that the student gave their file, ending and all (instructure/canvas-lms, issue 2406): so a notebook is answered by a
  notebook, an archive by an archive, or nobody could open what they get.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import nbformat
from bs4 import BeautifulSoup

from course_lib.text import Text
from grader.cells import markdown_cell
from grader.naming import is_zip, label_in, label_of
from grader.receipts import Receipt

PLATFORMS = ("canvas", "moodle")
PAGE = "feedback.html"
TITLE = Text(en="Feedback", zh="反馈")
HEAD = Text(en="| Exercise | Points |", zh="| 练习 | 得分 |")
TOTAL = Text(en="Total", zh="总分")
LATE = Text(en="Handed in late by {words}", zh="迟交 {words}")
COMMENT = Text(en="Your teacher writes", zh="老师的评语")
_EPOCH = (2020, 1, 1, 0, 0, 0)  # no clock: the same pages make the same zip


def member(platform: str, receipt: Receipt | None, name: str, participant: str) -> str | None:
    """The name in the zip; None where the platform does not know the student's submission. participant: Moodle's
    number, from the download or from the worksheet."""
    label = label_in(receipt.file.split("/")) if receipt is not None else None
    if platform == "canvas":
        if receipt is None or label is None or label.platform != "canvas":
            return None
        part = next(part for part in receipt.file.split("/") if label_of(part) == label)
        return re.sub(r" #\d+$", "", part)  # of files that are called the same, so that people can tell them apart
    if not participant:
        return None
    if label is not None and label.platform == "moodle":
        name = label.name
    plain = "".join(c if c not in '_/\\:*?"<>|' and c.isprintable() else " " for c in name).strip() or "x"
    return f"{plain}_{participant}_assignsubmission_file_/{PAGE}"


def content(name: str, page: bytes, about: Mapping[str, Any]) -> bytes:
    """What stands under a name: the page, in the form that the name's ending promises."""
    if name.endswith(f"/{PAGE}"):
        return page
    if is_zip(name):
        return packed({PAGE: page})
    if PurePosixPath(name).suffix.lower() == ".ipynb":
        return as_notebook(about)
    return page


def packed(contents: Mapping[str, bytes]) -> bytes:
    """A zip, the same bytes each time."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(contents.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return blob.getvalue()


def as_notebook(about: Mapping[str, Any]) -> bytes:
    """The page's contents as a notebook of text cells, in the student's language; JupyterLab cleans them once more."""
    language = about["language"]
    cells = []
    for lesson in about["lessons"]:
        cells.append(_summary(lesson, language))
        for exercise in lesson["exercises"]:
            parts = [f"### {_say(exercise['title'], language)} · {exercise['score']:g} / {exercise['most']:g}"]
            comments = [answer["comment"] for answer in exercise["answers"] if answer["comment"]]
            parts += [f"<b>{COMMENT.say(language, ' / ')}</b> {_flat(comment, language)}" for comment in comments]
            if exercise["result"]:
                parts.append(_flat(exercise["result"], language))
            cells.append("\n\n".join(parts))
    numbered = [markdown_cell(source, f"feedback-{number}") for number, source in enumerate(cells)]
    return nbformat.v4.writes(nbformat.v4.new_notebook(cells=numbered)).encode()


def _summary(lesson: Mapping[str, Any], language: str) -> str:
    lines = [f"## {TITLE.say(language, ' / ')} · {_say(lesson['title'], language)}", ""]
    for head in (HEAD.say(language, "\n").splitlines()[0], "|---|---|"):
        lines.append(head)
    lines += [
        f"| {_say(exercise['title'], language)} | {exercise['score']:g} / {exercise['most']:g} |"
        for exercise in lesson["exercises"]
    ]
    if lesson["late"]:
        lines.append(f"| {LATE.format(words=lesson['late']).say(language, ' / ')} | −{lesson['penalty']:g} |")
    lines.append(f"| **{TOTAL.say(language, ' / ')}** | **{lesson['score']:g} / {lesson['most']:g}** |")
    for note in filter(None, [lesson["problem"], *lesson["notes"], *lesson["events"]]):
        lines += ["", _escaped(_say(note, language))]
    return "\n".join(lines)


def _flat(html: str, language: str) -> str:
    """HTML in one line, as Markdown takes it, with the language that is wanted."""
    soup = BeautifulSoup(str(html), "html.parser")
    if language != "both":
        for other in soup.select(f'[lang="{"zh" if language == "en" else "en"}"], .course-between'):
            other.decompose()
    return str(soup).replace("\n", " ")


def _say(words: Mapping[str, str], language: str) -> str:
    return Text(words["en"], words["zh"]).say(language, " / ").replace("|", "\\|").replace("\n", " ")


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")
