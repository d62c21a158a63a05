"""Works out an assignment's autotests with nbgrader's own InstantiateTests, in a process of its own.

``python -m grader.assignment.instantiate NAME FOLDER``: a notebook as JSON on stdin, the same with its tests on stdout.
FOLDER holds autotests.yml. The preprocessor starts a kernel and leaves its sockets open; they end with this process.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    import nbformat
    from nbgrader.preprocessors import InstantiateTests

    name, folder = sys.argv[1:]
    notebook = nbformat.from_dict(json.load(sys.stdin))
    resources = {"metadata": {"path": folder}, "nbgrader": {"notebook": name}}
    made, _ = InstantiateTests().preprocess(notebook, resources)
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
