"""The German words of this service: the mail's text, its HTML form, and what clerks read."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE

_environment = Environment(
    loader=PackageLoader("delivery_mail", "texts"),
    autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def default_body(file_names: Sequence[str]) -> str:
    """What stands between salutation and closing where the user wrote nothing."""
    return _environment.get_template("body.txt.jinja").render(file_names=file_names).strip()


def mail_text(*, salutation: str, body: str, sender_name: str) -> str:
    template = _environment.get_template("mail.txt.jinja")
    return template.render(salutation=salutation, body=body, sender_name=sender_name)


def mail_html(*, subject: str, salutation: str, body: str, sender_name: str) -> str:
    """The same words as the text form; a blank line in `body` begins a paragraph."""
    template = _environment.get_template("mail.html.jinja")
    paragraphs = [part.splitlines() for part in body.split("\n\n") if part.strip()]
    return template.render(
        subject=subject, salutation=salutation, paragraphs=paragraphs, sender_name=sender_name
    )


def text(slug: str, **figures: int | str | None) -> str:
    """The sentence for a slug, fit for events: figures only. A slug without one is our bug."""
    return texts()[slug].format(**figures)


def reason(slug: str, **values: object) -> str:
    """What a clerk reads about one mail; it may name files and addresses, and never travels.

    An unknown slug is our bug: KeyError.
    """
    return {**texts(), **_reasons()}[slug].format(**values)


def german_size(size_bytes: int) -> str:
    """The size as a person says it, one decimal, rounded up so that "too large" stays visible.

    MB is 1024 x 1024 bytes, as in the limit that the user sets.
    """
    if size_bytes < MEBIBYTE:
        return f"{-(-size_bytes // KIBIBYTE)} KB"
    tenths = -(-size_bytes * 10 // MEBIBYTE)
    return f"{tenths // 10},{tenths % 10} MB"


@cache
def texts() -> Mapping[str, str]:
    """The sentences that travel, by slug."""
    return _sentences("messages.toml")


@cache
def _reasons() -> Mapping[str, str]:
    return _sentences("reasons.toml")


def _sentences(file_name: str) -> Mapping[str, str]:
    source = resources.files("delivery_mail.texts").joinpath(file_name)
    sentences: Mapping[str, str] = tomllib.loads(source.read_text(encoding="utf-8"))
    return sentences
