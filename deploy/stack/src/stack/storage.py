"""Kafka's storage format: made once by Kafka's own tool, then copied, which saves a second."""

import base64
import shutil
import tempfile
import uuid
from pathlib import Path

from stack import process

_CHECKPOINT = "bootstrap.checkpoint"
_META = "meta.properties"
_FORMAT_S = 180


def format_storage(logs: Path, properties: Path, cache: Path, java: process.Command) -> None:
    """Makes `logs` a formatted, empty log folder unless it is one already."""
    if (logs / _META).exists():
        return
    checkpoint = cache / _CHECKPOINT
    if not checkpoint.exists():
        _make_checkpoint(checkpoint, properties, java)
    logs.mkdir(exist_ok=True)
    shutil.copyfile(checkpoint, logs / _CHECKPOINT)
    lines = ("version=1", "node.id=1", f"cluster.id={_uuid()}", f"directory.id={_uuid()}")
    unfinished = logs.with_suffix(".meta")
    unfinished.write_text("".join(f"{line}\n" for line in lines))
    unfinished.rename(logs / _META)


def _make_checkpoint(checkpoint: Path, properties: Path, java: process.Command) -> None:
    """The checkpoint holds the feature levels of this Kafka version, and no identity."""
    with tempfile.TemporaryDirectory(dir=checkpoint.parent, prefix=".") as temporary:
        config = Path(temporary, "format.properties")
        config.write_text(f"{properties.read_text()}log.dirs={temporary}/logs\n")
        tool = ("kafka.tools.StorageTool", "format", "-t", _uuid(), "-c", str(config))
        process.run(java.with_arguments(*tool), timeout_s=_FORMAT_S)
        Path(temporary, "logs", _CHECKPOINT).replace(checkpoint)


def _uuid() -> str:
    """Kafka's way to write one; it refuses those that begin with a dash."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
