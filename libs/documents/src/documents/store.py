"""The document store: documents as objects named by mandant and SHA-256, written once."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

# The library raises some of its errors as Python's own.
_MISSING = (NotFoundError, FileNotFoundError)
_TROUBLE = (BaseError, OSError, ValueError, NotImplementedError)


class DocumentMissingError(Exception):
    """The store answers, and has no such object."""


class DocumentDamagedError(Exception):
    """The object's bytes are not those that its name promises."""


class StoreUnavailableError(Exception):
    """The store cannot be reached, refuses us or fails: try again later."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What events carry instead of a document's bytes."""

    mandant: UUID
    sha256: str
    size_bytes: int

    @property
    def path(self) -> str:
        return f"{self.mandant}/{self.sha256[:2]}/{self.sha256}"


class DocumentStore:
    """Puts and gets whole documents; safe to share between tasks.

    Whatever goes wrong outside is one of the three errors above.
    """

    def __init__(self, store: ObjectStore, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """A folder on this machine, made if need be."""
        try:
            return cls(LocalStore(folder, mkdir=True), folder=folder)
        except _TROUBLE as error:
            raise StoreUnavailableError("the folder cannot be used") from error

    @classmethod
    def at_url(cls, url: str, *, endpoint: str | None = None, max_retries: int = 3) -> Self:
        """`s3://bucket/prefix` or `file:///folder`; S3 credentials come from AWS_* variables."""
        if url.startswith("file://"):
            return cls.in_folder(Path(url.removeprefix("file://")))
        try:
            return cls(
                S3Store.from_url(
                    url,
                    config={"endpoint": endpoint} if endpoint else {},
                    client_options={"allow_http": bool(endpoint), "timeout": "60s"},
                    retry_config={"max_retries": max_retries},
                )
            )
        except _TROUBLE as error:
            raise StoreUnavailableError("the URL of the store cannot be used") from error

    async def put(self, mandant: UUID, content: bytes) -> Reference:
        """Store the content; idempotent, and on disk when it returns.

        An object of another size under the same name is debris of a crash and is replaced.
        """
        reference = Reference(mandant, hashlib.sha256(content).hexdigest(), len(content))
        try:
            await self._put_once(reference.path, content)
        except _TROUBLE as error:
            raise StoreUnavailableError("the store did not take the document") from error
        if self._folder is not None:
            await asyncio.to_thread(_settle, self._folder, reference.path)
        return reference

    async def get(self, reference: Reference) -> bytes:
        try:
            result = await self._store.get_async(reference.path)
            content = bytes(await result.bytes_async())
        except _MISSING as error:
            raise DocumentMissingError(reference.path) from error
        except _TROUBLE as error:
            raise StoreUnavailableError("the store did not give the document") from error
        if hashlib.sha256(content).hexdigest() != reference.sha256:
            raise DocumentDamagedError(reference.path)
        return content

    async def exists(self, reference: Reference) -> bool:
        try:
            await self._store.head_async(reference.path)
        except _MISSING:
            return False
        except _TROUBLE as error:
            raise StoreUnavailableError("the store did not answer") from error
        return True

    async def _put_once(self, path: str, content: bytes) -> None:
        try:
            await self._store.put_async(path, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            present = await self._store.head_async(path)
            if present["size"] != len(content):
                await self._store.put_async(path, content, mode="overwrite", use_multipart=False)


def _settle(folder: Path, path: str) -> None:
    """Force an object and the folders that name it to disk, which the local store does not."""
    target = folder / path
    try:
        for place in (target, *target.parents[: len(Path(path).parts)]):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise StoreUnavailableError("the document could not be forced to disk") from error
