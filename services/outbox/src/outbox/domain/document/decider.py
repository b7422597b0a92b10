"""The rules of a document: it is announced once and filed once, however often it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from events.decider import Decider
from outbox.domain.document.commands import AnnounceDocument, DocumentCommand, FileDocument
from outbox.domain.document.events import DocumentAnnounced, DocumentEvent, DocumentFiled


@dataclass(frozen=True, slots=True)
class Document:
    """How far the document has come; `asked_sha256` as in `DocumentFiled`."""

    announced: bool = False
    filed: bool = False
    asked_sha256: str | None = None


def decide(command: DocumentCommand, state: Document) -> Sequence[DocumentEvent]:
    match command:
        case AnnounceDocument(announcement):
            return () if state.announced or state.filed else (announcement,)
        case FileDocument(filing):
            return () if state.filed else (filing,)
        case _ as never:
            assert_never(never)


def evolve(state: Document, event: DocumentEvent) -> Document:
    match event:
        case DocumentAnnounced():
            return replace(state, announced=True)
        case DocumentFiled():
            return replace(state, filed=True, asked_sha256=event.asked_sha256)
        case _ as never:
            assert_never(never)


DECIDER = Decider(Document(), decide, evolve)
