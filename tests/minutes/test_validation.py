"""A signed file is good to its last byte or it is not good."""

import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from minutes.typeset import Typeset
from minutes.validation import validate
from tests.minutes.conftest import Office, SignedSample


async def test_one_flipped_bit_anywhere_is_seen(office: Office, signed: SignedSample) -> None:
    dice = random.Random(20260205)
    size = len(signed.final)
    # One place in each of twelve stretches of the file, so that every part is met.
    for stretch in range(12):
        place = dice.randrange(stretch * size // 12, (stretch + 1) * size // 12)
        flipped = bytearray(signed.final)
        flipped[place] ^= 1 << dice.randrange(8)
        report = await validate(bytes(flipped), office.trust, signed.expected)
        assert not report.ok, f"bit flipped at {place}"


async def test_appended_bytes_are_seen(office: Office, signed: SignedSample) -> None:
    for tail in (b"\n", b"%", b"\n%%EOF\n", b"\x00" * 4096):
        report = await validate(signed.final + tail, office.trust, signed.expected)
        assert not report.ok
        assert not report.whole_file


async def test_a_cut_file_is_seen(office: Office, signed: SignedSample) -> None:
    for cut in (1, 100, 5000, len(signed.final) // 2):
        assert not (await validate(signed.final[:-cut], office.trust, signed.expected)).ok


async def test_an_earlier_revision_lacks_signatures(office: Office, signed: SignedSample) -> None:
    report = await validate(signed.revisions[2], office.trust, signed.expected)
    assert report.problems == ("Thiếu chữ ký “DauCoQuan”",)


async def test_an_update_that_paints_over_the_page_is_seen(office: Office, signed: SignedSample) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed.final))
    reference, _ = writer.find_page_for_modification(0)
    page = reference.get_object()
    paint = generic.StreamObject(stream_data=b"1 0 0 rg 50 300 400 60 re f")
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(paint)])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    report = await validate(out.getvalue(), office.trust, signed.expected)
    assert not report.ok
    assert sum("có thay đổi không được phép" in problem for problem in report.problems) == 3


async def test_an_update_that_swaps_the_embedded_data_is_seen(office: Office, signed: SignedSample) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed.final))
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    file = names[1].get_object()["/EF"]
    file["/F"] = writer.add_object(generic.StreamObject(stream_data=b'{"forged": true}'))
    writer.update_container(file)
    out = io.BytesIO()
    writer.write(out)
    assert not (await validate(out.getvalue(), office.trust, signed.expected)).ok


async def test_files_without_signatures_are_not_good(office: Office, page: Typeset) -> None:
    for data in (b"", b"garbage", b"%PDF-1.7\n%%EOF\n", page.pdf):
        report = await validate(data, office.trust)
        assert not report.ok
        assert report.signatures == ()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.integers(0, 2**31))
async def test_hostile_bytes_never_raise(office: Office, signed: SignedSample, noise: bytes, seed: int) -> None:
    assert not (await validate(b"%PDF-1.7\n" + noise, office.trust)).ok
    spot = seed % len(signed.revisions[1])
    spoiled = signed.revisions[1][:spot] + noise + signed.revisions[1][spot + len(noise) + 1 :]
    assert not (await validate(spoiled, office.trust)).ok
