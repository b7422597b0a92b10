"""Events between their three shapes: as the rules see them, as rows, and as Kafka records."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from events.envelope import Attributes, to_record
from events.ids import derived_id, id_of
from events.personal import assemble, take_apart
from events.registry import Json, PublishedEvent, Registry
from events.seal import Place
from events.store import Record, Stored
from events.stream import Cause, Recorded
from events.topic import Topic
from events.vault import Vault


@dataclass(frozen=True, slots=True)
class Origin:
    """Who speaks: the service's name, and the epoch of its database (raised by a restore)."""

    source: str
    epoch: int
    published: Registry
    topics: Mapping[str, Topic]


@dataclass(frozen=True, slots=True)
class Telling:
    """A published event on its way out: the private one that it follows from, and its rank."""

    of: Recorded
    rank: int
    event: PublishedEvent

    @property
    def id(self) -> UUID:
        """Its `ce_id`; a repeat has the same."""
        return derived_id(self.of.id, self.rank)


def place_of(row: Recorded | Stored, source: str) -> Place:
    """Where the sealed blocks of a private event belong."""
    return Place(row.mandant, source, row.id, row.stream, row.version)


def stored(recorded: Recorded, registry: Registry, vault: Vault, source: str) -> Stored:
    """The row of an event, its personal fields sealed."""
    fields, blocks = take_apart(recorded.event)
    return Stored(
        mandant=recorded.mandant,
        stream=recorded.stream,
        version=recorded.version,
        id=recorded.id,
        name=registry.name_of(type(recorded.event)),
        at=recorded.at,
        meta=_meta(recorded.cause),
        fields=fields,
        sealed=vault.seal(blocks, place_of(recorded, source)),
    )


def recalled(row: Stored, registry: Registry, vault: Vault, source: str) -> Recorded:
    """The event of a row, as far as its personal fields may still be read."""
    registry.check(row.name)
    opened = vault.open(row.sealed, place_of(row, source)) if row.sealed else {}
    return Recorded(
        id=row.id,
        mandant=row.mandant,
        stream=row.stream,
        version=row.version,
        at=row.at,
        event=assemble(registry, row.name, row.fields, opened),
        cause=_cause(row.meta),
    )


def told(telling: Telling, origin: Origin, vault: Vault) -> Record:
    """The finished Kafka record of a published event. A repeat has the same id."""
    of = telling.of
    attributes = Attributes(
        id=telling.id,
        name=origin.published.name_of(type(telling.event)),
        source=origin.source,
        stream=of.stream,
        at=of.at,
        mandant=of.mandant,
        epoch=origin.epoch,
        version=of.version,
        cause=Cause(of.cause.correlation, of.id, of.cause.actor, of.cause.traceparent),
    )
    fields, blocks = take_apart(telling.event)
    sealed = vault.seal(blocks, attributes.place)
    return to_record(attributes, origin.topics[attributes.name.type], fields, sealed)


def _meta(cause: Cause) -> Json:
    meta = {"correlation": str(cause.correlation), "actor": cause.actor}
    if cause.causation is not None:
        meta["causation"] = str(cause.causation)
    if cause.traceparent is not None:
        meta["traceparent"] = cause.traceparent
    return meta


def _cause(meta: Json) -> Cause:
    causation = meta.get("causation")
    return Cause(
        correlation=id_of(meta["correlation"]),
        causation=id_of(causation) if causation else None,
        actor=meta["actor"],
        traceparent=meta.get("traceparent"),
    )
