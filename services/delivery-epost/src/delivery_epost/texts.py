"""German sentences for clerks, by slug, from the file beside this one."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def text(slug: str, **figures: object) -> str:
    """The sentence for a slug, its figures filled in; slugs without one are a bug."""
    return texts()[slug].format(**figures)


@cache
def texts() -> Mapping[str, str]:
    sentences: Mapping[str, str] = tomllib.loads(
        files("delivery_epost").joinpath("messages.toml").read_text(encoding="utf-8")
    )
    return sentences
