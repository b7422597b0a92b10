"""The sum of the files against the limit in force (EML-04)."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_mail.message.attachments import TooLargeFiles, check_sizes
from delivery_mail.texts import german_size

MIB = 1024 * 1024


def check(sizes_bytes: Sequence[int], limit_mb: int) -> TooLargeFiles | None:
    names = [f"Datei {number}.pdf" for number in range(1, len(sizes_bytes) + 1)]
    return check_sizes(names, sizes_bytes, limit_mb)


@pytest.mark.spec("EML-04")
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not() -> None:
    assert check([10 * MIB, 5 * MIB], 15) is None
    assert check([10 * MIB, 5 * MIB + 1], 15) is not None


@pytest.mark.spec("EML-04")
def test_the_error_names_each_file_and_the_sum() -> None:
    problem = check([10 * MIB, int(6.25 * MIB), 300], 15)
    assert problem is not None
    assert problem.slug == "files-too-large"
    assert problem.names == ("Datei 1.pdf", "Datei 2.pdf", "Datei 3.pdf")
    assert problem.sizes_bytes == (10 * MIB, int(6.25 * MIB), 300)
    assert problem.sum_bytes == int(16.25 * MIB) + 300
    assert problem.limit_bytes == 15 * MIB
    assert problem.text_de == (
        "Die Dateien sind zusammen 16,3 MB groß, erlaubt sind 15,0 MB:\n"
        "- Datei 1.pdf (10,0 MB)\n"
        "- Datei 2.pdf (6,3 MB)\n"
        "- Datei 3.pdf (1 KB)\n"
        "Bitte senden Sie sie als E-Mail-Freigabe oder auf mehrere E-Mails verteilt."
    )


@pytest.mark.spec("EML-04")
def test_a_name_with_braces_is_only_a_name() -> None:
    problem = check_sizes(["{total} {0}.pdf"], [2 * MIB], 1)
    assert problem is not None
    assert "- {total} {0}.pdf (2,0 MB)" in problem.text_de


@pytest.mark.spec("EML-04")
@given(st.lists(st.integers(0, 8 * MIB), max_size=8), st.integers(1, 20))
def test_exactly_the_sums_above_the_limit_are_too_large(sizes: list[int], limit_mb: int) -> None:
    problem = check(sizes, limit_mb)
    assert (problem is None) == (sum(sizes) <= limit_mb * MIB)


@given(st.integers(MIB, 100 * MIB), st.integers(1, 100))
def test_what_is_over_a_limit_also_reads_as_over_it(size_bytes: int, limit_mb: int) -> None:
    shown = float(german_size(size_bytes).removesuffix(" MB").replace(",", "."))
    assert (shown > limit_mb) == (size_bytes > limit_mb * MIB)
