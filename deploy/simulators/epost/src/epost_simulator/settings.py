"""What one run of the simulator can be told; each field is a command-line option too."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

DAY_S = 86_400.0


class Inspection(StrEnum):
    """When the pages of a PDF are looked at.

    The real API promises schema checks at upload and the deeper ones later, as status 99;
    which finding comes when is not documented, so a client has to bear both.
    """

    UPLOAD = "upload"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class Settings:
    """Delays are counted from the upload, in seconds of the simulator's clock."""

    folder: Path
    port: int = 0
    status_spacing_s: float = 5.0
    test_result_spacing_s: float = 2.0
    health_spacing_s: float = 5.0
    tests_per_day: int = 100
    max_request_bytes: int = 300_000_000
    inspection: Inspection = Inspection.UPLOAD
    checked_after_s: float = 120.0
    printing_after_s: float = 4 * 3600.0
    sent_after_s: float = 2 * DAY_S


def from_command_line(arguments: Sequence[str]) -> tuple[Settings, bool]:
    """Return the settings, and whether to stop when standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m epost_simulator", description=__doc__)
    parser.add_argument("--stop-with-stdin", action="store_true")
    for field in fields(Settings):
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=field.type if isinstance(field.type, type) else str,
            required=field.name == "folder",
            default=field.default,
        )
    chosen = vars(parser.parse_args(arguments))
    stop_with_stdin = chosen.pop("stop_with_stdin")
    return Settings(**chosen), stop_with_stdin
