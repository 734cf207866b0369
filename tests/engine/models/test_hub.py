"""A hub that does not answer is asked once; what was downloaded is taken without it, what was not is a sentence."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from engine.errors import ModelError
from engine.models import hub
from engine.models.hub import silence_of_hub
from engine.models.load import load_tokenizer


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person with a network, who has asked for nothing yet."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "_known", hub._Known())
    monkeypatch.setattr(hub, "PATIENCE_S", 0.3)
    monkeypatch.setattr(hub, "AGAIN_S", 0.1)


@pytest.fixture
def hole(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """A hub that takes calls and says nothing; how many calls it has had since the last look."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{listening.getsockname()[1]}")

        def calls() -> int:
            count = 0
            while True:
                try:
                    listening.accept()[0].close()
                except BlockingIOError:
                    return count
                count += 1

        yield calls


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class NotFound(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def downloaded(tiny: Path, without: str = "") -> None:
    """A model in the hub's cache as the hub's library leaves it, as nobody/bert."""
    folder = Path(constants.HF_HUB_CACHE) / "models--nobody--bert"
    snapshot = folder / "snapshots" / ("a" * 40)
    shutil.copytree(tiny / "teacher", snapshot)
    for file in snapshot.glob(without) if without else ():
        file.unlink()
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("a" * 40)


def test_one_that_refuses_or_says_nothing_is_silent_for_a_while(
    hole: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert silence_of_hub("nobody/bert") == "nothing came within 0.3 s" and constants.HF_HUB_OFFLINE
    assert hole() == 1
    assert silence_of_hub("nobody/bert") and silence_of_hub("nobody/other") and hole() == 0, "it is believed"
    monkeypatch.setattr(hub, "_known", hub._Known())
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    assert silence_of_hub("nobody/bert") == "Connection refused"


def test_one_that_answers_whatever_it_says_is_left_to_its_library(
    hole: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert silence_of_hub("nobody/bert") and constants.HF_HUB_OFFLINE
    server = HTTPServer(("127.0.0.1", 0), NotFound)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    hub._known.until = 0.0  # half a minute later
    assert silence_of_hub("nobody/bert") == "" and not constants.HF_HUB_OFFLINE
    thread.join()
    server.server_close()
    assert silence_of_hub("nobody/bert") == "", "an interruption after that is the library's to bridge"


def test_who_wants_no_network_is_not_overruled(hole: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert silence_of_hub("nobody/bert") == "" and hole() == 0 and constants.HF_HUB_OFFLINE


def test_what_was_downloaded_is_read_with_one_question_in_all(tiny: Path, hole: Callable[[], int]) -> None:
    downloaded(tiny)
    assert len(load_tokenizer("nobody/bert", "teacher.tokenizer")) > 5
    assert hole() == 1


def test_what_was_not_is_one_sentence_with_what_to_do(hole: Callable[[], int]) -> None:
    with pytest.raises(ModelError, match=r"^teacher.model: nobody/bert is not whole.*nothing came.*HF_HUB_OFFLINE=1"):
        load_tokenizer("nobody/bert", "teacher.model")
    assert hole() == 1


def test_a_tokenizer_that_knows_no_word_is_none(
    tiny: Path, hole: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers makes one of special tokens alone where a model comes without the files of one."""
    downloaded(tiny, without="*token*")
    with pytest.raises(ModelError, match="nobody/bert is not whole on this machine"):
        load_tokenizer("nobody/bert", "teacher.model")
    monkeypatch.setattr(hub, "_known", hub._Known())
    with pytest.raises(ModelError, match="nobody/bert has no tokenizer; give the folder"):  # offline by wish
        load_tokenizer("nobody/bert", "teacher.model")
