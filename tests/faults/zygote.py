"""A process that has imported everything and forks a child for every attempt: a start costs milliseconds instead of seconds.

``Zygote`` is the harness's side; ``python -m tests.faults.zygote`` the other. They speak JSON lines over two pipes. The
zygote computes nothing itself and has one thread, so a forked child is as good as a fresh process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.faults.material import environment

LIMIT_S = 180.0


class Zygote:
    """``with Zygote() as zygote: pid = zygote.start(home=…, …); status = zygote.wait(pid)``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), text=True,
        )  # fmt: skip

    def start(self, home: Path, checkpoint_s: float = 0.05, **request: Any) -> int:
        """Fork a worker of ``home``; returns its pid. Its output goes to output.txt in ``aside``, or else in the home."""
        return int(self._ask({"do": "start", "home": str(home), "checkpoint_s": checkpoint_s, **request}))

    def poll(self, pid: int) -> int | None:
        """The exit status as subprocess gives it (negative: a signal), None while it runs."""
        status = self._ask({"do": "poll", "pid": pid})
        return None if status is None else int(status)

    def wait(self, pid: int, limit_s: float = LIMIT_S) -> int:
        deadline = time.monotonic() + limit_s
        while (status := self.poll(pid)) is None:
            if time.monotonic() > deadline:
                os.kill(pid, 9)
                raise TimeoutError(f"process {pid} did not end within {limit_s} s")
            time.sleep(0.005)
        return status

    def cpu_s(self) -> float:
        """CPU time of the children that have ended."""
        return float(self._ask({"do": "cpu"}))

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the zygote is gone")
        return json.loads(answer)


def main() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # many of the children will crash on purpose
    import transformers.models.bert.modeling_bert  # noqa: F401
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast  # noqa: F401

    import engine.cli.work
    import engine.training.distil  # noqa: F401
    from engine import catalog

    catalog.losses(), catalog.tasks(), catalog.features()
    children: dict[int, int | None] = {}
    answer: float | None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "start":
            pid = os.fork()
            if pid == 0:
                _be_born(request)
            children[pid] = None
            answer = pid
        elif request["do"] == "cpu":
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            answer = used.ru_utime + used.ru_stime
        else:
            pid = request["pid"]
            if children[pid] is None:
                found, status = os.waitpid(pid, os.WNOHANG)
                children[pid] = os.waitstatus_to_exitcode(status) if found else None
            answer = children[pid]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid, ended in children.items():
        if ended is None:
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def _be_born(request: dict[str, Any]) -> None:
    """The child's whole life: its own output, then the work, then the end without the zygote's own ending."""
    status = 1
    try:
        output = os.open(
            Path(request.get("aside", request["home"])) / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        null = os.open(os.devnull, os.O_RDONLY)
        for old, new in ((null, 0), (output, 1), (output, 2)):
            os.dup2(old, new)
        from tests.faults.worker import run_forked

        status = run_forked(request)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
