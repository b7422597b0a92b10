"""Damaged PDF files, and files made to exhaust whoever opens them."""

import io
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from documents.testing.samples import changed, with_page_keys, written


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_end(content: bytes) -> bytes:
    """The last 30 bytes are gone, as after a broken upload: everything needed is still there."""
    return content[:-30]


def with_junk_in_front(content: bytes) -> bytes:
    return b"x" * 500 + content


def with_lying_count(content: bytes, truth: int, lie: int) -> bytes:
    """The page tree claims another number of pages, of one digit; pdfium believes it."""
    return content.replace(b"/Count %d" % truth, b"/Count %d" % lie)


def with_page_lost(content: bytes) -> bytes:
    """The table is gone, and with it the object of the last page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        number, _ = pdf.pages[-1].obj.objgen
    return _without_table_and_object(content, number)


def with_content_lost(content: bytes) -> bytes:
    """The table is gone, and with it the content of the last page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        number, _ = pdf.pages[-1].obj.Contents.objgen
    return _without_table_and_object(content, number)


def _without_table_and_object(content: bytes, number: int) -> bytes:
    start = content.index(b"\n%d 0 obj" % number)
    end = content.index(b"endobj", start)
    table = content.rindex(b"\nxref")
    trailer = content.index(b"trailer", table)
    without_table = content[:table] + b"\n" + content[trailer:]
    return without_table[:start] + without_table[end + len(b"endobj") :]


def content_bomb(unpacked_bytes: int = 512 * 1024 * 1024) -> bytes:
    """One page whose content stream unpacks to this size."""
    packer = zlib.compressobj(9)
    block = b" " * (1024 * 1024)
    packed = b"".join(packer.compress(block) for _ in range(unpacked_bytes // len(block)))
    return _with_packed_content(packed + packer.flush())


def split_content_bomb(parts: int = 100, part_bytes: int = 1024 * 1024) -> bytes:
    """One page that draws the same stream again and again."""

    def change(pdf: Pdf) -> None:
        stream = pdf.make_stream(b" " * part_bytes)
        pdf.pages[0].obj.Contents = Array([stream] * parts)

    return changed(written(), change)


def huge_page() -> bytes:
    return with_page_keys(written(), MediaBox=Array([0, 0, 20_000_000, 20_000_000]))


def huge_image() -> bytes:
    """An image that claims ten thousand million pixels."""

    def change(pdf: Pdf) -> None:
        image = pdf.make_stream(b"\x00")
        image.Type, image.Subtype = Name.XObject, Name.Image
        image.Width = image.Height = 100_000
        image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
        pdf.pages[0].obj.Resources.XObject = Dictionary(Picture=image)

    return changed(written(), change)


def nested(depth: int = 2_000) -> bytes:
    """Arrays in arrays in arrays."""
    return _by_hand(b"/Deep 4 0 R", b"4 0 obj " + b"[" * depth + b"]" * depth + b" endobj\n")


def echoing_forms(depth: int = 40) -> bytes:
    """Each form draws the next one twice: who draws the page draws two to the power of depth."""

    def change(pdf: Pdf) -> None:
        inner = pdf.make_stream(b"0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form)
        inner.BBox = Array([0, 0, 600, 850])
        for _ in range(depth):
            outer = pdf.make_stream(b"/F Do /F Do", Type=Name.XObject, Subtype=Name.Form)
            outer.BBox = Array([0, 0, 600, 850])
            outer.Resources = Dictionary(XObject=Dictionary(F=inner))
            inner = outer
        page = pdf.pages[0]
        page.obj.Resources = Dictionary(XObject=Dictionary(F=inner))
        page.obj.Contents = pdf.make_stream(b"/F Do")

    return changed(written(), change)


def many_objects(count: int) -> bytes:
    def change(pdf: Pdf) -> None:
        pdf.Root.Ballast = Array([pdf.make_indirect(Dictionary(N=n)) for n in range(count)])

    return changed(written(), change)


def _with_packed_content(packed: bytes) -> bytes:
    body = b"4 0 obj <</Filter/FlateDecode/Length %d>> stream\n%b\nendstream endobj\n"
    return _by_hand(b"/Contents 4 0 R", body % (len(packed), packed))


def _by_hand(page_entry: bytes, fourth_object: bytes) -> bytes:
    """A file that no library would write, with a correct table."""
    objects = (
        b"1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n",
        b"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n",
        b"3 0 obj <</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 595 842]%b>> endobj\n"
        % page_entry,
        fourth_object,
    )
    body = b"%PDF-1.4\n"
    table = b"0000000000 65535 f \n"
    for thing in objects:
        table += b"%010d 00000 n \n" % len(body)
        body += thing
    end = b"xref\n0 5\n%btrailer <</Root 1 0 R/Size 5>>\nstartxref\n%d\n%%%%EOF\n"
    return body + end % (table, len(body))
