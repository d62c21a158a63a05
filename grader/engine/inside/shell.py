"""An IPython shell that behaves as the one in a Jupyter kernel does, without a kernel.

What a kernel would publish (display data, results, errors, clear_output) goes to the channel as frames; text streams
are flushed at the same moments as ipykernel flushes them, so that a notebook's outputs come out the same.
"""

from __future__ import annotations

import base64
import builtins
import getpass
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import comm
from comm.base_comm import BaseComm
from IPython.core import page
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell, InteractiveShellABC
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

from . import protocol
from .streams import Channel, Stream


class Publisher(DisplayPublisher):
    """Sends what ``display()`` shows."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *_: Any,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **__: Any,
    ) -> None:
        self._validate_data(data, metadata or {})
        self.shell.emit(
            "update_display_data" if update else "display_data",
            data=data,
            metadata=metadata or {},
            display_id=(transient or {}).get("display_id"),
        )

    def clear_output(self, wait: bool = False) -> None:
        self.shell.emit("clear_output", wait=bool(wait))


class ResultHook(DisplayHook):
    """Sends the value of a cell's last expression."""

    _message: dict[str, Any] | None = None

    def start_displayhook(self) -> None:
        self._message = {}

    def write_output_prompt(self) -> None:
        """The count goes with the message."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self._message = {"data": format_dict, "metadata": md_dict or {}}

    def finish_displayhook(self) -> None:
        message, self._message = self._message, None
        if message and message["data"]:
            self.shell.emit("execute_result", execution_count=self.prompt_count, **message)


class Compiler(CachingCompiler):
    """Names cells as ipykernel does: warnings and probing recognise a student's own lines by it."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"/tmp/ipykernel_{os.getpid()}/{number}.py"  # noqa: S108 - a name, not a file


# Many libraries ask whether the class has this very name, to find out whether they run in a notebook.
class ZMQInteractiveShell(InteractiveShell):
    """One per warm process; each submission uses its own fork of it."""

    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(Compiler)
    kernel = AnyTrait()
    channel: Channel
    streams: tuple[Stream, Stream]

    def connect(self, channel: Channel) -> None:
        """Sends everything to the channel from now on, the text streams included."""
        self.channel = channel
        self.streams = (
            Stream(channel, protocol.STDOUT, 1),
            Stream(channel, protocol.STDERR, 2),
        )
        sys.stdout, sys.stderr = self.streams

    def flush_streams(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()

    def emit(self, type_: str, **content: Any) -> None:
        self.flush_streams()
        self.channel.output(protocol.RICH, protocol.to_json(_plain({"type": type_, **content})))

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        try:
            words = str(evalue)
        except Exception:
            words = "(no readable message)"
        self.emit("error", ename=str(etype.__name__), evalue=words, traceback=list(stb))

    def init_hooks(self) -> None:
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(lambda *_, **__: None), 99)  # a notebook shows the pager elsewhere

    def init_virtualenv(self) -> None:
        """The interpreter is the right one already."""

    def init_environment(self) -> None:
        os.environ.update(TERM="xterm-color", CLICOLOR="1", FORCE_COLOR="1", CLICOLOR_FORCE="1", PAGER="cat")

    def enable_gui(self, gui: Any = None) -> None:
        """No event loop runs beside a cell."""

    def ask_exit(self) -> None:
        """``exit`` in a cell would end the kernel; here the next cell runs."""

    def get_parent(self) -> dict[str, Any]:
        return {"header": {"msg_id": f"cell-{self.execution_count}"}}

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Output widgets call it; there is one parent only."""


InteractiveShellABC.register(ZMQInteractiveShell)


class QuietComm(BaseComm):
    """A comm with nobody at the other end. An output widget that catches output says so through its state."""

    def publish_msg(self, msg_type: str, data: dict[str, Any] | None = None, *_: Any, **__: Any) -> None:
        state = (data or {}).get("state", {})
        if "msg_id" in state:
            shell = ZMQInteractiveShell.instance()
            (shell.channel.held.add if state["msg_id"] else shell.channel.held.discard)(self.comm_id)


def make_shell() -> ZMQInteractiveShell:
    """The shell, with no history file, no thread and no terminal behind it."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.IPKernelApp.connection_file = ""  # tqdm and others look for this section
    shell = ZMQInteractiveShell.instance(config=config)
    shell.kernel = shell  # output widgets ask the kernel for the current parent
    comm.create_comm = QuietComm
    builtins.input = _no_input
    getpass.getpass = _no_input
    return shell


def _no_input(*_: Any, **__: Any) -> NoReturn:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _plain(thing: Any, depth: int = 0) -> Any:
    """What JSON can carry, as jupyter_client makes it: bytes become base64, other iterables lists, the rest text."""
    if isinstance(thing, (str, int, float, type(None))) or depth > 50:
        return thing if isinstance(thing, (str, int, float, type(None))) else str(thing)
    if isinstance(thing, bytes):
        return base64.b64encode(thing).decode()
    if isinstance(thing, dict):
        return {str(key): _plain(value, depth + 1) for key, value in thing.items()}
    if isinstance(thing, Iterable):
        return [_plain(item, depth + 1) for item in thing]
    return str(thing)
