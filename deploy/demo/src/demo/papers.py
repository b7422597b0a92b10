"""What is sent in the demo: letters made on the spot, or every PDF of a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.people import ABROAD, BOTH_WAYS, BY_LETTER, BY_MAIL, COMPANY, WITHOUT_ADDRESS, Person
from documents.testing import samples


@dataclass(frozen=True, slots=True)
class Paper:
    """A document and who is to get it."""

    name: str
    content: bytes
    recipients: Sequence[Person]


def made_papers() -> list[Paper]:
    """Ordinary and odd letters of a property manager."""
    sizes = [samples.A4_PT, samples.LANDSCAPE_PT, samples.A4_PT]
    return [
        Paper(
            "Einladung zur Eigentümerversammlung 2026",
            samples.written(2, title="Einladung zur Eigentümerversammlung"),
            [BY_LETTER, BY_MAIL, BOTH_WAYS, COMPANY, ABROAD],
        ),
        Paper(
            "Betriebskostenabrechnung 2025 mit Tabelle im Querformat",
            samples.mixed(sizes, title="Betriebskostenabrechnung 2025"),
            [BY_LETTER, BOTH_WAYS],
        ),
        Paper(
            "Umlaufbeschluss Fassadensanierung",
            samples.written(1, title="Umlaufbeschluss Fassadensanierung"),
            [BY_LETTER, WITHOUT_ADDRESS],
        ),
        Paper(
            "Jahresabrechnung mit allen Belegen, 93 Seiten",
            samples.written(93, title="Jahresabrechnung"),
            [BY_LETTER, BY_MAIL],
        ),
        Paper(
            "Verschlüsselter Mietvertrag",
            samples.encrypted(samples.written(1, title="Mietvertrag")),
            [BY_LETTER, BY_MAIL],
        ),
    ]


def papers_in(folder: Path) -> list[Paper]:
    """Every PDF of the folder, each to one recipient by letter and to one by mail."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".pdf")
    return [Paper(path.stem[:200], path.read_bytes(), [BY_LETTER, BY_MAIL]) for path in files]
