"""Good and odd PDF files, made on the spot; but for encrypted ones, always the same bytes."""

import io
from collections.abc import Callable, Sequence

import pikepdf
from pikepdf import Array, Dictionary, Encryption, Name, Pdf
from reportlab.lib.pagesizes import A4, A5, landscape, letter
from reportlab.pdfgen.canvas import Canvas

from documents.typeface import typeface

Size = tuple[float, float]

A4_PT: Size = A4
LANDSCAPE_PT: Size = landscape(A4)
LETTER_PT: Size = letter
A5_PT: Size = A5
OVERSIZE_PT: Size = (1190.55, 1683.78)  # A2 portrait

_PANGRAM = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich."


def written(
    pages: int = 1,
    *,
    size: Size = A4_PT,
    title: str = "Betriebskostenabrechnung",
    margin: float = 60,
) -> bytes:
    """A document of some lines a page, with umlauts, and a black bar along its top edge."""
    sheets = [size] * pages
    return mixed(sheets, title=title, margin=margin)


def mixed(
    sizes: Sequence[Size], *, title: str = "Betriebskostenabrechnung", margin: float = 60
) -> bytes:
    """A document whose pages have these sizes."""
    typeface()  # registers the font
    file = io.BytesIO()
    canvas = Canvas(file, invariant=True, pageCompression=True, initialFontName="Arimo")
    for number, (width, height) in enumerate(sizes, start=1):
        canvas.setPageSize((width, height))
        canvas.setFont("Arimo", 14)
        canvas.rect(margin, height - margin, width - 2 * margin, 12, stroke=0, fill=1)
        canvas.drawString(margin, height - margin - 30, f"{title}, Seite {number}")
        canvas.setFont("Arimo", 10)
        for line in range(5):
            canvas.drawString(margin, height - margin - 60 - 15 * line, _PANGRAM)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def numbered_letter(lines: Sequence[str], *, sender: str) -> bytes:
    """A finished letter of one page with its own address, right in the print centre's zones."""
    typeface()
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True, initialFontName="Arimo")
    mm = 72 / 25.4
    canvas.setFont("Arimo", 8)
    canvas.drawString(25 * mm, A4[1] - 49 * mm, sender)
    canvas.setFont("Arimo", 9)
    for number, line in enumerate(lines):
        canvas.drawString(25 * mm, A4[1] - (73 + 4 * number) * mm, line)
    canvas.drawString(25 * mm, A4[1] - 120 * mm, _PANGRAM)
    canvas.save()
    return file.getvalue()


def with_page_keys(content: bytes, **keys: object) -> bytes:
    """Attributes set on every page: Rotate=90, UserUnit=2, CropBox=[...]."""

    def change(pdf: Pdf) -> None:
        for page in pdf.pages:
            _set_keys(page.obj, keys)

    return changed(content, change)


def with_inherited_keys(content: bytes, **keys: object) -> bytes:
    """The same, but set once on the root of the page tree and inherited by the pages."""

    def change(pdf: Pdf) -> None:
        for page in pdf.pages:
            for key in keys:
                if f"/{key}" in page.obj:
                    del page.obj[f"/{key}"]
        _set_keys(pdf.Root.Pages, keys)

    return changed(content, change)


def rotated(content: bytes, *angles: int) -> bytes:
    """The n-th page gets the n-th value of /Rotate, negative ones as they are."""

    def change(pdf: Pdf) -> None:
        for page, angle in zip(pdf.pages, angles, strict=True):
            page.obj.Rotate = angle

    return changed(content, change)


def with_stamp(content: bytes) -> bytes:
    """A black square of 100 points, as a printing annotation at the bottom left of each page."""

    def change(pdf: Pdf) -> None:
        for page in pdf.pages:
            look = pdf.make_stream(b"0 0 100 100 re f")
            look.Type, look.Subtype = Name.XObject, Name.Form
            look.BBox = Array([0, 0, 100, 100])
            stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, F=4)
            stamp.Rect = Array([60, 60, 160, 160])
            stamp.AP = Dictionary(N=look)
            page.obj.Annots = Array([pdf.make_indirect(stamp)])

    return changed(content, change)


def with_link(content: bytes) -> bytes:
    """A link annotation on each page, as LaTeX writes them."""

    def change(pdf: Pdf) -> None:
        for page in pdf.pages:
            action = Dictionary(S=Name.URI, URI=pikepdf.String("https://example.com/"))
            link = Dictionary(Type=Name.Annot, Subtype=Name.Link, A=action)
            link.Rect = Array([60, 60, 160, 160])
            page.obj.Annots = Array([pdf.make_indirect(link)])

    return changed(content, change)


def form(value: str = "Mietvertrag", *, size: Size = A4_PT, drawn: bool = True) -> bytes:
    """A page with a filled form field; one not `drawn` leaves its looks to the viewer."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=True)
    canvas.drawString(60, size[1] - 100, "Bitte ausfüllen:")
    canvas.acroForm.textfield(name="feld", value=value, x=60, y=size[1] - 160, width=200, height=24)
    canvas.save()
    return file.getvalue() if drawn else changed(file.getvalue(), _undraw)


def _undraw(pdf: Pdf) -> None:
    pdf.Root.AcroForm.NeedAppearances = True
    for field in pdf.pages[0].obj.Annots:
        del field["/AP"]


def font_only_named() -> bytes:
    """A page set in Helvetica that the file does not hold."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    canvas.drawString(60, 700, "Helvetica, nicht eingebettet")
    canvas.save()
    return file.getvalue()


def hidden_layer() -> bytes:
    """A page with a black square on a layer that is switched off."""
    layer = Dictionary(Type=Name.OCG, Name=pikepdf.String("Entwurf"))

    def change(pdf: Pdf) -> None:
        group = pdf.make_indirect(layer)
        usual = Dictionary(OFF=Array([group]), Order=Array([group]))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=usual)
        page = pdf.pages[0]
        page.obj.Resources.Properties = Dictionary(Layer=group)
        page.contents_add(b"/OC /Layer BDC 100 100 200 200 re f EMC")

    return changed(written(), change)


def encrypted(content: bytes, *, user: str = "", owner: str = "geheim") -> bytes:
    """Without a user's password everyone can read it, but the owner restricts printing."""
    file = io.BytesIO()
    permissions = pikepdf.Permissions(print_lowres=False, print_highres=False)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(file, encryption=Encryption(user=user, owner=owner, allow=permissions))
    return file.getvalue()


def no_pages() -> bytes:
    file = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.save(file, deterministic_id=True)
    return file.getvalue()


def changed(content: bytes, change: Callable[[Pdf], object]) -> bytes:
    """The document after `change` had its way with it."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        change(pdf)
        pdf.save(file, deterministic_id=True)
    return file.getvalue()


def _set_keys(holder: pikepdf.Object, keys: dict[str, object]) -> None:
    for key, value in keys.items():
        holder[f"/{key}"] = value
