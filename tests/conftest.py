"""A test that needs the sandbox or PostgreSQL is skipped where there is none, and says why; in CI it fails instead.

``pytest -m gpu`` looks at tests/gpu alone: the other tests import packages that a bare GPU machine does not have.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.option.markexpr != "gpu" or collection_path.parent != HERE or not collection_path.is_dir():
        return None
    return True if collection_path.name != "gpu" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    _without_sandbox(items)
    _without_postgres(items)


def _without_postgres(items: list[pytest.Item]) -> None:
    from tests.postgres.server import program

    missing = [name for name in ("initdb", "pg_ctl") if program(name) is None]
    missing += ["psycopg (pip install -e '.[postgres]')"] if find_spec("psycopg") is None else []
    if missing and not os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(pytest.mark.skip(reason=f"no PostgreSQL: {', '.join(missing)} missing"))


def _without_sandbox(items: list[pytest.Item]) -> None:
    needing = [item for item in items if item.get_closest_marker("sandbox")]
    if not needing or os.environ.get("CI"):
        return
    try:
        from grader.engine.launch import require

        require("bubblewrap")
    except ImportError as error:
        reason = str(error)
    except RuntimeError as error:  # SandboxUnavailable
        reason = str(error).splitlines()[0]
    else:
        return
    for item in needing:
        item.add_marker(pytest.mark.skip(reason=f"no sandbox: {reason}"))
