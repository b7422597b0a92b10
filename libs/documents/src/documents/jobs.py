"""What passes between a Workshop and its workers: a job out, an outcome back."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from documents.rejections import DocumentRejected

Job = Callable[[], Any]
"""Must be picklable: a partial of a module's function."""


@dataclass(frozen=True, slots=True)
class Done:
    """The job's result."""

    result: Any


@dataclass(frozen=True, slots=True)
class Rejected:
    """The job's considered no."""

    rejection: DocumentRejected


@dataclass(frozen=True, slots=True)
class Broken:
    """The job stumbled: the kind of error and where, without its text, which may quote a letter."""

    error: str
    place: str = "an unknown place"


Outcome = Done | Rejected | Broken

READY = Done(None)
"""What a worker says first."""


def perform(job: Job) -> Outcome:
    """Do it; nothing is raised."""
    try:
        return Done(job())
    except DocumentRejected as rejection:
        return Rejected(rejection)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        return Broken(type(error).__name__, place)
