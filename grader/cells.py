"""Cells and outputs as nbformat's own makers make them, without its check of each against the whole schema.

Only for parts that are put together here from checked text: the makers' checks took a fifth of the grader's own time.
"""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict


def code_cell(source: str, id: str) -> NotebookNode:
    return NotebookNode(
        id=id, cell_type="code", metadata=NotebookNode(), execution_count=None, source=source, outputs=[]
    )


def markdown_cell(source: str, id: str) -> NotebookNode:
    return NotebookNode(id=id, cell_type="markdown", source=source, metadata=NotebookNode())


def raw_cell(source: str, id: str) -> NotebookNode:
    return NotebookNode(id=id, cell_type="raw", source=source, metadata=NotebookNode())


def display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> NotebookNode:
    return NotebookNode(output_type="display_data", metadata=from_dict(metadata or {}), data=from_dict(data))


def result(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> NotebookNode:
    return NotebookNode(
        output_type="execute_result",
        metadata=from_dict(metadata or {}),
        data=from_dict(data),
        execution_count=None,
    )


def stream(name: str, text: str) -> NotebookNode:
    return NotebookNode(output_type="stream", name=name, text=text)


def error(ename: str, evalue: str, traceback: list[str]) -> NotebookNode:
    return NotebookNode(output_type="error", ename=ename, evalue=evalue, traceback=traceback)
