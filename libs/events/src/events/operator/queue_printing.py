"""Queues and streams, for people at a terminal."""

import json

from events.operator.history import StreamLog
from events.operator.printing import cell, table
from events.operator.queue_answers import InboxStatus, RelayStatus, WorkStatus


def stream(log: StreamLog) -> str:
    """One line per event, its fields below."""
    lines = [f"stream {log.stream} of mandant {log.mandant}: {len(log.events)} events"]
    for event in log.events:
        cause = f"correlation {event.correlation}, caused by {event.causation or 'a call'}"
        lines += [
            (
                f"{event.version:4}  {cell(event.at)}  {event.type} v{event.schema_version}"
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
            f" the oldest since {cell(status.oldest)}"
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
    parts = [f"relay: {status.records} records wait, the oldest since {cell(status.oldest)}"]
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
