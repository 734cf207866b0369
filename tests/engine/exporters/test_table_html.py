"""The table as HTML: well-formed, complete, names escaped."""

from __future__ import annotations

from html.parser import HTMLParser

from engine.analysis.cells import Table
from engine.exporters.table_html import render


class _Reader(HTMLParser):
    """Collects rows of cell texts and refuses tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_well_formed_with_every_row(table: Table, hostile: str) -> None:
    reader = _Reader()
    reader.feed(render(table))
    assert reader.open == []
    head, block, published, none, kl, _foot = [[text.strip() for text in row] for row in reader.rows]
    assert head[-1] == hostile, "a hostile name comes back as the text it is"
    assert block == ["2 × 128 · baseline: no teacher"]
    assert published[0].startswith("Vanilla KDa † published") and published[2] == "71.1b"
    assert kl[2] == "82.0 (1) +0.4" and none[3] == "62 % ▸"
    assert reader.tags <= {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "br", "span", "i", "b", "u", "sup"}


def test_gradient_columns_names_cut_short_and_runs_left_out(table: Table, whole_table: Table, hostile: str) -> None:
    reader = _Reader()
    reader.feed(render(whole_table))
    head, _block, published, none, kl, (foot,) = [[text.strip() for text in row] for row in reader.rows]
    assert head[2:4] == ["Gradient share%", "Teacher influence0–1"] and "Gradient share" not in render(table)
    assert published[2:4] == ["", ""] and none[2:4] == ["–", "–"] and kl[2:4] == ["41.3", "0.12"]
    assert f"batch 64, layers 1↔2, {hostile}" in foot and "2 stopped, 1 failed" in foot
