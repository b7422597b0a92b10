"""The cover sheet as a PDF page, drawn with the typeface that the process has at hand."""

import io

import pikepdf
from pikepdf import Dictionary, Name

from documents.cover import Cover, printable_cover
from documents.cover_layout import lay_out
from documents.geometry import A4
from documents.template import TEMPLATE_V3, Template
from documents.typeface import typeface
from documents.typesetting import written


def cover_sheet(cover: Cover, template: Template = TEMPLATE_V3) -> bytes:
    """A PDF of one page; the same input gives the same bytes. Raises DocumentRejected."""
    file = io.BytesIO()
    with pikepdf.new() as pdf:
        append_cover(pdf, cover, template)
        pdf.save(file, deterministic_id=True)
    return file.getvalue()


def append_cover(pdf: pikepdf.Pdf, cover: Cover, template: Template = TEMPLATE_V3) -> None:
    """Add the cover sheet as the last page of an open PDF. Raises DocumentRejected."""
    face = typeface()
    operators, used = written(lay_out(printable_cover(cover), template), face)
    fonts = {name: pdf.copy_foreign(face.fonts[name]) for name in used}
    page = Dictionary(
        Type=Name.Page,
        MediaBox=A4.as_array(),
        CropBox=A4.as_array(),
        Contents=pdf.make_stream(operators),
        Resources=Dictionary(Font=Dictionary(fonts)),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
