"""What a finished PDF is like on paper: its boxes, and how far two pictures differ."""

import io

import pikepdf
from PIL import Image, ImageChops, ImageStat

from documents.geometry import A4_HEIGHT_PT, A4_WIDTH_PT

_TOLERANCE_PT = 0.01


def deviations_from_a4(content: bytes) -> list[str]:
    """Every reason why a page is not exactly A4 portrait; none for a file that can be sent."""
    found = []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            for key in ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox"):
                if key not in page.obj and key not in ("/MediaBox", "/CropBox"):
                    continue
                left, bottom, right, top = (float(edge) for edge in page.obj[key])
                width_off = abs(right - left - A4_WIDTH_PT)
                height_off = abs(top - bottom - A4_HEIGHT_PT)
                if max(width_off, height_off) > _TOLERANCE_PT:
                    found.append(f"page {number}: {key} {right - left} x {top - bottom}")
            found += [
                f"page {number}: {key}" for key in ("/Rotate", "/UserUnit") if key in page.obj
            ]
    return found


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of grey values, 0 to 255, after evening out the edges of letters."""
    size = (one.width // 4, one.height // 4)
    small = [image.convert("L").resize(size, Image.Resampling.BOX) for image in (one, other)]
    return float(ImageStat.Stat(ImageChops.difference(*small)).mean[0])
