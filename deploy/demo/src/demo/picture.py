"""The Postausgang as a picture, for those who only read about the demo."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import MONOKAI

# The library's own template fetches fonts from elsewhere.
_REMOTE_FONT = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WIDTH = 100


def draw(tables: Sequence[RenderableType], target: Path) -> None:
    """Write the tables as SVG that needs nothing from anywhere."""
    from rich import _export_format

    template = _COMMENT.sub("", _REMOTE_FONT.sub("", _export_format.CONSOLE_SVG_FORMAT))
    console = Console(width=_WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    for table in tables:
        console.print(table)
    console.save_svg(
        str(target), title="make demo", theme=MONOKAI, code_format=template, unique_id="demo"
    )
