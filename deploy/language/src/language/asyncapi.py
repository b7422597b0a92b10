"""The AsyncAPI document: topics, what travels on them, who sends and who receives."""

import json
from pathlib import Path
from typing import Any

from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.registry import Name
from events.topic import Kind, Topic
from language.events import KEY_RECORDS, messages_of, spoken
from language.schema import PERSONAL, Schema, described
from language.services import hearing

FILE = Path("docs/asyncapi.json")

_BINDING = "0.5.0"
_LISTS = ("cleanup.policy",)

_KINDS = {
    Kind.FACT: "Facts: each is said once for each thing that happened, in no promised order.",
    Kind.STATE: "State: each is a full snapshot, the newest epoch and version wins.",
    Kind.KEYS: "Wrapped keys of persons, or fences where they were: the last word on each.",
}

_ABOUT = """What the services of Hausbote tell each other through Kafka. A topic bears the name of
its one event. Records are CloudEvents 1.0 in binary mode: attributes as headers, the value is
the event as JSON. Order is promised nowhere, and a record may come again: consumers come to the
same end. Readers ignore fields that they do not know and wait with a newer `ce_schemaversion`.
Personal fields travel only in sealed blocks, AES-256-GCM under a key per person and category."""


def document(root: Path) -> Schema:
    """The whole document; `root` is the repository, where the services are found."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Hausbote",
            "version": "1.0.0",
            "description": " ".join(_ABOUT.split()),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": _operations(root),
        "components": _components(),
    }


def text(root: Path) -> str:
    """The document as it is checked in."""
    return json.dumps(document(root), indent=2, ensure_ascii=False) + "\n"


def _channel(topic: Topic) -> Schema:
    settings = {
        key: [value] if key in _LISTS else int(value) if value.isdecimal() else float(value)
        for key, value in topic.settings().items()
    }
    return {
        "address": topic.name,
        "description": _KINDS[topic.kind],
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in messages_of(topic.name)
        },
        "x-owner": topic.owner,
        "x-kind": topic.kind.value,
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": settings,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operations(root: Path) -> Schema:
    sends = {f"{topic.owner}.{topic.name}": ("send", topic.name) for topic in TOPICS.values()}
    hears = {
        f"{service}.{topic}": ("receive", topic)
        for service, topics in hearing(root).items()
        for topic in topics
    }
    return {
        f"{action}.{who_and_what}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [
                {"$ref": f"#/channels/{topic}/messages/{name}"} for name in messages_of(topic)
            ],
            "x-context" if action == "send" else "x-service": who_and_what.partition(".")[0],
        }
        for who_and_what, (action, topic) in {**sends, **hears}.items()
    }


def _components() -> Schema:
    schemas: Schema = {"CloudEvent": _HEADERS, "SealedBlock": _SEALED_BLOCK}
    messages = {}
    for name, cls in spoken().items():
        schema = described(cls, "#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[name.type] = schema if name in KEY_RECORDS else _on_the_wire(schema)
        topic = SUBJECT_KEYS if name in KEY_RECORDS else name.type
        messages[name.type] = _message(name, TOPICS[topic])
    return {"schemas": schemas, "messages": messages}


def _message(name: Name, topic: Topic) -> Schema:
    message: Schema = {
        "name": name.type,
        "payload": {"$ref": f"#/components/schemas/{name.type}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The event's `{topic.key}`."},
                "bindingVersion": _BINDING,
            }
        },
    }
    if name in KEY_RECORDS:
        message["bindings"]["kafka"]["key"]["description"] = "`subject:category`, or `tick`."
    else:
        message["x-version"] = name.schema
        message["headers"] = {"$ref": "#/components/schemas/CloudEvent"}
        message["correlationId"] = {"location": "$message.header#/ce_correlationid"}
    return message


def _on_the_wire(schema: Schema) -> Schema:
    """The value of a record: personal fields are not in it, but in the blocks in `sealed`."""
    fields = schema["properties"]
    personal = {name: fields.pop(name) for name in list(fields) if PERSONAL in fields[name]}
    blocks: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/SealedBlock"}}
    fields["sealed"] = blocks | ({"x-personal-fields": personal} if personal else {"maxItems": 0})
    return schema


def _text(description: str, **rules: Any) -> Schema:
    return {"type": "string", "description": description, **rules}


_HEADERS: Schema = {
    "type": "object",
    "description": "CloudEvents 1.0 attributes with our extensions; a reader ignores others.",
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": _text("The same for each repetition of a record.", format="uuid"),
        "ce_type": _text("The event's name, which is the topic's."),
        "ce_source": _text("The service that tells it."),
        "ce_subject": _text("The stream from which it follows.", format="uuid"),
        "ce_time": _text("When it was recorded there.", format="date-time"),
        "ce_dataschema": _text("Name of the schema: event and version."),
        "ce_schemaversion": _text("The event's version.", pattern="^[1-9][0-9]*$"),
        "ce_mandant": _text("Whose data space it belongs to.", format="uuid"),
        "ce_streamepoch": _text("Raised when the teller's database was restored."),
        "ce_streamversion": _text("The place in its stream; a greater one is newer."),
        "ce_correlationid": _text("The story that it belongs to.", format="uuid"),
        "ce_causationid": _text("The event from which it follows.", format="uuid"),
        "ce_actor": _text("Who asked: a user, a service, or the system itself."),
        "ce_channel": _text("On events about deliveries: the channel that they concern."),
        "ce_replay": _text("Told again by hand: the run. No effect may follow.", format="uuid"),
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": _text("W3C trace context."),
    },
}
_OPTIONAL = ("ce_causationid", "ce_channel", "ce_replay", "traceparent")
_HEADERS["required"] = [name for name in _HEADERS["properties"] if name not in _OPTIONAL]

_SEALED_BLOCK: Schema = {
    "type": "object",
    "description": "The personal fields of one subject and category, locked under that key.",
    "properties": {
        "subject": _text("Whose fields.", format="uuid"),
        "category": {"$ref": "#/components/schemas/Category"},
        "key": _text("Fingerprint of the key.", pattern="^[0-9a-f]{16}$"),
        "nonce": _text("12 bytes.", contentEncoding="base64"),
        "block": _text("The fields as JSON, encrypted.", contentEncoding="base64"),
    },
    "required": ["subject", "category", "key", "nonce", "block"],
}
