"""The other side of `deputy`: a process of its own that answers with what a script makes of each request.

It is started as a plain script, with the path of that script, the bytes of memory it may have and further words for it, and imports nothing
of the package, so that it starts in a moment and can be killed at any time. Each request is eight bytes of length, the seconds it may take
(eight bytes, a double; little endian) and the data; each answer eight bytes of length and the data.

It never outlives who started it, however busy: a thread reads the requests and ends the process when there can be no more, and each request
has its seconds of the processor, for what holds on to the interpreter for ever.
"""

from __future__ import annotations

import contextlib
import math
import os
import runpy
import struct
import sys
import threading
from queue import SimpleQueue

_REQUEST, _ANSWER = struct.Struct("<Qd"), struct.Struct("<Q")
_STACK = 1 << 18  # bytes of address space for the thread that reads: it calls next to nothing


def receive(requests: SimpleQueue[bytes]) -> None:
    """Take requests from the pipe until the other side closes it or is gone; then end this process, whatever it is doing."""
    try:
        with os.fdopen(0, "rb", closefd=False) as pipe:
            while len(head := pipe.read(_REQUEST.size)) == _REQUEST.size:
                length, seconds = _REQUEST.unpack(head)
                allow(seconds)
                requests.put(pipe.read(length))
    finally:
        os._exit(0)


def bound(memory: int) -> None:
    """Let this process have so many bytes of address space, where the system can, and leave no core behind."""
    try:
        import resource  # absent on Windows
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def allow(seconds: float) -> None:
    """Let this process have so many seconds of the processor from now on, where the system can; rounding adds two at most."""
    try:
        import resource  # absent on Windows
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def main(script: str, memory: str, *words: str) -> None:
    """Answer until there are no more requests."""
    bound(int(memory))
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing but answers on the pipe
    answer = runpy.run_path(script)["answer"]
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.stack_size(_STACK)
    threading.Thread(target=receive, args=(requests,), daemon=True).start()
    while True:
        said = answer(requests.get(), *words)
        answers.write(_ANSWER.pack(len(said)) + said)
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
