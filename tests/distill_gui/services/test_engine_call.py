"""One call of the engine: its answer, its complaint, its limit."""

import sys
import time
from pathlib import Path

from distill_gui.services.engine_call import Answer, EngineCall


def _wait(call: EngineCall) -> Answer:
    deadline = time.monotonic() + 10
    while (answer := call.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return answer


def _call(code: str, folder: Path, given: str = "", limit_s: float = 10.0) -> EngineCall:
    return EngineCall([sys.executable, "-c", code], given, folder, limit_s)


def test_it_is_given_text_and_answers_with_both_outputs(tmp_path: Path) -> None:
    code = "import sys; text = sys.stdin.read(); print(text * 2); print('hm', file=sys.stderr); sys.exit(2)"
    assert _wait(_call(code, tmp_path, "λ\n")) == Answer(2, "λ\nλ\n\n", "hm")


def test_much_output_blocks_nobody(tmp_path: Path) -> None:
    answer = _wait(
        _call(
            "import sys; text = sys.stdin.read(); print(len(text)); print('x' * 3_000_000)", tmp_path, "y" * 3_000_000
        )
    )
    assert answer.status == 0
    assert len(answer.output) > 3_000_000


def test_one_that_takes_too_long_is_ended_and_says_so(tmp_path: Path) -> None:
    answer = _wait(_call("import time; time.sleep(60)", tmp_path, limit_s=0.2))
    assert answer.status is None
    assert "within 0.2 s" in answer.complaint


def test_a_program_that_is_not_there_is_an_answer(tmp_path: Path) -> None:
    answer = _wait(EngineCall([str(tmp_path / "nothing")], "", tmp_path, 1.0))
    assert answer.status is None
    assert "cannot be started" in answer.complaint


def test_it_can_be_killed_at_any_time(tmp_path: Path) -> None:
    call = _call("import time; time.sleep(60)", tmp_path)
    call.kill()
    done = _call("pass", tmp_path)
    time.sleep(0.2)
    done.kill()
