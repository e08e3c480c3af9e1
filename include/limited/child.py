"""The child's side: a server with its libraries loaded forks twice per job, a warden and the child that works.

The warden waits, kills at the wall limit and reports how the child ended; the child closes every door before it
touches the job's bytes. Nothing but the standard library is loaded here.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_DATA_FD = 3
_GUEST_SECONDS = 5
TIMED_OUT = -1000
"""Status reported for a child that was killed at the wall limit; else its wait status."""
OUT_OF_MEMORY = 71
"""Exit code of a child whose work needed more memory than allowed."""

Work = Callable[[dict[str, Any], bytes], Iterable[Any]]
"""(request, data) → what to send back, as bytes-like parts."""


def serve(control_fd: int, *, warm_up: Callable[[], None], work: Work, address: str = "") -> None:
    """Serve jobs until the control socket closes; each message carries a data and a status socket.

    Args:
        control_fd: the owner's socket; jobs come over it, and its end ends the server.
        warm_up: loads what the work needs. No thread may start in it: a process with threads must not fork.
        work: what a child does with one job.
        address: path of a Unix socket at which other processes of the same user may bring jobs; '' for none.
    """
    control = socket.socket(fileno=control_fd)
    doors = [control]
    if address:
        doors.append(_listen(address))
    _without_network()
    warm_up()
    # A child's first collection would else touch, and so copy, every page of the libraries.
    gc.collect()
    gc.freeze()
    try:
        _serve_jobs(control, doors, work)
    finally:
        # Frozen, the libraries' modules would outlive the interpreter, and some of them say so.
        gc.unfreeze()


def _serve_jobs(control: socket.socket, doors: list[socket.socket], work: Work) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        control.sendall(b"r")
    except BrokenPipeError:
        # The owner ended while the libraries were loading.
        return
    while True:
        for door in select.select(doors, [], [])[0]:
            message, fds = _next_job(door, control)
            if door is control and not message:
                return
            if len(fds) == 2 and os.fork() == 0:
                for each in doors:
                    each.close()
                _run_and_exit(_ward, *fds, work)
            for fd in fds:
                os.close(fd)


def _listen(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    listener.bind(address)
    os.umask(before)
    listener.listen(64)
    return listener


def _next_job(door: socket.socket, control: socket.socket) -> tuple[bytes, list[int]]:
    if door is control:
        message, fds, _, _ = socket.recv_fds(control, 1, 2)
        return message, fds
    with contextlib.suppress(OSError), door.accept()[0] as guest:
        guest.settimeout(_GUEST_SECONDS)
        message, fds, _, _ = socket.recv_fds(guest, 1, 2)
        return message, fds
    return b"", []


def _run_and_exit(work: Any, *arguments: Any) -> None:
    """Run in a forked process that must never return into its parent's code."""
    code = 70
    try:
        work(*arguments)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    finally:
        os._exit(code)


def _ward(data_fd: int, status_fd: int, work: Work) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    seconds = struct.unpack("!d", receive(data_fd, 8))[0]
    child = os.fork()
    if child == 0:
        os.close(status_fd)
        _run_and_exit(_work, data_fd, work)
    os.close(data_fd)
    handle = os.pidfd_open(child)
    ended = bool(select.select([handle], [], [], seconds)[0])
    if not ended:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.write(status_fd, struct.pack("!i", status if ended else TIMED_OUT))


def _work(data_fd: int, work: Work) -> None:
    """The child proper: close every door, then take up the job."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.dup2(data_fd, _DATA_FD)
    os.closerange(_DATA_FD + 1, os.sysconf("SC_OPEN_MAX"))
    request = json.loads(receive(_DATA_FD, _length(_DATA_FD)))
    data = receive(_DATA_FD, _length(_DATA_FD))
    limits = request["limits"]
    limit(
        memory_bytes=limits["memory_bytes"],
        cpu_seconds=limits["cpu_seconds"],
        open_files=limits.get("open_files", 0),
    )
    for part in work(request, bytes(data)):
        _send(_DATA_FD, part)


def limit(*, memory_bytes: int, cpu_seconds: int, open_files: int = 0) -> None:
    """Limit this process: so much memory beyond what it has, so much processor time, so many new files; none grows."""
    now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    for what, soft in (
        (resource.RLIMIT_AS, now + memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DATA_FD + 1 + open_files),
    ):
        hard = resource.getrlimit(what)[1]
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(what, (soft, soft))


def _without_network() -> None:
    """Best effort: an empty network of its own. Where denied, RLIMIT_NOFILE still allows no socket."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with contextlib.suppress(AttributeError):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def place(error: BaseException) -> str:
    """Where in our code an error was raised; never its message, which may quote the data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def receive(fd: int, length: int) -> bytearray:
    """Read exactly `length` bytes; EOFError where there are fewer."""
    buffer = bytearray(length)
    view, got = memoryview(buffer), 0
    while got < length:
        count = os.readv(fd, [view[got:]])
        if count == 0:
            raise EOFError
        got += count
    return buffer


def _length(fd: int) -> int:
    return int.from_bytes(receive(fd, 8), "big")


def _send(fd: int, payload: Any) -> None:
    for part in (len(payload).to_bytes(8, "big"), payload):
        view = memoryview(part).cast("B")
        while view.nbytes:
            view = view[os.write(fd, view) :]
