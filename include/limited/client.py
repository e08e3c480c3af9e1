"""The caller's side: hand a job to a limited child and take what it sends back.

Each calling process keeps one server per kind of work, with the libraries loaded; a job costs a fork of that, not a
new interpreter, and inherits nothing of the caller: no environment, no connection, no thread.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess  # ruff: ignore[suspicious-subprocess-import] our own interpreter and module only
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from include.limited.child import OUT_OF_MEMORY, TIMED_OUT

_ROOT = Path(__file__).resolve().parents[2]
# No thread may start in the server: it forks. Nothing of the caller's environment is handed on.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_START = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve({fd}, {address!r})"
_GRACE_SECONDS = 30

How = Literal["done", "time", "cpu", "memory", "crash"]


@dataclass(frozen=True)
class Outcome:
    """How a job ended, and what it sent back. `reason` names the signal or exit code of a crash."""

    how: How
    payloads: tuple[pa.Buffer, ...] = ()
    reason: str = ""


class Server:
    """One server process and the end of its control socket; it ends when that closes."""

    def __init__(self, module: str, address: str = "") -> None:
        """Start the server of `module`, whose `serve(fd, address)` it runs; it is not waited for.

        Args:
            module: dotted name of the module that serves.
            address: path of a Unix socket at which other processes of this user may bring jobs; '' for none.
        """
        self.control, theirs = socket.socketpair()
        with theirs:
            path = [str(_ROOT), *(entry for entry in sys.path if entry)]
            command = _START.format(path=path, module=module, fd=theirs.fileno(), address=address)
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", command],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Wait until the libraries are loaded; ChildProcessError where the server did not start."""
        if self.control.recv(1) != b"r":
            self.close()
            raise ChildProcessError(
                f"子进程无法启动(退出码 {self.process.returncode})。 The limited child did not start "
                f"(exit {self.process.returncode}); see its message on standard error."
            )

    def close(self) -> None:
        """End the server once its running jobs are done."""
        self.control.close()
        self.process.wait()


class Job:
    """One job under way; `finish` takes its outcome."""

    def __init__(
        self, data: socket.socket, status: socket.socket, *, wall_seconds: float, result_bytes: int
    ) -> None:
        self._data = data
        self._status = status
        self._result_bytes = result_bytes
        # A timeout beyond the warden's own: a socket end leaked into a foreign fork must not hang the caller.
        for end in (data, status):
            end.settimeout(wall_seconds + _GRACE_SECONDS)

    def send(self, wall_seconds: float, *parts: Any) -> None:
        """Send the job; a child that has already ended is left for `finish` to tell."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            self._data.sendall(struct.pack("!d", wall_seconds))
            for part in parts:
                self._data.sendall(len(part).to_bytes(8, "big"))
                self._data.sendall(part)

    def finish(self) -> Outcome:
        """Wait for the end of the job.

        Raises:
            ChildProcessError: the server was killed from outside; an OSError, worth a retry.
        """
        payloads: list[pa.Buffer] = []
        with self._status:
            with self._data, contextlib.suppress(ConnectionResetError, EOFError, TimeoutError):
                payloads = _payloads(self._data, self._result_bytes)
            try:
                status = struct.unpack("!i", self._status.recv(4))[0]
            except (struct.error, OSError):
                status = None
        if status is None:
            # Only our own processes can have ended so: it says nothing about the job.
            raise ChildProcessError("受限子进程中断,请重试。 The limited child was interrupted; try again.")
        how, reason = _how(status)
        if how == "done" and not payloads:
            how, reason = "crash", "exit 0"
        return Outcome(how, tuple(payloads) if how == "done" else (), reason)


def _how(status: int) -> tuple[How, str]:
    if status == 0:
        return "done", ""
    if status == TIMED_OUT:
        return "time", ""
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return "cpu", ""
    if code == OUT_OF_MEMORY:
        return "memory", ""
    return "crash", signal.Signals(-code).name if code < 0 else f"exit {code}"


def _payloads(connection: socket.socket, limit: int) -> list[pa.Buffer]:
    """All messages until the child closes; EOFError where the last is cut."""
    found = []
    while head := connection.recv(8, socket.MSG_WAITALL):
        length = int.from_bytes(head, "big")
        limit -= length
        if len(head) < 8 or limit < 0:
            raise EOFError
        buffer = bytearray(length)
        view, got = memoryview(buffer), 0
        while got < length:
            count = connection.recv_into(view[got:])
            if not count:
                raise EOFError
            got += count
        found.append(pa.py_buffer(buffer))
    return found


class Worker:
    """A kind of limited work; the server of this process is started at the first job."""

    def __init__(self, module: str) -> None:
        """Args: module: dotted name of the module whose `serve(fd, address)` does the work."""
        self._module = module
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._ready = False
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.stop)

    def start(
        self,
        request: Mapping[str, Any],
        data: Any,
        *,
        wall_seconds: float,
        result_bytes: int,
        address: str = "",
    ) -> Job:
        """Hand over a job. Safe from threads and in a process that was forked.

        Args:
            request: JSON; its `limits` hold `memory_bytes` and `cpu_seconds`.
            data: bytes-like.
            wall_seconds: the child is killed after so long.
            result_bytes: what the child may send back at most.
            address: a server that another process shares, taken where one answers there.

        Raises:
            ChildProcessError: the server could not start.
        """
        data_end, their_data = socket.socketpair()
        status_end, their_status = socket.socketpair()
        with their_data, their_status:
            fds = [their_data.fileno(), their_status.fileno()]
            if not (address and _brought(address, fds)):
                try:
                    socket.send_fds(self._running().control, [b"j"], fds)
                except OSError:
                    self.stop()
                    socket.send_fds(self._running().control, [b"j"], fds)
        job = Job(data_end, status_end, wall_seconds=wall_seconds, result_bytes=result_bytes)
        job.send(wall_seconds, json.dumps(request).encode(), data)
        return job

    def prepare(self) -> None:
        """Start the server now, without waiting for it: it loads its libraries while the caller does other work."""
        with self._lock:
            if self._server is None:
                self._server, self._ready = Server(self._module), False

    def stop(self) -> None:
        """End this process's server; the next job starts another."""
        with self._lock:
            if self._server is not None:
                self._server.close()
                self._server = None

    def _running(self) -> Server:
        self.prepare()
        with self._lock:
            if self._server is None:
                raise ChildProcessError("受限子进程已停止。 The limited child was stopped.")
            if not self._ready:
                try:
                    self._server.wait_ready()
                except ChildProcessError:
                    self._server = None
                    raise
                self._ready = True
            return self._server

    def _forget(self) -> None:
        """In a forked child: the server is the parent's; take another and leave the parent's alone."""
        self._lock = threading.Lock()
        if self._server is not None:
            self._server.control.close()
            self._server.process.returncode = 0
            self._server = None


def _brought(address: str, fds: list[int]) -> bool:
    """Bring the job to the server at `address`; False where none answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        try:
            door.connect(address)
            socket.send_fds(door, [b"j"], fds)
        except OSError:
            return False
    return True
