"""The letters the API has accepted, kept in a folder: the PDF and a JSON beside it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

FIRST_LETTER_ID = 43_000_001


class Key(StrEnum):
    """What letters are looked up by."""

    CUSTOM1 = "custom1"
    FILE_NAME = "file_name"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Letter:
    """One accepted letter and everything that was told to happen to it.

    `request` is the letter as it was sent, without the two files. `failed_at` in the future
    is a failure that will come; `failed_at` in the past outranks every status by age.
    """

    letter_id: int
    ekp: str
    created_at: datetime
    pages: int
    size_bytes: int
    sha256: str
    request: dict[str, Any]
    warnings: tuple[tuple[str, str], ...] = ()
    failed_at: datetime | None = None
    failures: tuple[tuple[str, str], ...] = ()
    shown_status: int | None = None
    tracking: str | None = None
    tracked_at: datetime | None = None

    @property
    def file_name(self) -> str:
        return str(self.request["fileName"])

    @property
    def custom1(self) -> str:
        return str(self.request.get("custom1") or "")

    @property
    def is_test(self) -> bool:
        return bool(self.request.get("testFlag"))


class Letters:
    """Letters survive a restart: the JSON is written last and renamed into place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._letters: dict[int, Letter] = {}
        self._ids: defaultdict[tuple[str, Key, str], list[int]] = defaultdict(list)
        for file in sorted(folder.glob("*.json")):
            self._index(_read(file))
        self.next_id = max(self._letters, default=FIRST_LETTER_ID - 1) + 1

    def __iter__(self) -> Iterator[Letter]:
        return iter(self._letters.values())

    def get(self, letter_id: int) -> Letter | None:
        return self._letters.get(letter_id)

    def find(self, ekp: str, key: Key, value: str) -> Iterator[Letter]:
        """Yield an account's letters with this value, the oldest first."""
        return (self._letters[letter_id] for letter_id in self._ids[ekp, key, value])

    def accept(self, letter: Letter, pdf: bytes) -> None:
        (self._folder / f"{letter.letter_id}.pdf").write_bytes(pdf)
        self._write(letter)
        self._index(letter)
        self.next_id = letter.letter_id + 1

    def _index(self, letter: Letter) -> None:
        self._letters[letter.letter_id] = letter
        self._ids[letter.ekp, Key.CUSTOM1, letter.custom1].append(letter.letter_id)
        self._ids[letter.ekp, Key.FILE_NAME, letter.file_name].append(letter.letter_id)
        self._ids[letter.ekp, Key.SHA256, letter.sha256].append(letter.letter_id)

    def change(self, letter_id: int, **changes: Any) -> Letter | None:
        letter = self._letters.get(letter_id)
        if letter is None:
            return None
        letter = replace(letter, **changes)
        self._letters[letter_id] = letter
        self._write(letter)
        return letter

    def pdf(self, letter_id: int) -> bytes:
        return (self._folder / f"{letter_id}.pdf").read_bytes()

    def _write(self, letter: Letter) -> None:
        file = self._folder / f"{letter.letter_id}.json"
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(letter), default=datetime.isoformat, indent=1))
        draft.replace(file)


def _read(file: Path) -> Letter:
    stored = json.loads(file.read_text())
    for name in ("created_at", "failed_at", "tracked_at"):
        if stored[name]:
            stored[name] = datetime.fromisoformat(stored[name])
    for name in ("warnings", "failures"):
        stored[name] = tuple((code, detail) for code, detail in stored[name])
    return Letter(**stored)
