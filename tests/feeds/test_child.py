"""The limited child: what it may do, how its ends are told, and that it works wherever it is called from."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from include.feeds import child
from include.feeds.child import parse_in_child
from include.feeds.faults import Held
from include.feeds.sniff import Limits
from include.limited import child as limited
from include.limited.client import Server

TEXT = "单位,件数\n甲,1\n".encode()


def parse(data=TEXT, **limits):
    return parse_in_child(data, file_name="a.csv", kinds=("csv", "xlsx"), limits=Limits(**limits))


def in_the_child(work, **limits):
    """Run `work` where the child would parse, under the same limits; return the wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            _, theirs = socket.socketpair()
            os.dup2(theirs.fileno(), 3)
            os.closerange(4, 1024)
            own = Limits(**limits)
            limited.limit(memory_bytes=own.memory_bytes, cpu_seconds=own.cpu_seconds)
            code = work() or 0
        except BaseException:
            code = 99
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_file_costs_a_fork_not_an_interpreter():
    parse()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        parse()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.2


def test_no_file_and_no_socket_can_be_opened():
    def work():
        for attempt in (lambda: os.open("/etc/passwd", os.O_RDONLY), socket.socket, os.pipe):
            try:
                attempt()
            except OSError as error:
                assert error.errno == errno.EMFILE
            else:
                return 1
        return 0

    assert in_the_child(work) == 0


def test_memory_is_limited():
    def work():
        try:
            bytearray(2 << 30)
        except MemoryError:
            return 0
        return 1

    assert in_the_child(work) == 0


def test_cpu_is_limited():
    def work():
        while True:
            pass

    assert in_the_child(work, cpu_seconds=1) in {-signal.SIGXCPU, -signal.SIGKILL}


def test_memory_limit_is_told():
    with pytest.raises(Held) as held:
        parse(b"a,b\n" * 5_000_000, memory_bytes=32 << 20)
    assert held.value.fault.code == "F-MEMORY"
    assert parse().sheets[0].cells.num_rows == 2


def test_wall_limit_is_told():
    with pytest.raises(Held) as held:
        parse(("a,b\n" * 3_000_000).encode(), wall_seconds=0)
    assert held.value.fault.code == "F-TIME"


def test_a_result_too_large_is_held():
    with pytest.raises(Held):
        parse(result_bytes=100)


@pytest.mark.parametrize(
    "answer",
    [
        b"not json",
        b"[]",
        b'{"refused": "no-such-code", "sheet": "", "cell": "", "facts": {}}',
        b'{"refused": "F-CSV", "sheet": "", "cell": "", "facts": {}}',
        b'{"kind": "csv", "sheets": [{"name": ""}]}',
    ],
)
def test_an_answer_out_of_shape_counts_as_a_crash(answer):
    with pytest.raises(Held) as held:
        child._parsed([pa.py_buffer(answer)])
    assert held.value.fault.code == "F-CRASH"


def test_arrow_bytes_out_of_shape_count_as_a_crash():
    about = json.dumps({"kind": "csv", "sheets": [{"name": ""}]}).encode()
    with pytest.raises(Held) as held:
        child._parsed([pa.py_buffer(about), pa.py_buffer(b"\xff\xff\xff\xff" + bytes(40))])
    assert held.value.fault.code == "F-CRASH"


def test_from_threads():
    found, threads = [], []
    for number in range(8):
        data = f"单位,件数\n甲,{number}\n".encode()
        threads.append(
            threading.Thread(target=lambda d=data: found.append(parse(d).sheets[0].cells["c1"][1].as_py()))
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [str(number) for number in range(8)]


def _parse_and_report(connection):
    connection.send(parse().sheets[0].cells.num_rows)


def test_from_a_process_that_was_forked_as_airflow_forks_tasks():
    parse()
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    process = context.Process(target=_parse_and_report, args=(theirs,), daemon=True)
    process.start()
    assert mine.poll(60) and mine.recv() == 2
    process.join(20)
    assert process.exitcode == 0
    assert parse().sheets[0].cells.num_rows == 2


def test_after_the_server_was_killed():
    parse()
    server = child._READERS._server
    server.process.kill()
    server.process.wait()
    assert parse().sheets[0].cells.num_rows == 2
    assert child._READERS._server is not server


def test_the_server_ends_with_its_caller():
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        parse()
        os.write(writer, str(child._READERS._server.process.pid).encode())
        os._exit(0)
    server = int(os.read(reader, 20))
    os.waitpid(pid, 0)
    for _ in range(100):
        try:
            if Path(f"/proc/{server}/stat").read_text(encoding="ascii").split()[2] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its caller")


def test_a_server_whose_caller_ends_first_says_nothing(capfd):
    server = Server("include.feeds.child_work")
    server.close()
    assert server.process.returncode == 0
    assert capfd.readouterr().err == ""


def test_the_server_has_one_thread_no_pandas_and_a_network_of_its_own():
    parse()
    about = Path(f"/proc/{child._READERS._server.process.pid}")
    assert "Threads:\t1\n" in (about / "status").read_text(encoding="ascii")
    assert "pandas" not in (about / "maps").read_text(encoding="utf-8")
    if subprocess.run(["unshare", "-Un", "true"], check=False, capture_output=True).returncode == 0:
        assert (about / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()


def test_the_child_sees_no_environment(monkeypatch):
    monkeypatch.setenv("MINGJING_SECRET", "do not tell")
    child.stop()
    parse()
    environment = Path(f"/proc/{child._READERS._server.process.pid}/environ").read_bytes()
    assert b"do not tell" not in environment


def test_limits_of_the_caller_stay_as_they_were():
    before = resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)
    parse()
    assert (resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)) == before
