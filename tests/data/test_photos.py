"""Does every file give a picture or a sentence, and is the picture the right one?"""

import base64
import io
import struct
import subprocess
import sys
import threading
import zipfile
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from cnnlab.data import decode_photo, jpeg, photos, picture_kinds
from cnnlab.data.decode_photo import decode
from cnnlab.data.memory_budget import MemoryBudget
from cnnlab.data.photos import ImageError

# pytest sets the app's own filter aside; that it works is tested below in a process of its own.
pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A real photo that is neither square nor symmetric, (60, 90, 3)."""
    return np.asarray(Image.fromarray(photos.sample("cat")).resize((90, 60)))


def file(image: Image.Image | np.ndarray, format: str, **options) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference in grey levels; the shapes must agree exactly."""
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


# ---- formats and colour modes


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_come_back_exactly(photo, format, options):
    read = photos.read(file(photo, format, **options))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, photo)


@pytest.mark.parametrize(
    ("format", "options", "bound"),
    [
        ("JPEG", {"quality": 95}, 3),
        ("JPEG", {"quality": 95, "progressive": True}, 3),
        ("WEBP", {}, 6),
        ("HEIF", {"quality": 90}, 4),
        ("AVIF", {"quality": 90}, 4),
    ],
)
def test_lossy_formats_come_back_closely(photo, format, options, bound):
    assert difference(photos.read(file(photo, format, **options)), photo) < bound


def test_a_phone_jpeg_with_a_second_picture_is_read(photo):
    data = file(photo, "MPO", save_all=True, append_images=[Image.new("RGB", (90, 60))], quality=95)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    assert difference(photos.read(data), photo) < 3


def exif_with_a_thumbnail(photo) -> bytes:
    """Return an EXIF block whose thumbnail is a progressive JPEG: it has markers of its own."""
    thumbnail = file(photo, "JPEG", progressive=True)
    entries = [(513, 4, 26), (514, 4, len(thumbnail))]  # where it lies, its length (Exif 2.32, 4.6.5)
    first = struct.pack("<HHHII", 1, ExifTags.Base.Orientation, 3, 1, 1) + struct.pack("<I", 26)
    second = struct.pack("<H", 2) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value + 30 * (tag == 513)) for tag, kind, value in entries
    )
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + bytes(4) + thumbnail


def film(size: int) -> bytes:
    """Return an MP4 as a "motion photo" has behind its picture; 0xFFDA comes up in it as in all films."""
    noise = np.random.default_rng(0).bytes(4_096).replace(b"\xff\xd9", b"\xff\xda") + 64 * b"\xff\xda"
    return b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + (noise * (size // len(noise) + 1))[:size]


def test_what_lies_in_a_jpeg_and_behind_it_plays_no_part(photo):
    """Of photos as phones make them, what counts is the picture: its passes, its end."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    large = (
        profile + 200_000 * b"\xff\xda\xff\xd9"
    )  # several segments, full of what would be markers elsewhere
    second = file(Image.new("RGB", (90, 60)), "JPEG", progressive=True)
    plain = photos.read(file(photo, "JPEG", quality=95))
    for options in ({}, {"progressive": True}, {"restart_marker_blocks": 1}, {"comment": 99 * b"\xff\xda"}):
        whole = file(
            photo, "JPEG", quality=95, exif=exif_with_a_thumbnail(photo), icc_profile=large, **options
        )
        layout = jpeg.walk(whole)
        assert layout.ended and layout.scans <= 10 and (layout.scans > 1) == ("progressive" in options)
        for behind in (b"", film(300_000), second, 70 * second, bytes(999)):
            assert jpeg.walk(whole + behind) == layout
            assert difference(photos.read(whole + behind), plain) < 1
    mpo = file(photo, "MPO", save_all=True, append_images=[Image.fromarray(photo)] * 30, quality=95)
    assert difference(photos.read(mpo + film(10_000)), plain) < 1
    assert jpeg.walk(mpo).scans == 1


def test_a_phones_48_megapixels_in_20_megabytes_are_read_at_a_quarter(monkeypatch):
    sizes, real = [], decode_photo._load
    monkeypatch.setattr(decode_photo, "_load", lambda image: sizes.append(image.size) or real(image))
    data = file(Image.new("L", (8_064, 6_048), 77), "JPEG")
    data += film(20_000_000 - len(data))
    assert photos.read(data).shape == (866, 1155, 3)
    assert sizes == [(2_016, 1_512)]  # 48 million pixels are never in memory


def test_a_cameras_heif_of_ten_bits_is_read_and_limited_by_its_memory(monkeypatch):
    image = Image.fromarray(photos.sample("cat")).resize((1_000, 1_000))

    def heif(bits: int) -> bytes:
        array = np.asarray(image).astype(np.uint16) * 257 if bits > 8 else np.asarray(image)
        mode = "RGB;16" if bits > 8 else "RGB"
        buffer = io.BytesIO()
        picture = pillow_heif.from_bytes(mode=mode, size=image.size, data=array.tobytes())
        picture.save(buffer, quality=80, chroma=422, enc_params={"preset": "ultrafast"})
        return buffer.getvalue()

    plain, deep = heif(8), heif(10)
    for data in (plain, deep):
        assert difference(photos.read(data), np.asarray(image)) < 4
    monkeypatch.setattr(decode_photo, "MEMORY_OF_ONE", 8e6)
    assert photos.read(plain).shape == (1_000, 1_000, 3)
    assert "at most 0 fit" in refused(deep)


def test_photos_wait_for_memory_and_not_for_each_other():
    budget, order = MemoryBudget(100), []
    begun, go = threading.Event(), threading.Event()

    def hold(name, memory):
        with budget.held(memory):
            order.append(name)
            begun.set()
            go.wait(300)

    first = threading.Thread(target=hold, args=("first", 60))
    first.start()
    assert begun.wait(300)
    large = threading.Thread(target=hold, args=("more than there is", 1_000))
    large.start()
    with budget.held(40):
        order.append("small")
    go.set()
    first.join(300)
    large.join(300)
    assert order == ["first", "small", "more than there is"]
    with budget.held(100):
        pass


def test_one_table_says_what_can_be_read(photo):
    """Endings of the field, names in the sentence and formats of the decoder; each can really be read."""
    assert {".hif", ".heic", ".avif", ".jfif", ".jpe", ".webp", ".tif", ".apng"} < set(picture_kinds.ENDINGS)
    sentence = refused(b"no photo")
    for kind in picture_kinds.READABLE:
        data = file(photo, kind.format)
        assert picture_kinds.kind_of(data) is kind and kind.name() in sentence
        assert photos.read(data).shape == photo.shape
    formats = {kind.format for kind in picture_kinds.READABLE}
    for ending in picture_kinds.ENDINGS:
        assert Image.registered_extensions()[ending] in {*formats, "MPO"}


@pytest.mark.parametrize("brand", [b"mif1", b"msf1"])
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_general_brand_does_not_hide_what_a_file_is(photo, format, brand):
    data = file(photo, format)
    assert photos.read(data[:8] + brand + data[12:]).shape == photo.shape


def test_the_name_plays_no_part_and_other_buffers_serve(photo):
    data = file(photo, "PNG")
    np.testing.assert_array_equal(photos.read(memoryview(data)), photo)


@pytest.mark.parametrize(("paper", "value"), [("white", 255), ("black", 0)])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_alpha_lies_over_the_chosen_paper(photo, format, paper, value):
    alpha = np.full((*photo.shape[:2], 1), 255, np.uint8)
    alpha[:, :30], alpha[:, 30:60] = 0, 128
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    read = photos.read(file(np.concatenate([photo, alpha], axis=-1), format, **options), paper)
    assert (read[:, :30] == value).all()
    share = 128 / 255
    assert difference(read[:, 30:60], np.rint(share * photo[:, 30:60] + (1 - share) * value)) < 1
    np.testing.assert_array_equal(read[:, 60:], photo[:, 60:])


def test_only_what_is_transparent_somewhere_keeps_its_alpha(photo):
    opaque = Image.fromarray(photo).convert("RGBA")
    np.testing.assert_array_equal(decode(file(opaque, "PNG")), photo)
    opaque.putpixel((3, 4), (0, 0, 0, 254))
    assert decode(file(opaque, "PNG")).shape == (60, 90, 4)


def test_palette_with_and_without_transparency(photo):
    palette = Image.fromarray(photo).quantize(256)
    expected = np.asarray(palette.convert("RGB"))
    assert difference(expected, photo) < 4
    for format in ("PNG", "GIF", "TIFF", "BMP"):
        np.testing.assert_array_equal(photos.read(file(palette, format)), expected)
    clear = np.asarray(palette)[0, 0]
    read = photos.read(file(palette, "PNG", transparency=int(clear)))
    hidden = np.asarray(palette) == clear
    assert (read[hidden] == 255).all()
    np.testing.assert_array_equal(read[~hidden], expected[~hidden])


def test_one_colour_marked_transparent_in_rgb(photo):
    marked = photo.copy()
    marked[:10] = (1, 2, 3)
    read = photos.read(file(marked, "PNG", transparency=(1, 2, 3)))
    assert (read[:10] == 255).all()
    np.testing.assert_array_equal(read[10:], photo[10:])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "GIF"])
def test_grey_gives_three_equal_channels(photo, format):
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    np.testing.assert_array_equal(photos.read(file(grey, format)), np.stack([grey] * 3, axis=-1))


def test_grey_with_alpha_and_black_and_white(photo):
    grey = Image.fromarray(photo).convert("L")
    half = Image.merge("LA", (grey, Image.new("L", grey.size, 0)))
    assert (photos.read(file(half, "PNG")) == 255).all()
    read = photos.read(file(grey.point(lambda v: 255 * (v > 100), "1"), "PNG"))
    expected = 255 * (np.asarray(grey) > 100)
    np.testing.assert_array_equal(read, np.stack([expected] * 3, axis=-1))


def test_cmyk_and_ycbcr_are_close_to_rgb(photo):
    image = Image.fromarray(photo)
    assert difference(photos.read(file(image.convert("CMYK"), "TIFF")), photo) < 1
    assert difference(photos.read(file(image.convert("CMYK"), "JPEG", quality=95)), photo) < 5
    assert difference(photos.read(file(image.convert("YCbCr"), "TIFF")), photo) < 2


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(photo, format):
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    deep = grey.astype(np.uint16) * 257  # 255 -> 65,535
    np.testing.assert_array_equal(photos.read(file(deep, format)), np.stack([grey] * 3, axis=-1))


def test_sixteen_bits_of_a_dark_photo_stay_dark():
    deep = np.array([[0, 257, 514]], np.uint16)
    np.testing.assert_array_equal(photos.read(file(deep, "PNG"))[0, :, 0], [0, 1, 2])


def test_twelve_bits_of_a_tiff_reach_white_at_4095():
    """By hand, as Pillow writes none: two samples of 12 bits share three bytes (TIFF 6.0)."""
    values = [0, 4095, 2048, 1024]
    packed = b"".join(
        ((a << 12) | b).to_bytes(3, "big") for a, b in zip(values[::2], values[1::2], strict=True)
    )
    entries = [(256, 4, 4), (257, 4, 1), (258, 3, 12), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    entries += [(277, 3, 1), (278, 4, 1), (279, 4, len(packed))]
    start = 8 + len(packed)
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value) for tag, kind, value in entries
    )
    data = b"II*\0" + struct.pack("<I", start) + packed + directory + bytes(4)
    np.testing.assert_array_equal(photos.read(data)[0, :, 0], [0, 255, 128, 64])


def test_a_colour_profile_is_honoured(photo):
    """Against littleCMS's own Lab values: the same colour, written in another space, reads as the same."""
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    swapped = photo[..., ::-1]  # stored blue, green, red, with a profile whose primaries are swapped likewise
    profile = swapped_primaries(ImageCms.ImageCmsProfile(srgb).tobytes())
    for format, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})):
        data = file(np.ascontiguousarray(swapped), format, icc_profile=profile, **options)
        assert difference(photos.read(data), photo) < 1, format
    assert difference(photos.read(file(swapped, "PNG")), photo) > 10
    broken = file(photo, "PNG", icc_profile=b"no profile at all")
    np.testing.assert_array_equal(photos.read(broken), photo)
    grey = file(
        Image.fromarray(photo).convert("L"), "PNG", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()
    )
    assert photos.read(grey).shape == photo.shape  # a profile for another kind of colours is passed over


def swapped_primaries(profile: bytes) -> bytes:
    """Exchange the entries rXYZ and bXYZ of an ICC profile's tag table (ICC.1:2022, 7.3)."""
    return profile.replace(b"rXYZ", b"tXYZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tXYZ", b"bXYZ", 1)


def test_big_endian_sixteen_bits(photo):
    grey = np.asarray(Image.fromarray(photo).convert("L"))
    deep = grey.astype(">u2") * np.uint16(257)
    image = Image.frombytes("I;16B", grey.shape[::-1], deep.astype(">u2").tobytes())
    np.testing.assert_array_equal(photos.read(file(image, "TIFF"))[..., 0], grey)


def png(width: int, height: int, bits: int, colour: int, rows: bytes) -> bytes:
    """Write a PNG by hand (RFC 2083), which Pillow cannot do for 16-bit colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4)], ids=["RGB", "RGBA"])
def test_sixteen_bit_colour_png(photo, colour, channels):
    height, width, _channels = photo.shape
    full = np.full((height, width, channels), 255, np.uint16)
    full[..., :3] = photo
    lines = (full * 257).astype(">u2").reshape(height, -1)
    rows = b"".join(b"\0" + line.tobytes() for line in lines)
    np.testing.assert_array_equal(photos.read(png(width, height, 16, colour, rows)), photo)


@pytest.mark.parametrize("white", [1, 255, 65_535, 1_000_000])
def test_wide_integers_and_floats_reach_white_at_their_customary_value(white):
    steps = np.linspace(0, 1, 6)
    expected = np.rint(255 * steps)
    floats = (steps * white)[np.newaxis].astype(np.float32)
    np.testing.assert_array_equal(photos.read(file(floats, "TIFF"))[0, :, 0], expected)
    if white > 1:
        integers = np.rint(steps * white)[np.newaxis].astype(np.int32)
        assert difference(photos.read(file(integers, "TIFF"))[0, :, 0], expected) < 0.5


def test_floats_that_are_no_numbers_are_black():
    values = np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32)
    np.testing.assert_array_equal(photos.read(file(values, "TIFF"))[0, :, 0], [0, 0, 0, 255])


@pytest.mark.parametrize("format", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_of_several_frames_is_taken(photo, format):
    first = Image.fromarray(photo).convert("L")
    options = {"lossless": True} if format == "WEBP" else {}
    data = file(first, format, save_all=True, append_images=[Image.new("L", first.size, 7)], **options)
    np.testing.assert_array_equal(photos.read(data)[..., 0], np.asarray(first))


# ---- orientation


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores an upright picture, from the Exif table: where row 0 and column 0 of it lie."""
    sides = {
        1: lambda a: a,  # row 0 top, column 0 left
        2: lambda a: a[:, ::-1],  # top, right
        3: lambda a: a[::-1, ::-1],  # bottom, right
        4: lambda a: a[::-1],  # bottom, left
        5: lambda a: a.swapaxes(0, 1),  # left, top
        6: lambda a: a[:, ::-1].swapaxes(0, 1),  # right, top
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),  # right, bottom
        8: lambda a: a[::-1].swapaxes(0, 1),  # left, bottom
    }
    return np.ascontiguousarray(sides[orientation](upright))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "JPEG", "HEIF", "AVIF"])
def test_all_eight_orientations_give_the_same_picture(photo, format, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {
        "WEBP": {"lossless": True},
        "JPEG": {"quality": 95, "subsampling": 0},
        "HEIF": {"quality": 95},
        "AVIF": {"quality": 95},
    }.get(format, {})
    read = photos.read(file(stored(photo, orientation), format, exif=exif.tobytes(), **options))
    assert difference(read, photo) < ({"JPEG": 2, "HEIF": 3, "AVIF": 3}.get(format, 1e-9))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_an_orientation_in_xmp_alone_turns_no_photo_as_in_browsers(photo, format):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    if format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options = {"pnginfo": text}
    else:
        options = {"tiffinfo": {700: xmp}} if format == "TIFF" else {"xmp": xmp}
    data = file(photo, format, **options)
    assert xmp in data
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (90, 60)
    assert difference(photos.read(data), photo) < 6


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01", b"Exif\0\0"])
def test_a_damaged_exif_block_does_not_cost_the_photo(photo, exif):
    assert difference(photos.read(file(photo, "JPEG", quality=95, exif=exif)), photo) < 3


def test_a_damaged_exif_text_in_a_png_does_not_cost_the_photo(photo):
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", "\nexif\n 6\nno hexadecimal digits")
    np.testing.assert_array_equal(photos.read(file(photo, "PNG", pnginfo=text)), photo)


# ---- limits and damage


def refused(data: bytes) -> str:
    """Return the sentence with which the bytes are refused."""
    with pytest.raises(ImageError) as caught:
        photos.read(data)
    sentence = str(caught.value)
    assert sentence[0].isupper() and sentence.endswith(".") and "Error" not in sentence
    return sentence


def archive(photo) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("cat.png", file(photo, "PNG"))
    return buffer.getvalue()


def test_what_is_no_photo_is_refused(photo):
    assert "empty" in refused(b"")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
    for data in (b"\0", bytes(1000), b"Dear diary", svg, archive(photo), b"%PDF-1.7\n", b"\xff\xd8"):
        assert "JPEG, PNG" in refused(data)
    for format in ("PPM", "ICO", "EPS", "JPEG2000"):
        assert "JPEG, PNG" in refused(file(photo, format))
    told = {b"%PDF-1.7\n": "PDF", svg: "SVG", archive(photo): "ZIP", film(99): "a film", b"8BPS": "Photoshop"}
    for data, kind in told.items():
        assert kind in refused(data)


def test_a_rare_kind_is_called_by_its_name_and_not_damaged(photo):
    bmp = bytearray(file(photo, "BMP"))
    bmp[30:34] = struct.pack("<I", 4)  # compressed as JPEG (BI_JPEG)
    wide = bytearray(file(photo, "BMP"))
    wide[28:30] = struct.pack("<H", 64)
    lossless = file(photo, "JPEG").replace(b"\xff\xc0", b"\xff\xc3")
    deep = bytearray(file(photo, "JPEG"))
    deep[deep.index(b"\xff\xc0") + 4] = 12
    for data, kind in ((bmp, "BMP"), (wide, "BMP"), (lossless, "JPEG"), (deep, "JPEG")):
        assert refused(bytes(data)).startswith(f"This {kind} file is damaged, or of a rare kind")
        assert "save it as JPEG or PNG" in refused(bytes(data))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF"])
def test_cut_off_at_many_places(photo, format):
    data = file(photo, format)
    for share in np.linspace(0.01, 0.9, 60):
        refused(data[: int(share * len(data))])


def test_cut_off_progressive_and_cmyk_jpeg(photo):
    for options, mode in (({"progressive": True}, "RGB"), ({}, "CMYK"), ({}, "L")):
        data = file(Image.fromarray(photo).convert(mode), "JPEG", **options)
        for share in np.linspace(0.01, 0.9, 30):
            refused(data[: int(share * len(data))])


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"restart_marker_blocks": 2}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("HEIF", {}),
    ],
)
def test_what_lacks_its_last_two_bytes_is_read_as_browsers_do(format, options):
    photo = Image.fromarray(photos.sample("cat")).resize((320, 240))
    data = file(photo, format, **options)
    whole = photos.read(data)
    for less in (1, 2):
        read = photos.read(data[:-less])
        assert difference(read, whole) < 0.2 and difference(read[-8:], whole[-8:]) < 6


def test_of_a_cut_off_photo_nearly_all_must_be_there():
    photo = Image.fromarray(photos.sample("cat")).resize((960, 720))
    for format, options in (("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {})):
        data = file(photo, format, **options)
        whole = photos.read(data)
        assert difference(photos.read(data[: -len(data) // 100]), whole) < 4
        for share in (0.3, 0.7, 0.9):
            assert "cut off" in refused(data[: int(share * len(data))])
    large = file(photo.resize((4_000, 3_000)), "JPEG")  # decoded smaller
    assert difference(photos.read(large[:-2]), photos.read(large)) < 0.1
    assert "cut off" in refused(large[: len(large) // 2])


MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "L", "P", "RGBA", "LA", "I;16", "1"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("L", "P"),
    "TIFF": ("RGB", "L", "P", "CMYK", "RGBA", "I;16", "F", "1"),
    "BMP": ("RGB", "L", "P", "1"),
    "HEIF": ("RGB",),
}


@pytest.mark.parametrize(("format", "mode"), [(format, mode) for format in MODES for mode in MODES[format]])
def test_flipped_bits_give_a_picture_or_a_sentence(photo, format, mode):
    image = Image.fromarray(photo).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    data = file(image, format)
    random = np.random.default_rng(3)
    outcomes = {"picture": 0, "sentence": 0}
    for trial in range(80):
        damaged = bytearray(data)
        where = random.integers(0, 200 if trial % 2 else len(damaged), size=3)  # every other time the header
        for place in where:
            damaged[place % len(damaged)] ^= 1 << random.integers(8)
        try:
            read = photos.read(bytes(damaged))
            assert read.ndim == 3 and read.shape[2] == 3 and read.dtype == np.uint8
            outcomes["picture"] += 1
        except ImageError:
            outcomes["sentence"] += 1
    assert outcomes["sentence"] > 0


def test_a_bomb_is_refused_by_its_header():
    for side in (5_000, 12_000, 60_000, 2**31 - 1):
        sentence = refused(png(side, side, 8, 2, b"\0" * 100_000))
        assert "16" in sentence
    assert "5,000 × 5,000" in refused(png(5_000, 5_000, 8, 2, b"\0"))
    huge = struct.pack("<HH", 65_535, 65_535)
    gif = file(Image.new("L", (8, 8)), "GIF").replace(struct.pack("<HH", 8, 8), huge)
    assert gif.count(huge) == 2  # of the screen and of the frame
    assert "megapixels" in refused(gif)
    webp = bytearray(file(Image.new("RGB", (8, 8)), "WEBP", lossless=True))
    size = (
        webp.index(b"VP8L") + 9
    )  # behind the length and the signature byte: 14 bits each of width - 1, height - 1
    webp[size : size + 4] = struct.pack("<I", 9_999 | 9_999 << 14)
    assert "10,000 × 10,000" in refused(bytes(webp))


def test_more_than_25_megabytes_are_refused():
    assert "25.1 MB; at most 25 MB" in refused(file(Image.new("L", (8, 8)), "PNG") + bytes(photos.MAX_BYTES))


def test_sixteen_megapixels_are_read_and_seventeen_refused():
    assert photos.read(file(Image.new("L", (4_000, 4_000), 9), "PNG")).shape == (1_000, 1_000, 3)
    assert "17 megapixels" in refused(file(Image.new("L", (4_250, 4_000)), "PNG"))


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_picture_is_kept_with_a_megapixel(format, orientation):
    large = Image.new("RGB", (8_160, 6_144) if format == "JPEG" else (2_040, 1_536), (250, 10, 10))
    large.paste((10, 10, 250), (0, 0, large.width // 2, large.height))  # left half blue
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    read = photos.read(file(large, format, exif=exif))
    if orientation == 6:
        read = np.rot90(read)
    height, width, _channels = read.shape
    assert 0.98e6 < height * width < 1.02e6
    assert width / height == pytest.approx(large.width / large.height, rel=0.01)
    middle = width // 2
    assert difference(read[:, : middle - 3], np.full((height, middle - 3, 3), (10, 10, 250))) < 3
    right = read[:, middle + 3 :]
    assert difference(right, np.full(right.shape, (250, 10, 10))) < 3


def test_a_jpeg_of_thousands_of_passes_is_refused(photo):
    data = file(photo, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    again = data[:last] + data[last:-2] * 60 + data[-2:]
    assert "passes" in refused(again)
    pieces = data[:2] + 6_000 * b"\xff\xfe\0\2" + data[2:]
    assert "very many pieces" in refused(pieces)
    for junk in (b"\xff", b"\xff\0", b"x"):
        assert "no picture" in refused(data[:20] + 20_000 * junk + data[20:])  # behind the first segment
        assert photos.read(data[:20] + 9 * junk + data[20:]).shape == photo.shape


def test_a_png_of_very_many_chunks_is_refused(photo):
    data = file(photo, "PNG")
    chunk = struct.pack(">I4sI", 0, b"abCd", zlib.crc32(b"abCd"))
    np.testing.assert_array_equal(photos.read(data[:33] + 99 * chunk + data[33:]), photo)  # behind its header
    assert "very many pieces" in refused(data[:33] + 60_000 * chunk + data[33:])


def test_a_large_progressive_jpeg_is_refused_for_its_memory_and_time(monkeypatch):
    image = Image.new("RGB", (90, 60), (9, 99, 200))
    for limit, value in (("MAX_JPEG_VALUES", 90 * 60 * 2.9), ("MAX_JPEG_VISITS", 90 * 60 * 29)):
        with monkeypatch.context() as patched:
            patched.setattr(decode_photo, limit, value)
            assert "progressive" in refused(file(image, "JPEG", progressive=True, subsampling=0))
            for options in ({"progressive": True}, {"subsampling": 0}):
                assert photos.read(file(image, "JPEG", **options)).shape == (60, 90, 3)


def test_a_jpeg_beyond_fifty_megapixels_is_refused():
    sentence = refused(file(Image.new("L", (8_500, 6_100)), "JPEG"))
    assert "52 megapixels" in sentence and "50" in sentence


def test_extreme_shapes():
    dot = photos.read(file(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"))
    np.testing.assert_array_equal(dot, [[[1, 2, 3]]])
    line = photos.read(file(Image.new("RGB", (1, 20_000), (1, 2, 3)), "PNG"))
    assert line.shape == (20_000, 1, 3)
    for image in (dot, line):
        small = photos.resize(photos.square(image))
        np.testing.assert_array_equal(small, np.full((32, 32, 3), (1, 2, 3)))


def test_nothing_is_printed_logged_or_written(photo):
    """In a process of its own: pytest catches Python's warnings, and C libraries write past it."""
    tiff = file(photo, "TIFF")  # without compression, as libtiff prints what no one can silence
    damaged = [bytearray(tiff) for _ in range(len(tiff))]
    for place, data in enumerate(damaged):
        data[place] ^= 64
    files = [
        tiff,
        tiff[:-900],
        *damaged[:16],
        *damaged[-250:],
        file(Image.fromarray(photo).quantize(8), "PNG", transparency=bytes([9, 200])),
        file(photo, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"),
        file(photo, "JPEG")[:-500],
        png(10_000, 9_500, 8, 2, b"\0"),
        b"text",
    ]
    script = """
import base64, logging, sys
logging.basicConfig(level=logging.DEBUG)
from cnnlab.data import photos
files = [base64.b64decode(line) for line in sys.stdin]
photos.read(files[0])  # imports Pillow's plugins
written, outcomes = [], set()
def watch(event, args):
    if event == "open" and set(str(args[1])) & set("wax+") or event in ("os.rename", "tempfile.mkstemp"):
        written.append(args)
sys.addaudithook(watch)
for data in files:
    try:
        photos.read(data)
        outcomes.add("picture")
    except photos.ImageError:
        outcomes.add("sentence")
print(sorted(outcomes), written)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        input="\n".join(base64.b64encode(data).decode() for data in files),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "['picture', 'sentence'] []\n"


# ---- samples


def test_samples_are_photos_with_names_and_classes():
    labels = photos.samples()
    assert labels["cat"] == "Cat" and len(set(labels.values())) == len(labels) >= 6
    for name in labels:
        image = photos.sample(name)
        assert image.dtype == np.uint8 and image.shape[2] == 3 and min(image.shape[:2]) >= 300
        assert image.std() > 10
        with pytest.raises(ValueError):
            image[0, 0] = 0
    with pytest.raises(ImageError, match="zebra"):
        photos.sample("zebra")


def test_samples_need_no_network_and_no_home(tmp_path):
    script = """
import socket
def refuse(*args, **kwargs):
    raise AssertionError("a sample photo reached for the network")
socket.socket.connect = socket.getaddrinfo = refuse
from cnnlab.data import photos
for name in photos.samples():
    photos.sample(name)
print("all")
"""
    home = tmp_path / "home"
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "all\n", done.stderr
    assert not home.exists()  # neither downloaded nor copied


# ---- crop, square, resize, grey


def test_crop_cuts_the_named_rows_and_columns(photo):
    np.testing.assert_array_equal(photos.crop(photo, 5, 7, 3, 2), photo[5:8, 7:9])
    np.testing.assert_array_equal(photos.crop(photo, 0, 0, 60, 90), photo)
    np.testing.assert_array_equal(photos.crop(photo[..., 0], 59, 89, 1, 1), photo[59:, 89:, 0])


@pytest.mark.parametrize(
    ("args", "numbers"),
    [
        ((0, 0, 61, 5), ["61 × 5", "60 × 90"]),
        ((29, 80, 32, 11), ["32 × 11", "row 30", "column 81", "60 × 90"]),
        ((0, 80, 5, 11), ["column 81"]),
        ((56, 0, 5, 5), ["row 57"]),
        ((-1, 0, 5, 5), ["row 0", "60 × 90"]),
        ((0, -5, 5, 5), ["column −4"]),
        ((0, 0, 0, 5), ["0 × 5"]),
        ((0, 0, 5, -1), ["5 × −1"]),
    ],
)
def test_an_impossible_crop_names_its_numbers(photo, args, numbers):
    with pytest.raises(ImageError) as caught:
        photos.crop(photo, *args)
    for part in numbers:
        assert part in str(caught.value)


def test_square_is_central_unless_chosen(photo):
    np.testing.assert_array_equal(photos.square(photo), photo[:, 15:75])
    np.testing.assert_array_equal(photos.square(photo.swapaxes(0, 1)), photo.swapaxes(0, 1)[15:75])
    np.testing.assert_array_equal(photos.square(photo, size=20), photo[20:40, 35:55])
    np.testing.assert_array_equal(photos.square(photo, row=1, col=2, size=8), photo[1:9, 2:10])
    np.testing.assert_array_equal(photos.square(photo, col=0), photo[:, :60])
    with pytest.raises(ImageError, match="61 × 61 pixels from row 1, column 15 "):
        photos.square(photo, size=61)


def test_resize_by_area_is_the_mean_of_each_block(photo):
    blocks = photo[:, :60].reshape(10, 6, 10, 6, 3).mean(axis=(1, 3))
    small = photos.resize(photo[:, :60], 10)
    assert small.dtype == np.uint8
    assert np.abs(small - blocks).max() <= 1


def test_resize_by_nearest_picks_and_repeats_pixels(photo):
    cut = photo[:, :60]
    np.testing.assert_array_equal(photos.resize(cut, 20, "nearest"), cut[1::3, 1::3])
    np.testing.assert_array_equal(photos.resize(cut, 120, "nearest"), cut.repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(photos.resize(cut, 120, "area"), photos.resize(cut, 120, "nearest"))


@pytest.mark.parametrize("resample", photos.RESAMPLE)
def test_every_filter_keeps_an_even_picture_even(resample):
    for side in (1, 8, 32, 301):
        even = np.full((side, side, 3), (10, 100, 200), np.uint8)
        np.testing.assert_array_equal(photos.resize(even, 32, resample), np.full((32, 32, 3), (10, 100, 200)))


def test_the_filters_differ_on_a_photo(photo):
    results = [photos.resize(photo, 32, resample) for resample in photos.RESAMPLE]
    for i, first in enumerate(results):
        for second in results[:i]:
            assert difference(first, second) > 0.3


def test_grey_weighs_the_colours_as_bt_601_does(photo):
    exact = photo @ np.array([0.299, 0.587, 0.114])
    grey = photos.grey(photo)
    assert grey.dtype == np.uint8
    assert np.abs(grey - exact).max() <= 0.51
