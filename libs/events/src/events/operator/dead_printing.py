"""Dead records, for people at a terminal."""

import json

from events.operator.dead_answers import DeadDetails, DeadList
from events.operator.printing import cell, table


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
            f"attempts     {record.attempts}, first failed {cell(record.first_failed_at)},"
            f" last {cell(record.last_failed_at)}"
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
            f"before       {cell(before.at)} {before.action} by {before.actor}, after"
            f" {before.attempts} attempts ({before.reason}){why}"
        )
    return "\n".join(lines)


def raw(value: bytes, most: int) -> str:
    """The beginning of a record's bytes: as text where they are text, else as hex."""
    shown = value[:most]
    more = f" … ({len(value)} bytes)" if len(value) > most else ""
    text = shown.decode("utf-8", "replace")
    return (text if text.isprintable() else shown.hex(" ")) + more
