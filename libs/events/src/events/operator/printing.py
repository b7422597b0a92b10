"""The answers of the tools, for people at a terminal."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from events.operator.dead import DeadDetails, DeadList
from events.operator.history import StreamLog
from events.operator.queues import InboxStatus, RelayStatus, WorkStatus


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they have to be."""
    lines = [[str(head_) for head_ in head], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def stream(log: StreamLog) -> str:
    """One line per event, its fields below."""
    lines = [f"stream {log.stream} of mandant {log.mandant}: {len(log.events)} events"]
    for event in log.events:
        cause = f"correlation {event.correlation}, caused by {event.causation or 'a call'}"
        lines += [
            (
                f"{event.version:4}  {_cell(event.at)}  {event.type} v{event.schema_version}"
                f"  by {event.actor}"
            ),
            f"      {cause}",
            f"      {json.dumps(event.fields, ensure_ascii=False)}",
            *(f"      {sealed}" for sealed in event.sealed),
        ]
    return "\n".join(lines)


def inbox(status: InboxStatus) -> str:
    """Depths by topic, and what is waited for."""
    parts = [
        (
            f"inbox: {status.records} records, {status.due} due, {status.retried} failed before,"
            f" the oldest since {_cell(status.oldest)}"
        )
    ]
    if status.topics:
        rows = [(t.topic, t.records, t.oldest) for t in status.topics]
        parts.append(table(("topic", "records", "oldest"), rows))
    if status.waiting:
        waits = [(w.waiting_for, w.topic, w.records, w.since) for w in status.waiting]
        parts.append(table(("waits for", "topic", "records", "since"), waits))
    return "\n\n".join(parts)


def relay(status: RelayStatus) -> str:
    """Depths by topic, and what Kafka refused."""
    parts = [f"relay: {status.records} records wait, the oldest since {_cell(status.oldest)}"]
    if status.topics:
        rows = [(t.topic, t.records, t.oldest) for t in status.topics]
        parts.append(table(("topic", "records", "oldest"), rows))
    if status.refused:
        refused = [(r.seq, r.topic, r.at, r.reason, r.value_bytes) for r in status.refused]
        parts.append(table(("refused", "topic", "at", "reason", "bytes"), refused))
    return "\n\n".join(parts)


def work(status: WorkStatus) -> str:
    """Tasks by kind, and those that fail."""
    rows = [(g.lane, g.task, g.tasks, g.next_due, g.failing) for g in status.groups]
    parts = [table(("lane", "task", "tasks", "next due", "failing"), rows)]
    if status.failing:
        failing = [(f.stream, f.task, f.attempts, f.error, f.due_at) for f in status.failing]
        parts.append(table(("stream", "task", "attempts", "error", "again at"), failing))
    return "\n\n".join(parts)


def dead(found: DeadList) -> str:
    """Counts by topic and reason, then the newest."""
    if not found.groups:
        return "nobody is dead"
    groups = [
        (g.topic, g.reason, g.records, g.first_failed_at, g.last_failed_at) for g in found.groups
    ]
    newest = [(r.id, r.topic, r.attempts, r.last_failed_at, r.reason) for r in found.records]
    return "\n\n".join(
        [
            table(("topic", "reason", "records", "first", "last"), groups),
            table(("id", "topic", "attempts", "last failed", "reason"), newest),
        ]
    )


def dead_record(record: DeadDetails) -> str:
    """Everything about one, and what to do."""
    place = f"{record.topic}, partition {record.partition}, offset {record.offset}"
    lines = [
        f"record       {record.id}",
        f"came from    {place}, mandant {record.mandant or '?'}",
        f"reason       {record.reason}",
        f"WHAT TO DO   {record.what_to_do}",
        (
            f"attempts     {record.attempts}, first failed {_cell(record.first_failed_at)},"
            f" last {_cell(record.last_failed_at)}"
        ),
        f"story        correlation {record.correlation or '?'}, trace {record.trace or '?'}",
        f"key          {record.key}",
        *(f"header       {name}: {value}" for name, value in record.headers),
        f"value        {json.dumps(record.value, ensure_ascii=False)}",
        *(f"stack        {frame}" for frame in record.stack),
    ]
    for before in record.history:
        why = f", because: {before.why}" if before.why else ""
        lines.append(
            f"before       {_cell(before.at)} {before.action} by {before.actor}, after"
            f" {before.attempts} attempts ({before.reason}){why}"
        )
    return "\n".join(lines)


def raw(value: bytes, most: int) -> str:
    """The beginning of a record's bytes: as text where they are text, else as hex."""
    shown = value[:most]
    more = f" … ({len(value)} bytes)" if len(value) > most else ""
    text = shown.decode("utf-8", "replace")
    return (text if text.isprintable() else shown.hex(" ")) + more


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return "-" if value is None else str(value)
