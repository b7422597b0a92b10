"""One form for every line of text, whoever typed or pasted it."""

import unicodedata


class ControlCharacterError(ValueError):
    """The text holds a character that nobody can see and a printer may obey."""


def one_line(text: str) -> str:
    """`text` in NFC, on one line, with single spaces and none around it.

    Idempotent. Raises `ControlCharacterError` for what Unicode calls "other": control and
    formatting characters (a turned writing direction among them), halves of surrogate pairs,
    code points for private use or not yet assigned.
    """
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(character).startswith("C") for character in tidy):
        raise ControlCharacterError("invisible characters")
    return tidy
