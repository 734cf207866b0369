"""What is wrong between keys, and that a key which is wrong by itself brings no second fault about another."""

import pytest

from engine.config import parse_leniently

TASK = '[task]\nname = "mrpc"\n'


def keys(text):
    return [fault.key for fault in parse_leniently(TASK + text)[1]]


@pytest.mark.parametrize(
    "text, key",
    [
        ('[loss]\nkind = "kl"\n[student]\ntokenizer = "o/t"\n', "teacher"),
        ('[loss]\nkind = "none"\n', "student.tokenizer"),
        ('[loss]\nkind = "none"\n[student]\ninit = "layers"\ntokenizer = "o/t"\n', "student.init"),
        ('[loss]\nkind = "none"\n[student]\narchitecture = "o/m"\n', "student.init"),
        ('[loss]\nkind = "none"\n[student]\ninit = "pretrained"\ntokenizer = "o/t"\n', "student.init"),
        ('[loss]\nkind = "none"\n[student]\narchitecture = "2x100"\nheads = 3\ntokenizer = "o/t"\n', "student.heads"),
        ('[loss]\nkind = "none"\n[student]\narchitecture = "o/m"\ninit = "pretrained"\nheads = 4\n', "student.heads"),
        (
            '[loss]\nkind = "none"\n[student]\narchitecture = "o/m"\ninit = "pretrained"\nfeed_forward = 64\n',
            "student.feed_forward",
        ),
        ('[loss]\nkind = "none"\n[student]\narchitecture = "0x128"\ntokenizer = "o/t"\n', "student.architecture"),
        ('[loss]\nkind = "none"\n[student]\narchitecture = "2x9999"\ntokenizer = "o/t"\n', "student.architecture"),
        ('[loss]\nkind = "kl"\n[teacher]\nmodel = "4x128"\ntokenizer = "o/t"\n', "teacher.training"),
        ('[loss]\nkind = "kl"\n[teacher]\nmodel = "4x128"\ntraining = "fine_tune"\n', "teacher.tokenizer"),
        (
            '[loss]\nkind = "kl"\n[teacher]\nmodel = "97x128"\ntraining = "fine_tune"\ntokenizer = "o/t"\n',
            "teacher.model",
        ),
        (
            '[loss]\nkind = "kl"\n[teacher]\nmodel = "4x128"\ntraining = "fine_tune"\ntokenizer = "o/t"\n'
            '[student]\ninit = "layers"\n',
            "student.init",
        ),
    ],
)
def test_one_fault_between_keys(text, key):
    assert keys(text) == [key]


@pytest.mark.parametrize(
    "text",
    [
        '[loss]\nkind = "none"\n[student]\ntokenizer = "o/t"\n',
        '[loss]\nkind = "none"\n[student]\narchitecture = "o/m"\ninit = "pretrained"\n',
        '[loss]\nkind = "kl"\n[teacher]\nmodel="o/m"\n[student]\narchitecture="2x100"\ninit="layers"\nheads=3\n',
        '[loss]\nkind = "kl"\n[teacher]\nmodel = "4x128"\ntraining = "fine_tune"\ntokenizer = "o/t"\n',
        '[loss]\nkind = "none"\n[teacher]\nmodel = "4x128"\ntokenizer = "o/t"\n',
    ],
)
def test_what_fits_together(text):
    assert keys(text) == []


@pytest.mark.parametrize(
    "text, faulty",
    [
        # each of these would bring a second, false fault if the default stood in for the faulty key
        ('[loss]\nkind = "kl"\n[teacher]\nmodel = "./gone"\n', "teacher.model"),
        ('[loss]\nkind = "kl"\n[teacher]\nmodel = 3\n', "teacher.model"),
        ('[loss]\nkind = "kl"\n[teacher]\nmodel="o/m"\n[student]\narchitecture = "./gone"\ninit = "pretrained"\n',
         "student.architecture"),
        ('[loss]\nkind = "kl"\n[teacher]\nmodel="o/m"\n[student]\narchitecture="o/m"\ninit="warm"\n', "student.init"),
        ('[loss]\nkind = "none"\n[student]\ntokenizer = "./gone"\n', "student.tokenizer"),
        ('[loss]\nkind = "tailor"\n[student]\ntokenizer = "o/t"\n', "loss.kind"),
    ],
)  # fmt: skip
def test_a_faulty_key_brings_no_fault_about_another(text, faulty):
    assert keys(text) == [faulty]


def test_faults_between_keys_are_said_beside_those_of_single_keys():
    text = '[loss]\nkind = "kl"\nlambda = 2\n[student]\narchitecture = "2x100"\nheads = 3\n[training]\nseed = -1\n'
    assert set(keys(text)) == {"loss.lambda", "training.seed", "teacher", "student.heads", "student.tokenizer"}


def test_they_are_said_also_where_the_task_is_missing():
    found = [fault.key for fault in parse_leniently('[loss]\nkind = "kl"\n')[1]]
    assert set(found) == {"task", "teacher", "student.tokenizer"}
