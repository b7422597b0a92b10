"""Annotations and form fields become part of the page, as they do on paper."""

from pikepdf import Dictionary, Pdf


def flatten(pdf: Pdf) -> None:
    """Draw what prints (stamps, notes, filled fields) into its pages, in place.

    A page's own content streams are kept as they are, and pages without anything to draw are
    not touched: a link has no look of its own.
    """
    if not any("/Annots" in page.obj for page in pdf.pages):
        return
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, Dictionary) and form.get("/NeedAppearances", False):
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("print")
