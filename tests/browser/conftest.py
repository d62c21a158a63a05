"""A real Jupyter server and headless Chromium for browser tests."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tiers import OWN

FLAGS = [
    "--no-sandbox",  # tests run as root in CI; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOKEN = "for-tests-on-this-machine-only"  # noqa: S105 - a server on loopback that lives for one test


@contextlib.contextmanager
def jupyter(folder: Path, *options: str, command: Sequence[str] = ()) -> Iterator[str]:
    """A Jupyter server over a folder on a free loopback port; its address.

    command: what starts it, if not JupyterLab itself; it is given JupyterLab's options.
    """
    runtime = folder / ".jupyter-runtime"
    runtime.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k not in OWN}
    settings = folder / ".jupyter-settings"
    news = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True, exist_ok=True)
    news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8")
    environment |= {
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter-config"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
    }
    command = [
        *(command or (str(Path(sys.executable).parent / "jupyter"), "lab")),
        "--no-browser",
        "--allow-root",
        "--ServerApp.port=0",
        "--LabApp.expose_app_in_browser=True",  # so that a test can wait for a command's end
        f"--IdentityProvider.token={TOKEN}",
        *options,
    ]
    with (folder / ".jupyter-log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield _address(runtime, server, folder / ".jupyter-log")
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)  # kernels too
        server.wait()


def _address(runtime: Path, server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"Jupyter did not start:\n{log.read_text()[-3000:]}")
        for found in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                address = str(json.loads(found.read_text())["url"])
                with urllib.request.urlopen(f"{address}api", timeout=5):  # noqa: S310 - loopback
                    return address
        time.sleep(0.2)
    raise RuntimeError(f"Jupyter did not answer within a minute:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine: install it (see .ci/packages.txt)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Any, str], None]:
    """Keeps a screenshot under the folder that COURSE_SCREENSHOTS names, for people to look at."""

    def keep(page: Any, name: str) -> None:
        if folder := os.environ.get("COURSE_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"))

    return keep
