"""The German sentences of the outbox, filled with figures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from outbox.domain.checks import MEGABYTE, Reason
from web.messages import read_messages


@dataclass(frozen=True, slots=True)
class Texts:
    """What clerks read, by slug."""

    problems: Mapping[str, str]
    reasons: Mapping[str, str]
    timeline: Mapping[str, str]

    @classmethod
    def read(cls) -> "Texts":
        """The texts that come with the package."""
        folder = files("outbox") / "texts"
        return cls(
            *(
                read_messages(folder / f"{name}.toml")
                for name in ("problems", "reasons", "timeline")
            )
        )

    def reason(self, reason: Reason) -> str:
        """Why a check failed, with its figures."""
        return self.reasons[reason.slug].format_map(_figures(reason.values))


def _figures(values: Mapping[str, int]) -> Mapping[str, str]:
    """The figures as text; each size also in MB."""
    sizes = {
        name.removesuffix("_bytes") + "_mb": _megabytes(value)
        for name, value in values.items()
        if name.endswith("_bytes")
    }
    return {**{name: str(value) for name, value in values.items()}, **sizes}


def _megabytes(size_bytes: int) -> str:
    """In MB with a comma, rounded up: what is too large never looks as if it were not."""
    hundredths = math.ceil(size_bytes * 100 / MEGABYTE)
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".").replace(".", ",")
