"""Text from files and people is shown, never interpreted, and values never become SQL: proved over every file there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

Finding = tuple[int, str]  # the line, and what to do instead


def _name(node: ast.expr) -> str:
    """The last name of a dotted expression: "QLabel" of QtWidgets.QLabel."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# ── the window ──────────────────────────────────────────────────────────────────────────────────────────────────
LABEL_MAKERS = ("distill_gui/widgets/labels.py", "distill_gui/widgets/badge.py", "distill_gui/widgets/notice.py")
RICH = {  # what shows or may guess rich text, and who may use it
    "setHtml": ("distill_gui/widgets/clipboard.py",),
    "setMarkdown": ("distill_gui/widgets/markdown_view.py",),
    "insertHtml": (),
    "appendHtml": (),
    "toHtml": (),
    "setWhatsThis": (),
    "LabelItem": (),
    "setTitle": (),
    "showText": ("distill_gui/plain.py",),
    "RichText": ("distill_gui/widgets/notice.py",),
    "AutoText": (),
    "MarkdownText": (),
    "setOpenExternalLinks": ("distill_gui/widgets/markdown_view.py",),
    "QMessageBox": (),
    "QErrorMessage": (),
    "QWebEngineView": (),
    "openUrl": ("distill_gui/panels/export/result_card.py", "distill_gui/windows/main_window.py"),
    "setToolTip": ("distill_gui/plain.py",),
}


def labels_are_plain(tree: ast.Module, file: str) -> Iterator[Finding]:
    """QLabel guesses; those made by widgets/labels.py do not."""
    for node in ast.walk(tree):
        makes = isinstance(node, ast.Call) and _name(node.func) == "QLabel"
        derives = isinstance(node, ast.ClassDef) and any(_name(base) == "QLabel" for base in node.bases)
        if (makes or derives) and file not in LABEL_MAKERS:
            yield getattr(node, "lineno", 0), "a QLabel guesses rich text: make it with widgets/labels.py"
        if derives and file in LABEL_MAKERS and "PlainText" not in ast.unparse(node):
            yield getattr(node, "lineno", 0), "this label never says that its text is plain"


def nothing_guesses_rich_text(tree: ast.Module, file: str) -> Iterator[Finding]:
    """Rich text only where it is escaped; tooltips only through set_tip."""
    for node in ast.walk(tree):
        name = _name(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
        if name in RICH and file not in RICH[name]:
            remedy = "set_tip of distill_gui/plain.py" if name == "setToolTip" else "plain text"
            yield node.lineno, f"{name} may show foreign text as rich text: use {remedy}"


def tips_of_items_are_wrapped(tree: ast.Module, file: str) -> Iterator[Finding]:
    """A model answers ToolTipRole by wrapped_tip alone."""
    sound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "ToolTipRole" in ast.unparse(node.test):
            returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
            last = returned[-1] if returned else None
            if isinstance(last, ast.Call) and _name(last.func) in ("wrapped_tip", "plain_tip"):
                sound |= {id(part) for part in ast.walk(node.test)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "ToolTipRole" and id(node) not in sound:
            yield node.lineno, "the view guesses whether a tooltip is rich text: return wrapped_tip(…) for ToolTipRole"


# ── the command line ────────────────────────────────────────────────────────────────────────────────────────────
def the_terminal_is_told_through_say(tree: ast.Module, file: str) -> Iterator[Finding]:
    """What is printed goes through engine/cli/terminal.py, which makes visible what a terminal would obey."""
    if not file.startswith("engine/cli/") or file == "engine/cli/terminal.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (_name(node.func) in ("echo", "secho", "Console") or _is_print(node.func)):
            yield node.lineno, "a name in it could be an escape sequence: use say or console of engine/cli/terminal.py"


def _is_print(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "print"


# ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────────────────
# What stands in SQL and is no parameter: names of tables and columns, and conditions, that the program itself wrote down.
# Each was looked at; a new one is added here only if no value from a person, a file or a run can get into it.
WRITTEN_HERE = {
    "engine/store/check.py": {"MOST", "name"},  # a number; three tables named beside it
    "engine/store/salvage.py": {
        "name",
        "table",
        "', '.join(names)",
        "marks",
    },  # of an empty store of our own, never the damaged one
    "engine/store/rows.py": {"names"},  # one of two conditions
    "engine/store/schema.py": {"name", "column", "key", "len(MIGRATIONS)", "version"},  # of the migrations
    "engine/store/invariants.py": {
        "table",
        "condition",
        "trashed",
        "', '.join(row)",
        "marks",
        "columns",
    },  # keys of dicts made there
    "engine/store/curve_reader.py": {"wanted"},  # one of two sub-queries
    "engine/store/store.py": {"name"},  # names of PRAGMAs, each written where it is asked
}
_VERBS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|PRAGMA|ALTER TABLE|CREATE|DROP|ATTACH|VACUUM|WITH|REPLACE)\s")


def values_never_become_sql(tree: ast.Module, file: str) -> Iterator[Finding]:
    """Statements are constants with “?” for every value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and _is_sql(node):
            for part in node.values:
                said = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
                if said and said not in WRITTEN_HERE.get(file, ()):
                    yield node.lineno, f"{{{said}}} becomes SQL: give it as a parameter, “?”"
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)) and _is_sql(node.left):
            yield node.lineno, "SQL is glued together: give values as parameters, “?”"
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ("format", "join") and _is_sql(called.value):
            yield called.lineno, "SQL is made by format: give values as parameters, “?”"


def _is_sql(node: ast.AST) -> bool:
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and bool(_VERBS.match(first.value))


RULES: tuple[Callable[[ast.Module, str], Iterator[Finding]], ...] = (
    labels_are_plain,
    nothing_guesses_rich_text,
    tips_of_items_are_wrapped,
    the_terminal_is_told_through_say,
    values_never_become_sql,
)
OF_THE_WINDOW = (labels_are_plain, nothing_guesses_rich_text, tips_of_items_are_wrapped)


def faults(rule: Callable[[ast.Module, str], Iterator[Finding]], source: str, file: str) -> list[str]:
    if rule in OF_THE_WINDOW and not file.startswith("distill_gui/"):
        return []
    return [f"{file}:{line}: {remedy}" for line, remedy in rule(ast.parse(source), file)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Callable[[ast.Module, str], Iterator[Finding]]) -> None:
    files = [file for package in ("engine", "distill_gui") for file in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 200
    found = [
        fault
        for file in files
        for fault in faults(rule, file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix())
    ]
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


def test_nothing_is_excused_that_is_not_there() -> None:
    for file, names in WRITTEN_HERE.items():
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        used = {
            ast.unparse(part.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr) and _is_sql(node)
            for part in node.values
            if isinstance(part, ast.FormattedValue)
        }
        assert names == used, file


PLANTED = [
    (
        labels_are_plain,
        "distill_gui/panels/new.py",
        "from PySide6.QtWidgets import QLabel\nmade = QLabel(name)",
        "labels.py",
    ),
    (labels_are_plain, "distill_gui/panels/new.py", "class Own(QtWidgets.QLabel): ...", "labels.py"),
    (labels_are_plain, "distill_gui/widgets/badge.py", "class Own(QLabel):\n    pass", "never says"),
    (nothing_guesses_rich_text, "distill_gui/panels/new.py", "button.setToolTip(run.name)", "set_tip"),
    (nothing_guesses_rich_text, "distill_gui/windows/new.py", "QMessageBox.warning(self, 'x', text)", "plain text"),
    (
        nothing_guesses_rich_text,
        "distill_gui/widgets/plot.py",
        "item = pg.TextItem()\nitem.setHtml(name)",
        "plain text",
    ),
    (
        nothing_guesses_rich_text,
        "distill_gui/widgets/new.py",
        "label.setTextFormat(Qt.TextFormat.AutoText)",
        "plain text",
    ),
    (
        tips_of_items_are_wrapped,
        "distill_gui/models/new.py",
        "if role == Qt.ItemDataRole.ToolTipRole:\n    return name",
        "wrapped_tip",
    ),
    (
        tips_of_items_are_wrapped,
        "distill_gui/models/new.py",
        "ANSWERS = {Qt.ItemDataRole.ToolTipRole: name}",
        "wrapped_tip",
    ),
    (the_terminal_is_told_through_say, "engine/cli/new.py", "print(run.name)", "say"),
    (the_terminal_is_told_through_say, "engine/cli/new.py", "typer.echo(run.name)", "say"),
    (the_terminal_is_told_through_say, "engine/cli/new.py", "Console(stderr=True).print(name)", "say"),
    (
        values_never_become_sql,
        "engine/store/new.py",
        "c.execute(f\"SELECT * FROM runs WHERE name = '{name}'\")",
        "parameter",
    ),
    (values_never_become_sql, "engine/store/check.py", "c.execute(f'DELETE FROM runs WHERE id = {run}')", "parameter"),
    (
        values_never_become_sql,
        "engine/analysis/new.py",
        "c.execute('SELECT * FROM runs WHERE name = ' + name)",
        "glued",
    ),
    (values_never_become_sql, "engine/analysis/new.py", "c.execute('DELETE FROM runs WHERE id = %d' % run)", "glued"),
    (values_never_become_sql, "engine/store/new.py", "c.execute('UPDATE runs SET name = {}'.format(name))", "format"),
]


@pytest.mark.parametrize(("rule", "file", "source", "remedy"), PLANTED, ids=[rule.__name__ for rule, *_ in PLANTED])
def test_a_planted_fault_is_found_and_the_remedy_named(
    rule: Callable[[ast.Module, str], Iterator[Finding]], file: str, source: str, remedy: str
) -> None:
    found = faults(rule, source, file)
    assert found, f"the rule overlooks: {source}"
    assert remedy in found[0] and file in found[0]


def test_each_rule_has_a_planted_fault() -> None:
    assert {rule for rule, *_ in PLANTED} == set(RULES)
