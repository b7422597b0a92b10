"""German sentences by slug, read from TOML files: the package's own and each service's."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_messages(file: Traversable) -> Mapping[str, str]:
    """The table `slug = "Sentence."` of one TOML file. ValueError for anything else in it."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    for slug, sentence in table.items():
        if not (_SLUG.fullmatch(slug) and isinstance(sentence, str) and sentence):
            raise ValueError(f"{file.name}: {slug!r} is not a slug with a sentence")
    return MappingProxyType(table)


@lru_cache
def own_messages() -> Mapping[str, str]:
    """The sentences for what this package itself refuses."""
    return read_messages(files(__package__) / "texts" / "problems.toml")


@lru_cache
def titles() -> Mapping[str, str]:
    """One German title per HTTP status, keyed by its number as text."""
    return read_messages(files(__package__) / "texts" / "titles.toml")
