"""The files of a mail: how large they may be together, and how each becomes a part of it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.encoders import encode_base64
from email.mime.nonmultipart import MIMENonMultipart
from pathlib import PurePosixPath

from delivery_mail import texts

MAX_NAME_BYTES = 255  # as in file systems; keeps the header line below 998 octets (RFC 5322)
MAX_SUFFIX_BYTES = 20

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
_GERMAN_ASCII = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"}
)


@dataclass(frozen=True)
class Attachment:
    file_name: str = field(repr=False)
    content: bytes = field(repr=False)
    media_type: str = "application/pdf"


@dataclass(frozen=True)
class TooLargeFiles:
    """The files exceed the limit in force; the text names each (and is personal therefore)."""

    names: tuple[str, ...] = field(repr=False)
    sizes_bytes: tuple[int, ...]
    sum_bytes: int
    limit_bytes: int
    slug: str = field(default="files-too-large", init=False)

    @property
    def text_de(self) -> str:
        lines = (
            texts.reason("file-line", name=name, size=texts.german_size(size_bytes))
            for name, size_bytes in zip(self.names, self.sizes_bytes, strict=True)
        )
        return texts.reason(
            self.slug,
            total=texts.german_size(self.sum_bytes),
            limit=texts.german_size(self.limit_bytes),
            files="\n".join(lines),
        )


def check_sizes(
    names: Sequence[str], sizes_bytes: Sequence[int], limit_mb: int
) -> TooLargeFiles | None:
    """What is wrong where the files together exceed the limit; exactly at it nothing is (EML-04).

    Counts the bytes of the files, as the user sees them; on the wire they take 1.37 times as many.
    """
    limit_bytes = limit_mb * texts.MEBIBYTE
    if sum(sizes_bytes) <= limit_bytes:
        return None
    return TooLargeFiles(
        names=tuple(names),
        sizes_bytes=tuple(sizes_bytes),
        sum_bytes=sum(sizes_bytes),
        limit_bytes=limit_bytes,
    )


def pdf_names(names: Sequence[str], count: int, default: str) -> list[str]:
    """A name for each of `count` files: as given, but safe, ending in .pdf, no two alike.

    Files beyond the given names get the default; repeats get a number, as in "Brief (2).pdf".
    """
    found: dict[str, str] = {}
    for position in range(count):
        given = names[position] if position < len(names) else ""
        stem = _stem(given) or default
        marks = ("", *(f" ({number})" for number in range(2, count + 1)))
        candidates = (_shortened(stem, f"{mark}.pdf") for mark in marks)
        free = next(name for name in candidates if name.casefold() not in found)
        found[free.casefold()] = free
    return list(found.values())


def safe_name(name: str) -> str:
    """The name as it may stand in a folder of any system, at most 255 bytes, suffix kept."""
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", name)).strip()
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > MAX_SUFFIX_BYTES:
        suffix = ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return name.encode()[:room].decode(errors="ignore").rstrip() + suffix


def _stem(name: str) -> str:
    """The name without its suffix, without what nobody can see, without dots at its ends."""
    visible = "".join(c if c.isprintable() else " " for c in name)
    stem = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", " ".join(visible.split())))
    if stem.casefold().endswith(".pdf"):
        stem = stem[: -len(".pdf")]
    return stem.strip(" .")


def _shortened(stem: str, end: str) -> str:
    room = MAX_NAME_BYTES - len(end.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + end


def ascii_name(name: str) -> str:
    """The name for mail programs that know nothing but ASCII: Müller becomes Mueller."""
    plain = unicodedata.normalize("NFKD", name.translate(_GERMAN_ASCII))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return kept.encode("ascii", "replace").decode().replace("?", "_")


def as_part(file: Attachment) -> MIMENonMultipart:
    """The MIME part: RFC 2231 name where it is not ASCII, with a plain one beside it."""
    name = safe_name(file.file_name)
    part = MIMENonMultipart(*file.media_type.split("/", 1), name=ascii_name(name))
    part.set_payload(file.content)
    encode_base64(part)
    encoded = name if name.isascii() else ("utf-8", "", name)
    part.add_header("Content-Disposition", "attachment", filename=encoded)
    return part
