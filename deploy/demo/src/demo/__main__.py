"""python -m demo: the main job on this machine, from real PDFs to letters and mails."""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from demo.clerk import clerk
from demo.papers import Paper, made_papers, papers_in
from demo.picture import draw
from demo.product import Product, running
from demo.report import Line
from demo.screen import postausgang, undeliverable
from demo.story import Story
from events.log import configure_logs

FOLDER = Path("var/demo")
_WIDTH = 110


def main() -> int:
    """0 when every delivery is final, 1 when not (they are named), 2 with nothing to send."""
    configure_logs("demo", "WARNING")
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    try:
        papers = _papers()
    except OSError as error:
        console.print(f"{error.filename} lässt sich nicht lesen.", markup=False, soft_wrap=True)
        return 2
    if not papers:
        console.print("Keine PDF-Dateien gefunden.")
        return 2
    began = time.monotonic()
    with running(FOLDER.resolve(), lambda line: console.print(line, style="dim")) as product:
        told = _tell(product, papers, console)
        _say_where_to_look(product, console)
    _write_report(told)
    console.print(f"{len(told)} Zustellungen in {time.monotonic() - began:.1f} s")
    unfinished = [line for line in told if not line.is_final]
    for line in unfinished:
        console.print(f"nicht abgeschlossen: {line.document}, {line.recipient}, {line.label}")
    return 1 if unfinished else 0


def _papers() -> list[Paper]:
    docs = os.environ.get("DOCS")
    return papers_in(Path(docs)) if docs else made_papers()


def _tell(product: Product, papers: Sequence[Paper], console: Console) -> list[Line]:
    with clerk(product) as person:
        with Live(console=console, auto_refresh=False) as live:
            story = Story(
                product, person, lambda rows: live.update(postausgang(rows), refresh=True)
            )
            told = story.tell(papers)
        rows = person.overview()
    console.print()
    failed = undeliverable([line.row() for line in told if line.reasons])
    if failed.row_count:
        console.print(failed)
    _draw_picture([postausgang(rows), failed])
    return told


def _say_where_to_look(product: Product, console: Console) -> None:
    console.print("Briefe, wie die Post sie erhalten hat:", product.letters)
    console.print("E-Mails, wie der Server sie abgelegt hat:", product.mail.maildir / "new")
    console.print("Protokolle der Programme:", product.folder / "logs")
    console.print("Schnittstellen:", f"{product.outbox_url}/openapi.json", style="dim")
    if sys.stdin.isatty() and sys.stdout.isatty():
        console.input("Weiter mit der Eingabetaste (so lange antworten die Schnittstellen) …")


def _write_report(told: Sequence[Line]) -> None:
    target = os.environ.get("DEMO_REPORT")
    if target:
        rows = [line.row() for line in told]
        Path(target).write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding="utf-8")


def _draw_picture(tables: Sequence[Table]) -> None:
    target = os.environ.get("DEMO_PICTURE")
    if target:
        draw(tables, Path(target))


if __name__ == "__main__":
    sys.exit(main())
