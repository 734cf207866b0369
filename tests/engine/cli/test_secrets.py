"""A token is in no store, log, configuration, card or export: it is the hub's own login's, and a TOML that holds one is refused."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config import parse_config
from engine.store import Store

TOKEN = "hf_" + "SentinelToken" * 3
PASSWORD = "sentinel-password"
LOGIN = base64.b64encode(f"me:{PASSWORD}".encode()).decode()  # as a request carries it
ROOT = Path(__file__).resolve().parents[3]


class Hub(ThreadingHTTPServer):
    """A proxy on this machine, and the hub behind it: it refuses everything, says whom, and remembers what it was shown."""

    daemon_threads = True

    def __init__(self) -> None:
        self.shown: list[str] = []  # the token, the proxy's login, where both were sent
        super().__init__(("127.0.0.1", 0), Refusal)


class Refusal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        hub = self.server
        assert isinstance(hub, Hub)
        hub.shown.append(f"{self.headers.get('Authorization')} {self.headers.get('Proxy-Authorization')}")
        self.send_response(401)
        self.send_header("X-Error-Message", f"token {TOKEN} is not valid, asked through http://me:{PASSWORD}@127.0.0.1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def holding(folder: Path, *secrets: str) -> list[str]:
    """The files of a folder in which one of the secrets stands."""
    return [
        str(file) for file in folder.rglob("*")
        if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets)
    ]  # fmt: skip


def test_a_failed_download_leaves_no_token_anywhere(
    hub: Hub, home: Path, toml: str, tiny: Path, tmp_path: Path
) -> None:
    """Neither the hub's token nor the password of the proxy that it is asked through."""
    text = toml.replace(f'model = "{(tiny / "teacher").as_posix()}"', 'model = "owner/private"')
    assert "owner/private" in text
    (tmp_path / "run.toml").write_text(text, encoding="utf-8")
    proxy = f"http://me:{PASSWORD}@127.0.0.1:{hub.server_address[1]}"
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment = {
        **inherited, "PYTHONPATH": str(ROOT), "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path / "hf"),
        "HF_ENDPOINT": "http://hub.invalid", "http_proxy": proxy, "HTTP_PROXY": proxy,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", "run.toml", "--home", str(home)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode in (1, 2), done.stderr
    shown = [line for line in hub.shown if TOKEN in line and LOGIN in line]
    assert shown, "the hub was never asked with token and password, so nothing is proved"
    for secret in (TOKEN, PASSWORD, LOGIN):
        assert secret not in done.stdout + done.stderr
    assert "owner/private cannot be loaded" in " ".join(done.stderr.split())
    assert (home / "runs.db").is_file() and holding(home, TOKEN, PASSWORD, LOGIN) == []


def test_what_a_library_says_of_a_token_does_not_reach_the_log(
    home: Path, toml: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"401 for https://me:{PASSWORD}@localhost with {TOKEN}")

    monkeypatch.setattr("engine.training.distil.build_student", broken)
    store = Store(home)
    store.enqueue(parse_config(toml.replace('kind = "kl"', 'kind = "none"')))
    store.close()
    monkeypatch.setattr(sys, "argv", ["distill", "work", "--stay-s", "0.2", "--home", str(home)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    run = Store(home).run(1)
    assert (
        run.state == "failed"
        and "RuntimeError" in run.reason
        and "Traceback" in run.log_file.read_text(encoding="utf-8")
    )
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err
    assert holding(home, TOKEN, PASSWORD) == []


@pytest.mark.parametrize("where", ["teacher.model", "name", "student.tokenizer", "hub.token", "task.source"])
def test_a_configuration_that_holds_a_token_is_refused_without_repeating_it(
    where: str,
    home: Path,
    toml: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "run.toml").write_text(toml, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["distill", "run", str(tmp_path / "run.toml"), "--set", f"{where}={TOKEN}"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 2 and not home.exists()
    assert f"{where}: looks like an access token" in told.err and "hf auth login" in told.err
    assert TOKEN not in told.err + told.out


def test_a_bugs_traceback_holds_no_token(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise KeyError(f"\x1b[2J{TOKEN}")

    monkeypatch.setattr("engine.cli.look.list_runs", broken)
    monkeypatch.setattr(sys, "argv", ["distill", "runs"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1 and "Traceback" in told and "KeyError" in told
    assert TOKEN not in told and "\x1b" not in told
