"""What every service reads from its environment; each adds its own, under its own prefix."""

from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from events.keyring import Keyring


class ServiceSettings(BaseSettings):
    """Read once in `__main__`, passed on, never imported.

    The three database URLs are three roles: `database_url` sees rows of named mandants only,
    `machinery_database_url` works on inbox and relay, `migrator_database_url` owns the tables.
    `keks` holds the key-encryption keys that this service mounts: `category:name:base64 …`.
    `stream_epoch` is raised by one after a restore from a backup, before anything is started.
    `probe_port` is where a process without an API answers its operator's questions.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", secrets_dir=None)

    environment: Literal["production", "development", "test"] = "production"
    database_url: SecretStr
    machinery_database_url: SecretStr
    migrator_database_url: SecretStr
    kafka_bootstrap_servers: str
    keks: SecretStr
    stream_epoch: int = 1
    http_host: str = "127.0.0.1"
    http_port: int = 0
    probe_port: int | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    database_connections: int = 8

    def keyring(self) -> Keyring:
        return Keyring.from_text(self.keks.get_secret_value())
