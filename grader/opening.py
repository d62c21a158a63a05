"""Opens a notebook file that anybody may have written: bytes in, a plain nbformat 4 notebook out.

Nothing in the file is trusted. Of a cell only its type, its text, its attachments and what helps to recognise it
(id, nbgrader's metadata) are kept; outputs and all other metadata are left behind.
"""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook

from course_lib.text import Text, TextError
from grader.cells import code_cell, markdown_cell, raw_cell

MAX_BYTES = 50 * 2**20
MAX_CELLS = 2_000
MAX_SOURCE = 500_000  # characters in one cell
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MAKERS = {"code": code_cell, "markdown": markdown_cell, "raw": raw_cell}
_LOOKS_LIKE = (
    (b"PK\x03\x04", Text(en="a zip archive", zh="一个 zip 压缩包")),
    (b"%PDF", Text(en="a PDF document", zh="一份 PDF 文档")),
    (b"<", Text(en="a web page", zh="一个网页")),
    (b"\x89PNG", Text(en="a picture", zh="一张图片")),
)


class Unreadable(TextError):
    """The file is not a notebook; ``text`` says why and what to do, in both languages."""


def open_notebook(blob: bytes) -> NotebookNode:
    """The notebook in a file's bytes. Raises Unreadable where there is none."""
    if len(blob) > MAX_BYTES:
        raise Unreadable(
            Text(
                en="The file is {size} MB, more than the {most} MB that a notebook may have. Clear the outputs and "
                "hand it in again.",
                zh="文件有 {size} MB，超过了笔记本允许的 {most} MB。请清除输出后重新提交。",
            ).format(size=len(blob) // 2**20, most=MAX_BYTES // 2**20)
        )
    if not blob.strip():
        raise Unreadable(
            Text(en="The file is empty. Hand it in again.", zh="文件是空的，请重新提交。"),
        )
    try:
        tree = json.loads(_decoded(blob))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(_not_json(blob, error)) from None
    return plain_notebook(tree)


def plain_notebook(tree: Any) -> NotebookNode:
    """A notebook's tree, of whatever nbformat version, as a plain nbformat 4 notebook. Raises Unreadable."""
    cells = _cells_of(tree)
    if cells is None:
        raise Unreadable(
            Text(
                en="The file is JSON but not a notebook: it has no list of cells. Hand in the .ipynb file itself.",
                zh="文件是 JSON，但不是笔记本：其中没有单元格列表。请提交 .ipynb 文件本身。",
            )
        )
    if len(cells) > MAX_CELLS:
        raise Unreadable(
            Text(
                en="The notebook has {count} cells, more than the {most} allowed.",
                zh="笔记本有 {count} 个单元格，超过了允许的 {most} 个。",
            ).format(count=len(cells), most=MAX_CELLS)
        )
    notebook = new_notebook()
    notebook.cells = [_plain_cell(cell, number) for number, cell in enumerate(cells) if isinstance(cell, dict)]
    notebook.metadata["language"] = _language(tree.get("metadata"))
    return notebook


def readable(thing: Any) -> str:
    """Any text-like value as a string that can be written as UTF-8; lists of lines are joined."""
    if isinstance(thing, list):
        thing = "".join(part for part in thing if isinstance(part, str))
    if not isinstance(thing, str):
        return ""
    return thing.encode("utf-8", "replace").decode("utf-8")


def _decoded(blob: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if blob.startswith(mark):
            return blob.decode(encoding)
    try:
        return blob.decode("utf-8")
    except UnicodeDecodeError:
        return blob.decode("gb18030")  # what an editor on a Chinese Windows saves


def _not_json(blob: bytes, error: Exception) -> Text:
    start = blob.lstrip()[:16]
    for mark, what in _LOOKS_LIKE:
        if start.startswith(mark):
            return Text(
                en="The file is {what}, not a notebook. Hand in the .ipynb file itself.",
                zh="文件是{what}，不是笔记本。请提交 .ipynb 文件本身。",
            ).format(what=what)
    if b"<<<<<<<" in blob and b">>>>>>>" in blob:
        return Text(
            en="The file holds the marks of an unfinished git merge. Resolve them and hand it in again.",
            zh="文件里留有未完成的 git 合并标记。请解决冲突后重新提交。",
        )
    line = getattr(error, "lineno", 0)
    return Text(
        en=f"The file is not valid JSON{f' (line {line})' if line else ''}, so no program can open it as a notebook. "
        "It was probably cut off or edited by hand: open it in JupyterLab, save it, and hand it in again.",
        zh=f"文件不是有效的 JSON{f'（第 {line} 行）' if line else ''}，任何程序都无法把它当作笔记本打开。"
        "它可能没有传完，或被手工改动过：请在 JupyterLab 中打开、保存，再重新提交。",
    )


def _cells_of(tree: Any) -> list[Any] | None:
    if not isinstance(tree, dict):
        return None
    if isinstance(tree.get("cells"), list):
        return list(tree["cells"])
    sheets = tree.get("worksheets")  # nbformat 3
    if isinstance(sheets, list):
        return [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    return None


def _plain_cell(cell: dict[str, Any], number: int) -> NotebookNode:
    kind = cell.get("cell_type")
    if not isinstance(kind, str) or kind not in _MAKERS:
        kind = "code" if "outputs" in cell or "input" in cell else "markdown"
    source = readable(cell.get("source", cell.get("input", "")))[:MAX_SOURCE]
    given = cell.get("id")
    plain = _MAKERS[kind](source, given if isinstance(given, str) and CELL_ID.match(given) else f"cell-{number}")
    metadata = cell.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
        plain.metadata["nbgrader"] = NotebookNode({k: v for k, v in metadata["nbgrader"].items() if _is_mark(k, v)})
    if kind == "markdown" and (attached := _attachments(cell.get("attachments"))):
        plain["attachments"] = attached
    return plain


def _is_mark(key: str, value: Any) -> bool:
    """nbgrader's marks are words, numbers and truth values; anything else may be nested without end."""
    return len(key) < 100 and (
        isinstance(value, (bool, float)) or (isinstance(value, (str, int)) and len(str(value)) < 200)
    )


def _attachments(given: Any) -> dict[str, dict[str, str]]:
    """Name -> {MIME type: base64 text}, whatever else the file says."""
    bundles = given.items() if isinstance(given, dict) else ()
    return {
        readable(name): {readable(kind): readable(data) for kind, data in bundle.items()}
        for name, bundle in bundles
        if isinstance(bundle, dict)
    }


def _language(metadata: Any) -> str:
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language") if isinstance(spec, dict) else None
    return language if isinstance(language, str) and len(language) < 20 else "python"
