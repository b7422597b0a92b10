"""The table that `make bench` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Row

_SMALL = 1000


def show(rows: Sequence[Row]) -> None:
    """The table, with the CPU time that each unit takes: it depends less on the machine's load."""
    table = Table(title="make bench", caption="median of the rounds (lowest to highest)")
    for column in ("what", "ours", "spread", "peer", "ratio", "goal", "", "CPU µs each"):
        table.add_column(column, justify="left" if column in {"what", "CPU µs each"} else "right")
    for row in rows:
        told = row.summary()
        table.add_row(
            row.name,
            f"{told['ours']:,.3g} {row.unit}" if told["ours"] < _SMALL else _whole(told, row),
            f"{min(told['rounds']):,.4g}-{max(told['rounds']):,.4g}",
            f"{told['peer']:,.4g} ({row.peer_name})" if told["peer"] else "",
            f"{told['ratio']:.2f}" if told["ratio"] else "",
            told["goal"],
            {True: "[green]pass", False: "[red]miss", None: ""}[told["met"]],
            ", ".join(f"{name} {cost:,.0f}" for name, cost in told["cpu_us"].items()),
        )
    Console(width=150).print(table)


def _whole(told: Mapping[str, Any], row: Row) -> str:
    return f"{told['ours']:,.0f} {row.unit}"
