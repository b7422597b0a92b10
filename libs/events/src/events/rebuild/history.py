"""The log as projections want it: what has happened to each stream, from one version to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from events.recording import recalled
from events.replay import Kinds
from events.store import Stored, Transaction
from events.stream import Change
from events.vault import Vault


@dataclass(frozen=True, slots=True)
class Span:
    """Events of one stream, the last one included."""

    stream: UUID
    mandant: UUID
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells spans of streams as changes."""

    kinds: Kinds
    source: str

    async def changes(
        self, transaction: Transaction, vault: Vault, spans: Sequence[Span]
    ) -> list[Change]:
        """Each span as one change, in their order, its personal fields as far as they open.

        Raises `KeyMissingError`, and `UnreadableError` or `TooNewError` for what this release
        can't read.
        """
        rows = await transaction.load([span.stream for span in spans])
        await vault.fetch(
            {block.key for history in rows.values() for row in history for block in row.sealed}
        )
        return [self._change(span, rows[span.stream], vault) for span in spans]

    def _change(self, span: Span, history: Sequence[Stored], vault: Vault) -> Change:
        kind = self.kinds[history[0].name.type]
        story = [recalled(row, kind.registry, vault, self.source) for row in history[: span.last]]
        before = kind.decider.fold(one.event for one in story[: span.first - 1])
        new = tuple(story[span.first - 1 :])
        after = kind.decider.fold((one.event for one in new), before)
        return Change(kind, span.stream, span.mandant, before, after, new)
