"""A test that needs the sandbox or PostgreSQL is skipped where there is none, and says why; in CI it fails instead."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


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
    from grader.engine import SandboxUnavailable
    from grader.engine.launch import require

    try:
        require("bubblewrap")
    except SandboxUnavailable as error:
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"no sandbox: {str(error).splitlines()[0]}"))
