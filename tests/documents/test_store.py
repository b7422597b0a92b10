"""The document store: written once, verified on reading, every trouble translated."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from obstore import exceptions

from documents.store import (
    DocumentDamagedError,
    DocumentMissingError,
    DocumentStore,
    Reference,
    StoreUnavailableError,
)

MANDANT = UUID("0198c0de-0000-7000-8000-000000000001")
OTHER = UUID("0198c0de-0000-7000-8000-000000000002")
CONTENT = b"%PDF-1.4 Miete"


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return DocumentStore.in_folder(tmp_path / "objects")


def file_of(tmp_path: Path, reference: Reference) -> Path:
    return tmp_path / "objects" / reference.path


async def test_what_was_put_comes_back(store: DocumentStore) -> None:
    reference = await store.put(MANDANT, CONTENT)

    assert await store.get(reference) == CONTENT
    assert reference == Reference(MANDANT, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


async def test_an_object_is_named_by_mandant_and_hash(store: DocumentStore, tmp_path: Path) -> None:
    reference = await store.put(MANDANT, CONTENT)

    digest = hashlib.sha256(CONTENT).hexdigest()
    assert reference.path == f"{MANDANT}/{digest[:2]}/{digest}"
    assert file_of(tmp_path, reference).read_bytes() == CONTENT


async def test_putting_again_leaves_the_object_alone(store: DocumentStore, tmp_path: Path) -> None:
    reference = await store.put(MANDANT, CONTENT)
    before = file_of(tmp_path, reference).stat()

    assert await store.put(MANDANT, CONTENT) == reference

    after = file_of(tmp_path, reference).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_debris_of_a_crash_is_replaced(store: DocumentStore, tmp_path: Path) -> None:
    reference = await store.put(MANDANT, CONTENT)
    file_of(tmp_path, reference).write_bytes(CONTENT[:5])

    await store.put(MANDANT, CONTENT)

    assert await store.get(reference) == CONTENT


async def test_another_mandant_has_objects_of_its_own(store: DocumentStore) -> None:
    reference = await store.put(MANDANT, CONTENT)
    foreign = Reference(OTHER, reference.sha256, reference.size_bytes)

    assert await store.exists(reference)
    assert not await store.exists(foreign)
    with pytest.raises(DocumentMissingError):
        await store.get(foreign)


async def test_damage_is_noticed_on_reading(store: DocumentStore, tmp_path: Path) -> None:
    reference = await store.put(MANDANT, CONTENT)
    file_of(tmp_path, reference).write_bytes(CONTENT.replace(b"M", b"m"))

    with pytest.raises(DocumentDamagedError):
        await store.get(reference)


async def test_a_folder_that_became_a_file_is_unavailable(
    store: DocumentStore, tmp_path: Path
) -> None:
    reference = Reference(MANDANT, "ab" * 32, 3)
    (tmp_path / "objects" / str(MANDANT)).write_text("in the way")

    with pytest.raises(StoreUnavailableError):
        await store.put(MANDANT, CONTENT)
    with pytest.raises(StoreUnavailableError):
        await store.get(reference)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreUnavailableError):
        DocumentStore.in_folder(tmp_path / "file" / "objects")


@pytest.mark.parametrize("url", ["s3://", "gopher://bucket", "nonsense"])
def test_a_url_that_names_no_store_is_unavailable(url: str) -> None:
    with pytest.raises(StoreUnavailableError):
        DocumentStore.at_url(url)


async def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    store = DocumentStore.at_url(f"file://{tmp_path / 'objects'}")

    reference = await store.put(MANDANT, CONTENT)

    assert file_of(tmp_path, reference).exists()


class _Bucket(BaseHTTPRequestHandler):
    """Answers like S3: keeps objects, refuses a second PUT, or fails with a set status."""

    objects: dict[str, bytes]
    failure = 0

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"tag"')
        self.send_header("Last-Modified", "Sun, 01 Mar 2026 12:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.failure:
            self._answer(self.failure)
        elif self.path in self.objects and self.headers.get("If-None-Match") == "*":
            self._answer(412)
        else:
            self.objects[self.path] = content
            self._answer(200)

    def do_GET(self) -> None:
        if self.failure:
            self._answer(self.failure)
        elif self.path in self.objects:
            self._answer(200, self.objects[self.path])
        else:
            self._answer(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def bucket() -> Iterator[tuple[type[_Bucket], DocumentStore]]:
    handler = type("Bucket", (_Bucket,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    yield handler, DocumentStore.at_url("s3://letters/live", endpoint=endpoint, max_retries=0)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


async def test_s3_keeps_an_object_once(bucket: tuple[type[_Bucket], DocumentStore]) -> None:
    handler, store = bucket

    reference = await store.put(MANDANT, CONTENT)
    assert await store.put(MANDANT, CONTENT) == reference

    assert await store.get(reference) == CONTENT
    assert list(handler.objects) == [f"/letters/live/{reference.path}"]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500, 503])
async def test_s3_trouble_is_unavailable(
    bucket: tuple[type[_Bucket], DocumentStore], status: int
) -> None:
    handler, store = bucket
    reference = await store.put(MANDANT, CONTENT)
    handler.failure = status

    with pytest.raises(StoreUnavailableError):
        await store.get(reference)
    with pytest.raises(StoreUnavailableError):
        await store.exists(reference)
    with pytest.raises(StoreUnavailableError):
        await store.put(OTHER, CONTENT)


async def test_s3_out_of_reach_is_unavailable() -> None:
    store = DocumentStore.at_url("s3://letters", endpoint="http://127.0.0.1:9", max_retries=0)

    with pytest.raises(StoreUnavailableError):
        await store.put(MANDANT, CONTENT)


class _Failing:
    """A store of the library's kind of which every call fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def _fail(self, *_: object, **__: object) -> None:
        raise self._error

    put_async = get_async = head_async = _fail


_LIBRARY_ERRORS = [
    error
    for error in vars(exceptions).values()
    if isinstance(error, type) and issubclass(error, exceptions.BaseError)
]
_PYTHON_ERRORS = [FileNotFoundError, PermissionError, OSError, ValueError, NotImplementedError]


@pytest.mark.parametrize("error", [*_LIBRARY_ERRORS, *_PYTHON_ERRORS])
async def test_no_exception_of_the_library_gets_through(error: type[Exception]) -> None:
    store = DocumentStore(_Failing(error("trouble")))  # type: ignore[arg-type]  # a stand-in
    reference = Reference(MANDANT, "ab" * 32, 3)
    ours = (StoreUnavailableError, DocumentMissingError)

    with pytest.raises(StoreUnavailableError):
        await store.put(MANDANT, CONTENT)
    with pytest.raises(ours):
        await store.get(reference)
    if error not in (exceptions.NotFoundError, FileNotFoundError):
        with pytest.raises(ours):
            await store.exists(reference)
