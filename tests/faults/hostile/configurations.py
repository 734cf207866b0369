"""Malformed configurations: what a person mistypes, what a program damages, what somebody sends on purpose."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from tests.faults.hostile.case import BASE, CONFIG, Case, Place, replaced

GROUP = "configuration"


def _written(content: str | bytes) -> Callable[[Place], None]:
    return lambda place: place.write(content)


def _syntax() -> dict[str, str | bytes]:
    huge = "9" * 5000
    return {
        "empty": "",
        "only white space": " \n\t\n",
        "only a comment": "# nothing\n",
        "only a BOM": b"\xef\xbb\xbf",
        "BOM twice": b"\xef\xbb\xbf\xef\xbb\xbf" + BASE.encode(),
        "UTF-16": BASE.encode("utf-16"),
        "UTF-32": BASE.encode("utf-32"),
        "Latin-1": replaced(('"base"', '"café"')).encode("latin-1"),
        "Windows-1252 quotes": replaced(('"base"', "\u201cbase\u201d")).encode("cp1252"),
        "overlong UTF-8": BASE.encode().replace(b"base", b"\xc0\xaf"),
        "a surrogate in UTF-8": BASE.encode().replace(b"base", b"\xed\xa0\x80"),
        "cut inside a character": BASE.encode() + "# é".encode()[:-1],
        "NUL byte in a value": replaced(('"base"', '"ba\0se"')),
        "NUL bytes alone": b"\0" * 4096,
        "random bytes": bytes((n * 97 + 13) % 256 for n in range(3000)),
        "an ELF header": b"\x7fELF\x02\x01\x01" + b"\0" * 200,
        "a zip": b"PK\x03\x04" + b"\0" * 60,
        "control character in a comment": BASE + "# \x1b[2J\n",
        "bare carriage returns": BASE.replace("\n", "\r"),
        "JSON": '{"task": {"name": "mrpc"}}',
        "YAML": "task:\n  name: mrpc\n",
        "INI": "[task]\nname = mrpc\n",
        "no closing quote": replaced(('"base"', '"base')),
        "no closing bracket": replaced(("[task]", "[task")),
        "no equals sign": replaced(('name = "base"', 'name "base"')),
        "no value": replaced(("epochs = 1\nbatch", "epochs =\nbatch")),
        "two values": replaced(("epochs = 1\nbatch", "epochs = 1 2\nbatch")),
        "key twice": replaced(("epochs = 1\nbatch", "epochs = 1\nepochs = 2\nbatch")),
        "section twice": BASE + "[task]\nname = 'mrpc'\n",
        "section and key of one name": "task = 1\n" + BASE,
        "section under a value": BASE + "[task.name.inner]\nx = 1\n",
        "typographic quotes": replaced(('"base"', "\u201cbase\u201d")),
        "a no-break space as indentation": replaced(("lambda", "\u00a0lambda")),
        "a zero-width space in a key": replaced(("lambda", "lamb\u200bda")),
        "a Greek key": replaced(("lambda", "λ")),
        "a Cyrillic letter in a key": replaced(("[loss]", "[lоss]")),
        "full-width digits": replaced(("lambda = 0.5", "lambda = \uff10.5")),
        "a decimal comma": replaced(("lambda = 0.5", "lambda = 0,5")),
        "a leading zero": replaced(("epochs = 1\nbatch", "epochs = 01\nbatch")),
        "a percent sign": replaced(("lambda = 0.5", "lambda = 50%")),
        "arithmetic": replaced(("epochs = 1\nbatch", "epochs = 1+1\nbatch")),
        "Python's None": replaced(("lambda = 0.5", "lambda = None")),
        "Python's True": replaced(('device = "cpu"', "recompute = True")),
        "a half surrogate escape": replaced(('"base"', r'"\ud800"')),
        "an escape past Unicode": replaced(('"base"', r'"\U00110000"')),
        "an unknown escape": replaced(('"base"', r'"\x"')),
        "a Windows path in double quotes": replaced(('"pairs"', r'"C:\users\me"')),
        "an open multi-line string": replaced(('"base"', '"""base')),
        "a number of 5,000 digits": replaced(("epochs = 1\nbatch", f"epochs = {huge}\nbatch")),
        "a number of 4,000 digits": replaced(("epochs = 1\nbatch", f"epochs = {huge[:4000]}\nbatch")),
        "arrays nested 100,000 deep": "x = " + "[" * 100_000,
        "arrays nested 500 deep, closed": "x = " + "[" * 500 + "]" * 500 + "\n" + BASE,
        "tables nested 100,000 deep": "[" + ".".join(["a"] * 100_000) + "]\n",
        "inline tables nested deep": "x = " + "{a=" * 5000 + "1" + "}" * 5000,
        "20,000 unknown keys": BASE + "".join(f"k{n} = 1\n" for n in range(20_000)),
        "5,000 feature terms without a kind": BASE + "[[features]]\n" * 5000,
        "10 MB of comments": BASE + "#\n" * 5_000_000,
        "10 MB in one string": replaced(('"base"', f'"{"x" * 10_000_000}"')),
        "git conflict marks": replaced(
            ("lambda = 0.5", "<<<<<<< HEAD\nlambda = 0.5\n=======\nlambda = 0.4\n>>>>>>> x")
        ),
    }


def _values() -> dict[str, str | bytes]:
    rate = ("batch_size = 16\n", "batch_size = 16\nlearning_rate = {}\n")

    def learning(value: str) -> str:
        return replaced((rate[0], rate[1].format(value)))

    def loss(value: str) -> str:
        return replaced(("lambda = 0.5", f"lambda = {value}"))

    def epochs(value: str) -> str:
        return replaced(("epochs = 1\nbatch", f"epochs = {value}\nbatch"))

    def feature(text: str) -> str:
        return BASE + f"[[features]]\n{text}\n"

    return {
        "λ above 1": loss("1.5"),
        "λ below 0": loss("-0.1"),
        "λ is NaN": loss("nan"),
        "λ is infinite": loss("inf"),
        "λ is minus infinite": loss("-inf"),
        "λ is text": loss('"0.5"'),
        "λ is true": loss("true"),
        "λ is a list": loss("[0.5]"),
        "λ is a date": loss("2026-11-28"),
        "λ is a time": loss("07:32:00"),
        "λ is a table": loss("{ value = 0.5 }"),
        "λ is 1e400": loss("1e400"),
        "λ is a huge whole number": loss("1" + "0" * 400),
        "temperature 0": loss("0.5\ntemperature = 0"),
        "temperature below 0": loss("0.5\ntemperature = -1.0"),
        "temperature 1e308": loss("0.5\ntemperature = 1e308"),
        "temperature the smallest double": loss("0.5\ntemperature = 5e-324"),
        "γ of another loss": loss("0.5\ngamma = 0.5"),
        "a foreign setting": loss("0.5\nalpha = 1"),
        "epochs 0": epochs("0"),
        "epochs below 0": epochs("-3"),
        "epochs a fraction": epochs("1.5"),
        "epochs 1e3": epochs("1e3"),
        "epochs text": epochs('"3"'),
        "epochs a billion": epochs("1000000000"),
        "epochs past 64 bits": epochs("18446744073709551616"),
        "epochs a date": epochs("1979-05-27T07:32:00Z"),
        "epochs in hexadecimal past the bound": epochs("0xffff"),
        "learning rate 0": learning("0"),
        "learning rate below 0": learning("-1e-4"),
        "learning rate NaN": learning("nan"),
        "learning rate infinite": learning("+inf"),
        "learning rate 2": learning("2.0"),
        "learning rate text": learning('"5e-5"'),
        "seed below 0": replaced(("batch_size = 16", "batch_size = 16\nseed = -1")),
        "seed past its bound": replaced(("batch_size = 16", "batch_size = 16\nseed = 2147483648")),
        "batch size 0": replaced(("batch_size = 16", "batch_size = 0")),
        "batch size a million": replaced(("batch_size = 16", "batch_size = 1000000")),
        "device nonsense": replaced(('"cpu"', '"gpu"')),
        "device with a command": replaced(('"cpu"', '"cuda:0; rm -rf /"')),
        "device a number": replaced(('"cpu"', "0")),
        "device with a new line": replaced(('"cpu"', r'"cpu\n"')),
        "device cuda without end": replaced(('"cpu"', '"cuda:99999999999999999999"')),
        "precision nonsense": replaced(("batch_size = 16", 'batch_size = 16\nprecision = "int1"')),
        "threads below 0": replaced(("batch_size = 16", "batch_size = 16\nthreads = -1")),
        "keep nonsense": replaced(("batch_size = 16", 'batch_size = 16\nkeep = "worst"')),
        "recompute a number": replaced(("batch_size = 16", "batch_size = 16\nrecompute = 1")),
        "max_length 0": replaced(("max_length = 24", "max_length = 0")),
        "max_length a million": replaced(("max_length = 24", "max_length = 1000000")),
        "max_length past the model's places": replaced(("max_length = 24", "max_length = 64")),
        "task missing": replaced(('name = "mrpc"\n', "")),
        "task unknown": replaced(('"mrpc"', '"imagenet"')),
        "task a list": replaced(('"mrpc"', '["mrpc"]')),
        "task empty": replaced(('"mrpc"', '""')),
        "task section missing": "[loss]\nkind = 'kl'\n[teacher]\nmodel = 'teacher'\n",
        "task a value": "task = 'mrpc'\n[loss]\nkind = 'none'\n",
        "task a list of tables": "[[task]]\nname = 'mrpc'\n[loss]\nkind = 'none'\n",
        "task with the other task's rows": replaced(('"mrpc"', '"cola"')),
        "loss missing": replaced(("[loss]\n", ""), ('kind = "kl"\n', ""), ("lambda = 0.5\n", "")),
        "loss kind missing": replaced(('kind = "kl"\n', "")),
        "loss kind unknown": replaced(('"kl"', '"kullback"')),
        "loss kind a dunder": replaced(('"kl"', '"__class__"')),
        "loss kind a path": replaced(('"kl"', '"../../os"')),
        "loss kind a number": replaced(('"kl"', "1")),
        "loss kind a table": replaced(('"kl"', "{ a = 1 }")),
        "loss for another kind of task": replaced(('"mrpc"', '"stsb"'), ('"kl"', '"dkd"')),
        "teacher missing": replaced(('[teacher]\nmodel = "teacher"\ntraining = "fine_tune"\nepochs = 1\n', "")),
        "teacher without a model": replaced(('model = "teacher"\n', "")),
        "teacher as it is without a head": replaced(('"fine_tune"', '"as_is"')),
        "teacher training nonsense": replaced(('"fine_tune"', '"finetune"')),
        "teacher a list": replaced(('"teacher"', '["teacher"]')),
        "teacher an architecture without a tokenizer": replaced(('"teacher"', '"2x16"')),
        "teacher empty": replaced(('"teacher"', '""')),
        "teacher white space": replaced(('"teacher"', '"  "')),
        "student 0x0": replaced(('"1x16"', '"0x0"')),
        "student of a billion layers": replaced(('"1x16"', '"999999999x16"')),
        "student of a billion units": replaced(('"1x16"', '"1x999999999"')),
        "student with a minus": replaced(('"1x16"', '"-1x16"')),
        "student with ×": replaced(('"1x16"', '"1×16"')),
        "student with spaces": replaced(('"1x16"', '"1 x 16"')),
        "student digits without end": replaced(('"1x16"', f'"{"9" * 400}x16"')),
        "student a number": replaced(('"1x16"', "116")),
        "student heads that do not divide": replaced(('"1x16"', '"1x16"\nheads = 3')),
        "student layers of another width": replaced(('"1x16"', '"1x32"\ninit = "layers"')),
        "student more layers than the teacher": replaced(('"1x16"', '"9x16"\ninit = "layers"')),
        "student pretrained without weights": replaced(('"1x16"', '"1x16"\ninit = "pretrained"')),
        "student feed-forward past its bound": replaced(('"1x16"', '"1x16"\nfeed_forward = 100000')),
        "feature unknown": feature('kind = "magic"'),
        "feature without a kind": feature("weight = 1.0"),
        "feature weight below 0": feature('kind = "hidden"\nweight = -1.0'),
        "feature weight NaN": feature('kind = "hidden"\nweight = nan'),
        "feature layers past the model": feature('kind = "hidden"\nlayers = [[1, 99]]'),
        "feature layers below 1": feature('kind = "hidden"\nlayers = [[-1, 1]]'),
        "feature layers that name code": feature('kind = "hidden"\nlayers = [[1, "__class__.__init__.__globals__"]]'),
        "feature layers huge": feature('kind = "hidden"\nlayers = [[1, 99999999999999999999]]'),
        "feature layers nonsense": feature('kind = "hidden"\nlayers = "every"'),
        "feature a table, not a list": BASE + "[features]\nkind = 'hidden'\n",
        "features a value": "features = 3\n" + BASE,
        "features of mixed things": "features = [1, 'x', []]\n" + BASE,
        "feature heads that differ": feature('kind = "minilm"\nrelation_heads = 7'),
        "unknown section": BASE + "[optimiser]\nname = 'adam'\n",
        "unknown key": BASE + "epoch = 3\n",
        "unknown key at the top": "epochs = 3\n" + BASE,
        "a key with a dot in it": BASE + '"a.b" = 1\n',
        "an empty key": BASE + '"" = 1\n',
        "a dunder key": BASE + "__class__ = 'os.system'\n",
        "model_config as a key": BASE + "model_config = 1\n",
        "a key of 10,000 letters": BASE + "k" * 10_000 + " = 1\n",
        "a section of 10,000 letters": BASE + f"[{'s' * 10_000}]\nx = 1\n",
        "name a number": replaced(('"base"', "7")),
        "name of 201 letters": replaced(('"base"', f'"{"n" * 201}"')),
        "name of 100,000 letters": replaced(('"base"', f'"{"n" * 100_000}"')),
        "name with an escape": replaced(('"base"', r'"\u001b[2Jgone"')),
        "name with a new line": replaced(('"base"', r'"a\nb"')),
        "name with a NUL": replaced(('"base"', r'"a\u0000b"')),
        "name with a direction override": replaced(('"base"', r'"\u202Elmot.nur"')),
        "name a list": replaced(('"base"', "[]")),
        "source a file": replaced(('"pairs"', '"pairs/train.csv"')),
        "source missing": replaced(('"pairs"', '"nowhere"')),
        "source above": replaced(('"pairs"', '"../../../../../../nowhere"')),
        "source ~ of nobody": replaced(('"pairs"', '"~no_such_user_here/x"')),
        "source ~": replaced(('"pairs"', '"~/no such folder here"')),
        "source a URL": replaced(('"pairs"', '"https://localhost/rows"')),
        "source a file URL": replaced(('"pairs"', '"file:///etc"')),
        "source a variable": replaced(('"pairs"', '"$HOME/rows"')),
        "source with a command": replaced(('"pairs"', '"$(touch executed)"')),
        "source with a pipe": replaced(('"pairs"', '"|touch executed"')),
        "source /dev": replaced(('"pairs"', '"/dev"')),
        "source /proc/self": replaced(('"pairs"', '"/proc/self"')),
        "source too long a name": replaced(('"pairs"', f'"{"x" * 300}"')),
        "source too long a path": replaced(('"pairs"', f'"{"x/" * 5000}"')),
        "source with a NUL": replaced(('"pairs"', r'"pai\u0000rs"')),
        "source empty": replaced(('"pairs"', '""')),
        "source a number": replaced(('"pairs"', "5")),
        "model a URL": replaced(('"teacher"', '"https://localhost/owner/name"')),
        "model a git address": replaced(('"teacher"', '"git@localhost:x/y.git"')),
        "model with two slashes": replaced(('"teacher"', '"a/b/c"')),
        "model above": replaced(('"teacher"', '"../nowhere"')),
        "model in a hub id with dots": replaced(('"teacher"', '"a/../../b"')),
        "model a system folder": replaced(('"teacher"', '"/etc"')),
        "model with a command": replaced(('"teacher"', '"; touch executed"')),
        "model with a space": replaced(('"teacher"', '"my model"')),
        "a model with the hub's token": replaced(('"teacher"', '"hf_abcdefghijklmnopqrstuvwxyz0123456789"')),
        "a model with another service's key": replaced(('"teacher"', '"sk-proj-abcdefghijklmnop0123456789"')),
        "a model behind a password": replaced(('"teacher"', '"https://me:secret@localhost/owner/name"')),
        "a token as a key": BASE + '[hub]\ntoken = "hf_abcdefghijklmnopqrstuvwxyz0123456789"\n',
        "weights_only text": replaced(('training = "fine_tune"', 'weights_only = "yes"\ntraining = "fine_tune"')),
        "trust_remote_code": replaced(('training = "fine_tune"', 'trust_remote_code = true\ntraining = "fine_tune"')),
        "everything wrong at once": "name = 5\nx = 1\n[task]\nname = 'no'\nmax_length = -1\n[teacher]\ntraining = 'no'\n"
        "[student]\narchitecture = 'no no'\nheads = -1\n[loss]\nkind = 'no'\n[training]\nepochs = 'many'\nseed = nan\n",
    }


# ── files that are none ─────────────────────────────────────────────────────────────────────────────────────────
def _folder(place: Place) -> None:
    (place.folder / CONFIG).unlink()
    (place.folder / CONFIG).mkdir()


def _gone(place: Place) -> None:
    (place.folder / CONFIG).unlink()


def _link(target: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        _gone(place)
        (place.folder / CONFIG).symlink_to(target)

    return make


def _pipe(place: Place) -> None:
    _gone(place)
    os.mkfifo(place.folder / CONFIG)


def _socket(place: Place) -> None:
    _gone(place)
    folder = os.open(place.folder, os.O_RDONLY)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(f"/proc/self/fd/{folder}/{CONFIG}")  # a socket's name must be short
    finally:
        listening.close()
        os.close(folder)


def _nothing(place: Place) -> None:
    """The case is in its arguments."""


def _folder_of_rows_is_a_loop(place: Place) -> None:
    (place.folder / "loop").symlink_to("loop")
    place.write(replaced(('"pairs"', '"loop"')))


def _sparse(place: Place) -> None:
    _gone(place)
    with (place.folder / CONFIG).open("wb") as file:
        file.truncate(1 << 40)


def _set(value: str) -> tuple[str, ...]:
    return ("run", CONFIG, "--set", value)


FILES = [
    Case(GROUP, "a folder in its place", _folder, "is a folder"),
    Case(GROUP, "no such file", _gone, "there is no file"),
    Case(GROUP, "a dangling link", _link("nowhere.toml"), "there is no file"),
    Case(GROUP, "a loop of links", _link(CONFIG)),
    Case(GROUP, "a link to a device without end", _link("/dev/zero"), "no ordinary file"),
    Case(GROUP, "a link to an empty device", _link("/dev/null"), "no ordinary file"),
    Case(GROUP, "a pipe nobody writes to", _pipe, "no ordinary file"),
    Case(GROUP, "a socket", _socket, "no ordinary file"),
    Case(GROUP, "a terabyte of nothing", _sparse, "at most"),
    Case(GROUP, "a file that refuses to be read", _link("/proc/self/mem"), "cannot be read"),
    Case(GROUP, "another person's secrets", _link("/etc/passwd"), "not valid TOML"),
    Case(GROUP, "a name that is too long", _nothing, arguments=("run", "x" * 5000)),
    Case(GROUP, "a name with a NUL", _nothing, arguments=("run", "a\0b.toml")),
    Case(GROUP, "a name that is no text", _nothing, arguments=("run", "\udcff.toml")),
    Case(GROUP, "a name with an escape sequence", _nothing, arguments=("run", "\x1b[31mrun.toml")),
    Case(GROUP, "an empty name", _nothing, arguments=("run", "")),
    Case(GROUP, "nothing on stdin", _nothing, arguments=("run", "-")),
    Case(GROUP, "rows in a loop of links", _folder_of_rows_is_a_loop),
    Case(GROUP, "--set without a value", _nothing, "section.key=value", _set("loss.lambda")),
    Case(GROUP, "--set without a key", _nothing, arguments=_set("=1")),
    Case(GROUP, "--set of an unknown key", _nothing, "unknown key", _set("loss.lamda=0.3")),
    Case(GROUP, "--set three deep", _nothing, arguments=_set("a.b.c=1")),
    Case(GROUP, "--set inside a value", _nothing, arguments=_set("name.first=1")),
    Case(GROUP, "--set of a term that is not there", _nothing, arguments=_set("features.3.weight=1")),
    Case(GROUP, "--set of a table", _nothing, arguments=_set("task={a=1}")),
    Case(GROUP, "--set with a new line", _nothing, arguments=_set("loss.lambda=1\n[x]\ny=1")),
    Case(GROUP, "--set with an escape sequence", _nothing, arguments=_set("\x1b[2J.x=1")),
    Case(GROUP, "--set nested without end", _nothing, arguments=_set("loss.lambda=" + "[" * 50_000)),
    Case(GROUP, "--set of 100,000 letters", _nothing, arguments=_set("loss." + "k" * 100_000 + "=1")),
    Case(GROUP, "--set that is no text", _nothing, arguments=_set("name=\udcff")),
    Case(GROUP, "--set of a token", _nothing, "hf auth login", _set("teacher.model=hf_" + "a" * 34)),
]  # fmt: skip


def cases() -> list[Case]:
    """All of them."""
    written = {**_syntax(), **_values()}
    return [*(Case(GROUP, name, _written(content)) for name, content in written.items()), *FILES]
