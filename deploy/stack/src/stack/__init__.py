"""Real PostgreSQL and real Kafka on this machine, for development, tests and the demo."""

from stack.errors import ChecksumMismatchError, FolderInUseError, NotOursError, StackError
from stack.running import running
from stack.servers import KafkaServer, PostgresServer, Server, Servers

__all__ = [
    "ChecksumMismatchError",
    "FolderInUseError",
    "KafkaServer",
    "NotOursError",
    "PostgresServer",
    "Server",
    "Servers",
    "StackError",
    "running",
]
