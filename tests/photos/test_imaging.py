"""What becomes of photos, sound and broken."""

import io
import os
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor

from meetingcheck.photos import imaging
from meetingcheck.photos.boxes import is_cut_off
from meetingcheck.photos.exif import read_camera_notes
from meetingcheck.photos.imaging import PhotoError, PhotoRefused, Rendition
from tests.photos import samples

APP0, QUANTISATION, HUFFMAN, FRAME = 0xE0, 0xDB, 0xC4, 0xC0


GAMUTS = {
    "P3": (((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)), 2.4),
    "Adobe": (((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 2.19921875),
}
"""Primaries in XYZ under D50, as profiles state them, and a gamma."""

SRGB_FROM_XYZ = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
"""From XYZ under D50 to linear sRGB (Lindbloom)."""


def in_srgb(colour: tuple[int, ...], primaries: tuple[tuple[float, ...], ...], gamma: float) -> tuple[int, ...]:
    """A colour of another gamut in sRGB, by the textbook."""
    light = [(level / 255) ** gamma for level in colour]
    xyz = [sum(primary[axis] * level for primary, level in zip(primaries, light, strict=True)) for axis in range(3)]
    linear = [sum(factor * value for factor, value in zip(row, xyz, strict=True)) for row in SRGB_FROM_XYZ]
    clipped = [min(1.0, max(0.0, value)) for value in linear]
    curved = [12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055 for value in clipped]
    return tuple(round(255 * value) for value in curved)


def opened(rendition: Rendition) -> Image.Image:
    image = Image.open(io.BytesIO(rendition.jpeg), formats=["JPEG"])
    image.load()
    return image


def assert_colour(
    image: Image.Image, position: tuple[int, int], colour: str | tuple[int, ...], within: int = 12
) -> None:
    seen = image.getpixel(position)
    wanted = ImageColor.getrgb(colour) if isinstance(colour, str) else colour
    assert isinstance(seen, tuple)
    assert all(abs(a - b) <= within for a, b in zip(seen, wanted, strict=True)), (seen, wanted)


def assert_upright(rendition: Rendition) -> None:
    image = opened(rendition)
    for index, colour in enumerate(samples.QUADRANTS):
        column, row = index % 2, index // 2
        assert_colour(image, (image.width * (1 + 2 * column) // 4, image.height * (1 + 2 * row) // 4), colour)


def error_of(data: bytes) -> PhotoError:
    with pytest.raises(PhotoRefused) as refusal:
        imaging.render(data)
    return refusal.value.error


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("encode", [samples.jpeg, samples.png, samples.webp])
    def test_every_way_of_holding_the_camera_ends_upright(self, encode, orientation):
        data = encode(samples.stored(samples.scene(), orientation), exif=samples.camera_exif(orientation))
        renditions = imaging.render(data)
        assert (renditions.inspection.width, renditions.inspection.height) == (160, 96)
        assert renditions.inspection.orientation == orientation
        for rendition in (renditions.large, renditions.small):
            assert (rendition.width, rendition.height) == (160, 96)
            assert_upright(rendition)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_heic_is_turned_once(self, orientation):
        data = samples.heic(samples.stored(samples.scene(), orientation), exif=samples.camera_exif(orientation))
        renditions = imaging.render(data)
        assert renditions.inspection.format == "heic"
        assert renditions.inspection.orientation == 1
        assert (renditions.inspection.width, renditions.inspection.height) == (160, 96)
        assert_upright(renditions.large)

    @pytest.mark.parametrize(
        ("kind", "count", "value"),
        [
            pytest.param(2, 2, b"6\0\0\0", id="a text"),
            pytest.param(3, 1, b"\x09\0\0\0", id="out of range"),
            pytest.param(3, 1, b"\0\0\0\0", id="nought"),
            pytest.param(3, 70000, b"\x08\0\0\0", id="a list beyond the end"),
            pytest.param(99, 1, b"\x06\0\0\0", id="an unknown kind"),
        ],
    )
    def test_senseless_orientation_leaves_the_picture_as_stored(self, kind, count, value):
        renditions = imaging.render(
            samples.jpeg(samples.scene(), exif=samples.one_tag_exif(0x0112, kind, count, value))
        )
        assert renditions.inspection.orientation == 1
        assert_upright(renditions.large)

    @pytest.mark.parametrize("encode", [samples.jpeg, samples.png, samples.webp, samples.heic])
    @pytest.mark.parametrize(
        "exif",
        [
            pytest.param(b"Exif\0\0II+\0\x08\0\0\0" + b"\xff" * 8, id="a far address of 64 bits"),
            pytest.param(b"Exif\0\0II*\0\xff\xff\xff\xff", id="a far address"),
            pytest.param(samples.one_tag_exif(0x8769, 4, 1, b"\x08\0\0\0"), id="a directory in itself"),
            pytest.param(samples.one_tag_exif(0x011A, 5, 0xFFFFFFFF, b"\x08\0\0\0"), id="a resolution without end"),
            pytest.param(samples.one_tag_exif(0x011A, 2, 4, b"abc\0"), id="a resolution in words"),
            pytest.param(samples.one_tag_exif(0x8825, 4, 1, b"\x08\0\0\0"), id="a place that is no place"),
            pytest.param(b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x02\0" * 9_000, id="tags without end"),
            pytest.param(b"Exif\0\0II", id="cut off"),
            pytest.param(b"Exif\0\0", id="nothing"),
        ],
    )
    def test_senseless_notes_do_not_cost_the_photo(self, encode, exif):
        data = samples.without_jfif(encode(samples.scene(), exif=exif))
        renditions = imaging.render(data)
        assert renditions.inspection.orientation == 1
        assert_upright(renditions.large)


class TestSizes:
    @pytest.mark.parametrize(
        ("stored", "large", "small"),
        [
            ((4000, 3000), (1600, 1200), (320, 240)),
            ((3000, 4000), (1200, 1600), (240, 320)),
            ((3217, 1811), (1600, 901), (320, 180)),
            ((6400, 400), (1600, 100), (320, 20)),
            ((1600, 1200), (1600, 1200), (320, 240)),
            ((1000, 700), (1000, 700), (320, 224)),
            ((300, 200), (300, 200), (300, 200)),
            ((16, 16), (16, 16), (16, 16)),
        ],
    )
    def test_renditions_keep_the_shape_and_are_never_enlarged(self, stored, large, small):
        renditions = imaging.render(samples.jpeg(samples.scene(*stored)))
        assert (renditions.inspection.width, renditions.inspection.height) == stored
        assert (renditions.large.width, renditions.large.height) == opened(renditions.large).size
        assert (renditions.small.width, renditions.small.height) == opened(renditions.small).size
        assert (renditions.small.width, renditions.small.height) == small
        assert renditions.large.width == large[0]
        # A scaled decode rounds the short side up, which may show as one pixel.
        assert abs(renditions.large.height - large[1]) <= 1
        assert_upright(renditions.large)

    def test_a_strip_of_the_longest_kind_still_has_a_picture(self):
        renditions = imaging.render(samples.jpeg(Image.new("RGB", (65500, 16), "red")))
        assert (renditions.large.width, renditions.large.height) == (1600, 1)

    def test_a_side_below_sixteen_pixels_is_too_small(self):
        assert error_of(samples.png(Image.new("RGB", (15, 400)))) is PhotoError.TOO_SMALL

    @pytest.mark.parametrize("size", [(1, 65500), (65500, 1)])
    def test_a_line_is_no_photo(self, size):
        assert error_of(samples.jpeg(Image.new("RGB", size))) is PhotoError.TOO_SMALL

    @pytest.mark.parametrize("size", [(0, 100), (100, 0), (0, 0)])
    def test_a_picture_without_a_side_has_a_named_error(self, size):
        assert error_of(samples.png_claiming(*size)) in (PhotoError.DAMAGED, PhotoError.TOO_SMALL)
        jpeg = bytearray(samples.jpeg(samples.scene()))
        frame = jpeg.index(b"\xff\xc0")
        jpeg[frame + 5 : frame + 9] = size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big")
        assert error_of(bytes(jpeg)) in (PhotoError.DAMAGED, PhotoError.TOO_SMALL)

    @pytest.mark.parametrize(
        ("stored", "decoded"),
        [
            ((4000, 3000), (2000, 1500)),
            ((3000, 4000), (1500, 2000)),
            ((8000, 6000), (2000, 1500)),
            ((3200, 2400), (1600, 1200)),
            ((3199, 2400), (3199, 2400)),
            ((12800, 600), (1600, 75)),
            ((600, 12800), (75, 1600)),
        ],
    )
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_a_jpeg_is_decoded_at_the_smallest_scale_that_fills_the_large_size(self, stored, decoded, orientation):
        data = samples.jpeg(Image.new("L", stored), exif=samples.camera_exif(orientation))
        with imaging._open(data) as image:
            imaging._decode(image)
            assert image.size == decoded


class TestColours:
    def test_cmyk(self):
        renditions = imaging.render(samples.jpeg(Image.new("CMYK", (64, 64), (0, 255, 255, 0))))
        assert_colour(opened(renditions.large), (32, 32), "red")

    def test_transparent_palette_lies_on_white(self):
        image = Image.new("P", (64, 64), 0)
        image.putpalette([0, 0, 0, 255, 0, 0])
        image.paste(1, (0, 0, 32, 64))
        large = opened(imaging.render(samples.png(image, transparency=0)).large)
        assert_colour(large, (8, 32), "red")
        assert_colour(large, (56, 32), "white")

    @pytest.mark.parametrize("encode", [samples.png, samples.webp])
    def test_half_transparent_lies_on_white(self, encode):
        large = opened(imaging.render(encode(Image.new("RGBA", (64, 64), (0, 0, 255, 128)))).large)
        assert_colour(large, (32, 32), (127, 127, 255))

    def test_one_colour_marked_as_transparent_lies_on_white(self):
        image = Image.new("RGB", (64, 64), (10, 20, 30))
        large = opened(imaging.render(samples.png(image, transparency=(10, 20, 30))).large)
        assert_colour(large, (32, 32), "white")

    @pytest.mark.parametrize(("level", "grey"), [(0, 0), (300, 1), (32896, 128), (65535, 255)])
    def test_sixteen_bits(self, level, grey):
        large = opened(imaging.render(samples.png(Image.new("I;16", (64, 64), level))).large)
        assert_colour(large, (32, 32), (grey, grey, grey), within=2)

    @pytest.mark.parametrize("mode", ["1", "L", "LA"])
    def test_greyscale(self, mode):
        large = opened(imaging.render(samples.png(Image.new("L", (64, 64), 255).convert(mode))).large)
        assert large.mode == "RGB"
        assert_colour(large, (32, 32), "white")

    def test_a_wide_gamut_is_converted_by_its_profile(self):
        image = Image.new("RGB", (64, 64), (200, 100, 50))
        large = opened(imaging.render(samples.jpeg(image, icc_profile=samples.wide_gamut_profile())).large)
        assert_colour(large, (32, 32), (214, 95, 32), within=6)

    @pytest.mark.parametrize("version", [2, 4])
    @pytest.mark.parametrize("colour", [(200, 100, 50), (30, 200, 90), (128, 128, 128), (250, 240, 230), (60, 60, 160)])
    @pytest.mark.parametrize("gamut", ["P3", "Adobe"])
    def test_a_wide_gamut_lands_where_the_arithmetic_says(self, gamut, colour, version):
        primaries, gamma = GAMUTS[gamut]
        profile = samples.matrix_profile(primaries, gamma, version)
        image = Image.new("RGB", (64, 64), colour)
        wanted = in_srgb(colour, primaries, gamma)
        for data in (samples.jpeg(image, icc_profile=profile), samples.png(image, icc_profile=profile)):
            assert_colour(opened(imaging.render(data).large), (32, 32), wanted, within=3)

    @pytest.mark.parametrize(
        ("kind", "pixel", "colour"),
        [
            (2, b"\xff\xff\0\0\x80\x80", (255, 0, 128)),
            (4, b"\x80\x80\xff\xff", (128, 128, 128)),
            (4, b"\0\0\x80\x80", (127, 127, 127)),
            (6, b"\xff\xff\0\0\0\0\xff\xff", (255, 0, 0)),
            (0, b"\x40\x40", (64, 64, 64)),
        ],
    )
    def test_sixteen_bits_in_every_kind_of_png(self, kind, pixel, colour):
        large = opened(imaging.render(samples.png_of(64, 64, 16, kind, pixel * 64)).large)
        assert_colour(large, (32, 32), colour, within=3)

    @pytest.mark.parametrize("mark", [True, False])
    def test_cmyk_with_and_without_adobe_s_mark(self, mark):
        data = samples.jpeg(Image.new("CMYK", (64, 64), (0, 255, 255, 0)))
        start = data.index(b"\xff\xee")
        data = data if mark else data[:start] + data[start + 16 :]
        assert_colour(opened(imaging.render(data).large), (32, 32), "red")

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    @pytest.mark.parametrize("profile", [samples.wide_gamut_profile(), b"no profile"])
    def test_a_profile_that_does_not_fit_leaves_the_colours(self, mode, profile):
        large = opened(imaging.render(samples.jpeg(Image.new(mode, (64, 64)), icc_profile=profile)).large)
        assert_colour(large, (32, 32), "white" if mode == "CMYK" else "black")

    def test_an_animated_png_shows_its_first_frame(self):
        frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
        data = samples.png(frames[0], save_all=True, append_images=frames[1:], duration=100)
        assert_colour(opened(imaging.render(data).large), (32, 32), "red")

    def test_a_heic_of_several_shows_the_primary_one(self):
        samples.pillow_heif.register_heif_opener()
        frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
        for primary, colour in ((0, "red"), (1, "lime")):
            data = samples.encode(
                frames[0], "HEIF", save_all=True, append_images=frames[1:], primary_index=primary, quality=90
            )
            assert_colour(opened(imaging.render(data).large), (32, 32), colour, within=20)

    @pytest.mark.parametrize("profile", [b"no profile", b"\0" * 5000, samples.wide_gamut_profile()[:300]])
    def test_a_broken_profile_does_not_cost_the_photo(self, profile):
        assert_upright(imaging.render(samples.jpeg(samples.scene(), icc_profile=profile)).large)

    def test_a_profile_for_another_kind_of_picture_is_left_out(self):
        image = Image.new("L", (64, 64), 90)
        large = opened(imaging.render(samples.jpeg(image, icc_profile=samples.wide_gamut_profile())).large)
        assert_colour(large, (32, 32), (90, 90, 90))

    def test_an_animation_shows_its_first_frame(self):
        frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
        data = samples.webp(frames[0], save_all=True, append_images=frames[1:], duration=100)
        assert_colour(opened(imaging.render(data).large), (32, 32), "red")

    def test_a_phones_multi_picture_file_is_a_jpeg_with_its_first_picture(self):
        data = samples.encode(samples.scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))])
        renditions = imaging.render(data)
        assert renditions.inspection.format == "jpeg"
        assert_upright(renditions.large)


class TestMetadata:
    @pytest.mark.parametrize("encode", [samples.jpeg, samples.png, samples.webp, samples.heic])
    def test_renditions_say_nothing_but_the_picture(self, encode):
        data = encode(
            samples.scene(),
            exif=samples.camera_exif(),
            xmp=b"<x:xmpmeta>SECRETXMP</x:xmpmeta>",
            icc_profile=samples.wide_gamut_profile(),
            comment=b"SECRETCOMMENT",
            dpi=(300, 300),
        )
        renditions = imaging.render(data)
        for rendition in (renditions.large, renditions.small):
            assert set(samples.segments(rendition.jpeg)) == {APP0, QUANTISATION, HUFFMAN, FRAME}
            assert samples.metadata(rendition.jpeg) == []
            assert b"SECRET" not in rendition.jpeg
            assert b"ICC_PROFILE" not in rendition.jpeg
            assert not opened(rendition).getexif()
            assert "dpi" not in opened(rendition).info

    @pytest.mark.parametrize("encode", [samples.jpeg, samples.png, samples.webp, samples.heic])
    def test_the_cameras_clock_is_read_without_a_zone(self, encode):
        inspection = imaging.inspect(encode(samples.scene(), exif=samples.camera_exif()))
        assert inspection.taken_at == datetime.fromisoformat("2024-05-06T07:08:09")

    @pytest.mark.parametrize(
        "clock", ["0000:00:00 00:00:00", "2024:13:01 00:00:00", "yesterday", "    :  :     :  :  "]
    )
    def test_a_clock_that_was_never_set_says_nothing(self, clock):
        assert imaging.inspect(samples.jpeg(samples.scene(), exif=samples.camera_exif(taken_at=clock))).taken_at is None

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.binary(max_size=400), st.sampled_from([b"", b"II*\0", b"MM\0*", b"Exif\0\0II*\0\x08\0\0\0"]))
    @example(b"", b"II*\0\xff\xff\xff\xff")
    def test_any_bytes_as_exif_give_notes(self, noise, start):
        assert 1 <= read_camera_notes(start + noise).orientation <= 8


class TestRefusals:
    def test_an_empty_file(self):
        assert error_of(b"") is PhotoError.EMPTY

    @pytest.mark.parametrize("file_format", ["GIF", "TIFF", "BMP", "PDF", "PPM", "ICO", "JPEG2000", "TGA"])
    def test_other_formats_are_no_photos(self, file_format):
        assert error_of(samples.encode(samples.scene(), file_format)) is PhotoError.NOT_A_PHOTO

    @pytest.mark.parametrize("data", [b"x", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", os.urandom(5000)])
    def test_other_files_are_no_photos(self, data):
        assert error_of(data) is PhotoError.NOT_A_PHOTO

    @pytest.mark.parametrize(
        "start",
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic"],
    )
    @pytest.mark.parametrize("rest", [b"", b"\0" * 200, b"\xff" * 200])
    def test_a_right_beginning_is_not_enough(self, start, rest):
        assert error_of(start + rest) is PhotoError.DAMAGED

    @pytest.mark.parametrize("encode", [samples.jpeg, samples.png, samples.webp, samples.heic])
    def test_a_file_cut_off_anywhere_is_refused(self, encode):
        data = encode(samples.noise(80, 60), exif=samples.camera_exif())
        for part in range(1, 60):
            error = error_of(data[: len(data) * part // 64])
            assert error in (PhotoError.DAMAGED, PhotoError.NOT_A_PHOTO)

    def test_a_heic_in_tiles_cut_off_anywhere_is_refused_and_not_shown_in_green(self):
        data = samples.heic(samples.noise(600, 400), tile_size=256)
        for end in (*(len(data) * part // 64 for part in range(1, 64)), len(data) - 1):
            error = error_of(data[:end])
            assert error in (PhotoError.DAMAGED, PhotoError.NOT_A_PHOTO)

    @pytest.mark.parametrize(
        "appended",
        [b"\0", b"\0\0\0\x20free", b"\xff\xff\xff\xffSEFT", os.urandom(100)],
        ids=["nothing", "a box that is not there", "a phone's own notes", "anything"],
    )
    def test_what_a_phone_appends_to_a_heic_does_not_matter(self, appended):
        data = samples.heic(samples.scene())
        assert imaging.render(data + appended) == imaging.render(data)

    @pytest.mark.parametrize("head", [b"\0\0\0\0mdat", b"\0\0\0\x01mdat" + (1 << 40).to_bytes(8, "big")])
    def test_a_box_may_reach_to_the_end_of_the_file_but_not_beyond(self, head):
        assert is_cut_off(b"\0\0\0\x10ftypheic\0\0\0\0" + head + bytes(50)) is (len(head) > 8)

    def test_a_progressive_jpeg_cut_off_between_its_scans_is_refused(self):
        data = samples.jpeg(samples.noise(80, 60), progressive=True)
        assert error_of(data[: data.rindex(b"\xff\xda")]) is PhotoError.DAMAGED

    def test_more_than_25_megabytes(self):
        data = samples.jpeg(samples.scene())
        assert error_of(data + b"\0" * (25 * 1024 * 1024)) is PhotoError.TOO_MANY_BYTES

    @pytest.mark.parametrize("size", [(10_000, 10_000), (200_000, 20), (20, 3_000_000), (2_000_000_000, 2_000_000_000)])
    def test_a_header_that_promises_too_many_pixels(self, size):
        data = samples.png_claiming(*size)
        with pytest.raises(PhotoRefused) as refusal:
            imaging.inspect(data)
        assert refusal.value.error is PhotoError.TOO_MANY_PIXELS

    def test_a_progressive_jpeg_of_100_megapixels(self):
        data = samples.jpeg(Image.new("L", (10_000, 10_000)), progressive=True)
        assert error_of(data) is PhotoError.TOO_MANY_PIXELS

    def test_text_that_unpacks_to_gigabytes(self):
        packed = samples.zlib.compress(b"\0" * 50_000_000, 9)
        chunk = samples.png_chunk(b"iTXt", b"note\0\x01\0\0\0" + packed)
        assert error_of(samples.png_with_chunk(samples.scene(), chunk)) is PhotoError.DAMAGED

    @pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
    @pytest.mark.parametrize("chunks", [1, 40])
    def test_many_texts_that_unpack_to_gigabytes(self, kind, chunks):
        packed = samples.zlib.compress(b"\0" * 20_000_000, 9)
        head = b"note\0\0" if kind == b"zTXt" else b"note\0\x01\0\0\0"
        data = samples.png_with_chunk(samples.scene(), samples.png_chunk(kind, head + packed) * chunks)
        assert error_of(data) is PhotoError.DAMAGED

    def test_a_colour_profile_that_unpacks_to_gigabytes(self):
        chunk = samples.png_chunk(b"iCCP", b"profile\0\0" + samples.zlib.compress(b"\0" * 50_000_000, 9))
        assert error_of(samples.png_with_chunk(samples.scene(), chunk)) is PhotoError.DAMAGED

    def test_a_huge_plain_text(self):
        chunk = samples.png_chunk(b"iTXt", b"note\0\0\0\0\0" + b"a" * 8_000_000)
        assert error_of(samples.png_with_chunk(samples.scene(), chunk)) is PhotoError.DAMAGED


def test_inspection_decodes_nothing():
    data = samples.png(samples.noise(400, 300))
    assert imaging.inspect(data[: len(data) // 2]).width == 400


def test_inspection_and_rendering_say_the_same():
    data = samples.jpeg(samples.stored(samples.scene(), 8), exif=samples.camera_exif(8))
    assert imaging.inspect(data) == imaging.render(data).inspection
