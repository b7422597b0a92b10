"""Sample letters, and the real PDF files where they lie beside the repository."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from documents.cover import Cover, Sender
from documents.workshop import Workshop

_REAL_FILES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pdf"


@pytest.fixture
def sender() -> Sender:
    return Sender(
        name="Hausverwaltung Müller & Söhne GmbH",
        address_lines=("Lindenstraße 5", "10969 Berlin"),
        contact_lines=("Telefon 030 123456-0", "post@hv-mueller.example"),
    )


@pytest.fixture
def cover(sender: Sender) -> Cover:
    return Cover(
        sender=sender,
        recipient_lines=("Frau", "Dr. Ayşe Öztürk-Groß", "Weißenburger Straße 12", "10405 Berlin"),
        date=date(2026, 3, 1),
        subjects=("Betriebskostenabrechnung 2025",),
    )


@pytest.fixture
def real_files() -> Path:
    if not _REAL_FILES.is_dir():
        pytest.skip("no real PDF files beside the repository")
    return _REAL_FILES


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with Workshop(workers=1, timeout_s=120) as opened:
        yield opened
