"""The Postausgang in a terminal: name, recipients, channels, bar, the six counters."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

_BAR = 12


def postausgang(rows: Sequence[dict[str, Any]]) -> Table:
    """The overview; the six figures behind the bar are named below it, in their order."""
    labels = " · ".join(counter["label"] for row in rows[:1] for counter in row["counters"])
    table = Table(title="Postausgang", title_justify="left", caption=labels, expand=True)
    table.add_column("Bezeichnung", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("Empfänger", justify="right")
    table.add_column("Zustellwege")
    table.add_column("Zustellungen", no_wrap=True)
    for row in rows:
        channels = "\n".join(channel["label"] for channel in row["channels"])
        table.add_row(row["name"], str(row["recipients"]), channels, _bar(row))
    return table


def undeliverable(rows: Sequence[dict[str, Any]]) -> Table:
    """What did not go out, and why."""
    table = Table(title="Nicht zugestellt", title_justify="left", expand=True)
    table.add_column("Empfänger", ratio=1)
    table.add_column("Dokument", ratio=1)
    table.add_column("Zustellweg")
    table.add_column("Grund", ratio=2)
    for row in rows:
        reasons = "\n".join(reason["detail"] for reason in row["reasons"])
        table.add_row(row["recipient"], row["document"], row["channel"], reasons)
    return table


def _bar(row: dict[str, Any]) -> Text:
    """Green what has arrived, red what has failed, grey the rest; then the six figures."""
    green = round(row["bar"]["green"] * _BAR)
    red = round(row["bar"]["red"] * _BAR)
    grey = max(_BAR - green - red, 0)
    figures = " ".join(f"{counter['count']:>2}" for counter in row["counters"])
    return Text.assemble(
        ("█" * green, "green"), ("█" * red, "red"), ("░" * grey, "bright_black"), f" {figures}"
    )
