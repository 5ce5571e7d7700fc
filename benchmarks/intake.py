"""Does every file give an answer or a clear sentence, in little time and memory?

    python benchmarks/intake.py [--files N]

Builds at least 1,000 files from one real photo: every format, mode and bit depth, all eight EXIF
orientations, photos as phones make them (a film or a second picture behind, thumbnails, large profiles, 48
megapixels) and as they lack their last bytes, cut off and bit-flipped at many places, bombs, hostile JPEGs,
extremes of shape and size, and what is no photo. Each goes the way of an upload, from its bytes to ten
probabilities of the shipped network. The last line is one JSON object: tried, answered, refused_clearly (an
ImageError's sentence), tracebacks (any other exception), slowest_s and slowest_cpu_s (time on the clock and
of the processors for one file), peak_extra_mb (the largest growth of this process's memory while one file was
read), jpeg_12mp_s (median of five runs), phones (how many were answered, of how many), orientations and modes
(the largest difference of a probability, in points, between versions of one photo, and whether all give the
same class).
"""

import argparse
import io
import json
import statistics
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms

sys.path.insert(0, str(Path(__file__).parents[1]))

from cnnlab import malloc, ops
from cnnlab.data import decode_photo, normalise_photo, photos
from cnnlab.runs import Store

LARGE = (4_000, 3_000)  # a photo of 12 megapixels
PHONE = (8_064, 6_048)  # and of 48
MOST = (4_600, 3_470)  # just below 16
FORMATS = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("L", "P"),
    "TIFF": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16", "I", "F", "CMYK", "YCbCr", "LAB"),
    "BMP": ("RGB", "L", "P", "1"),
    "HEIF": ("RGB", "RGBA", "L"),
    "AVIF": ("RGB", "RGBA", "L"),
}


def file(image: Image.Image | pillow_heif.HeifFile, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def in_mode(photo: Image.Image, mode: str) -> Image.Image:
    """Return the photo in any of Pillow's modes, opaque."""
    grey = np.asarray(photo.convert("L"))
    match mode:
        case "I;16":
            return Image.fromarray(grey.astype(np.uint16) * 257)
        case "I":
            return Image.fromarray(grey.astype(np.int32) * 257)
        case "F":
            return Image.fromarray(grey.astype(np.float32) / 255)
        case "P":
            return photo.quantize(256)
        case "LAB":
            srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
            return ImageCms.profileToProfile(photo, srgb, lab, outputMode="LAB")
    return photo.convert(mode)


def sixteen_bit_png(photo: Image.Image) -> bytes:
    """Write 16-bit colour by hand, which Pillow cannot."""
    width, height = photo.size
    lines = (np.asarray(photo).astype(np.uint16) * 257).astype(">u2").reshape(height, -1)
    return png(width, height, 16, 2, b"".join(b"\0" + line.tobytes() for line in lines))


def png(width: int, height: int, bits: int, colour: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    data = zlib.compress(rows, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def with_orientation(photo: Image.Image, orientation: int, format: str) -> bytes:
    """Store the photo as a camera held in that way does, with the tag that says so."""
    stored = photo
    if orientation in normalise_photo.UPRIGHT:  # of these, all but the quarter turns undo themselves
        undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        stored = photo.transpose(undo.get(orientation, normalise_photo.UPRIGHT[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"quality": 95} if format in ("JPEG", "HEIF", "AVIF") else {}
    return file(stored, format, exif=exif.tobytes(), **options)


def sound(photo: Image.Image) -> Iterator[bytes]:
    """Yield whole files of every kind, small and as large as they may be."""
    for format, modes in FORMATS.items():
        for mode in modes:
            for size in ((90, 60), (640, 480), (333, 777)):
                yield file(in_mode(photo.resize(size), mode), format)
        for orientation in range(1, 9):
            if format not in ("GIF", "BMP"):
                yield with_orientation(photo.resize((320, 240)), orientation, format)
    yield sixteen_bit_png(photo.resize((640, 480)))
    for size in ((1, 1), (1, 20_000), (20_000, 1), (2, 3), (31, 33)):
        for format in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
            if format != "WEBP" or max(size) < 16_384:
                yield file(photo.resize(size), format)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile", srgb[:200]):
        yield file(photo.resize((320, 240)), "JPEG", icc_profile=profile)
        yield file(photo.resize((320, 240)), "PNG", icc_profile=profile)


def exif_with_thumbnail(thumbnail: bytes) -> bytes:
    """Return an EXIF block with a picture of its own (Exif 2.32, 4.6.5)."""
    first = struct.pack("<HI", 0, 14)
    second = struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 44, 514, 4, 1, len(thumbnail), 0)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + thumbnail


def film(size: int) -> bytes:
    """Return as much of an MP4, which looks like noise."""
    return b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + np.random.default_rng(2).bytes(size)


def phones(photo: Image.Image) -> Iterator[bytes]:
    """Yield photos as phones, cameras and browsers make them; all of these must be answered."""
    medium, srgb = photo.resize((1_600, 1_200)), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    thumbnail = exif_with_thumbnail(file(photo.resize((160, 120)), "JPEG", progressive=True))
    profile = srgb.tobytes() + np.random.default_rng(3).bytes(900_000)
    for options in ({}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 4}):
        still = file(medium, "JPEG", quality=92, exif=thumbnail, icc_profile=profile, **options)
        yield still
        yield still + film(4_000_000)
        yield still[:-2]
    yield file(medium, "MPO", save_all=True, append_images=[medium, photo], quality=92) + film(2_000_000)
    for format, modes in FORMATS.items():
        for mode in modes if format not in ("TIFF", "HEIF", "AVIF") else modes[:1]:
            whole = file(in_mode(medium, mode), format)
            yield from (whole,) if format in ("TIFF", "AVIF") else (whole[:-1], whole[:-2])
    noisy = np.asarray(photo.resize(PHONE)).astype(np.int16)
    for row in range(0, PHONE[1], 168):  # in strips, for the memory's sake
        noisy[row : row + 168] += np.random.default_rng(row).integers(
            -9, 10, (168, PHONE[0], 1), dtype=np.int16
        )
    camera = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    still = file(camera, "JPEG", quality=93, exif=thumbnail)
    print(f"48 megapixels in {len(still) / 1e6:.1f} MB")
    yield still
    yield still + film(24_900_000 - len(still))
    yield still[:-2]
    fast = {"enc_params": {"preset": "ultrafast"}}
    yield file(photo.resize(PHONE), "HEIF", quality=40, **fast)
    camera = photo.resize((5_712, 4_284))
    yield file(camera, "HEIF", quality=40, **fast)
    deep = np.asarray(camera).astype(np.uint16) * 257
    ten_bits = pillow_heif.from_bytes(mode="RGB;16", size=camera.size, data=deep.tobytes())
    yield file(ten_bits, "HEIF", quality=40, chroma=422, **fast)


def large(photo: Image.Image) -> Iterator[bytes]:
    """Yield the largest files that are let in: smooth ones, and noise that costs decoders most."""
    smooth, rng = photo.resize(MOST), np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (MOST[1], MOST[0], 3), dtype=np.uint8))
    faded = smooth.convert("RGBA")
    faded.putalpha(Image.fromarray(rng.integers(0, 256, MOST[::-1], dtype=np.uint8)))
    for picture, quality in ((smooth, 90), (noise, 20)):
        for options in ({}, {"progressive": True}, {"progressive": True, "subsampling": 0}):
            yield file(picture, "JPEG", quality=quality, **options)
        yield file(picture.convert("CMYK"), "JPEG", quality=quality)
        yield file(picture, "WEBP", quality=quality, method=0)
        yield file(picture.resize(LARGE), "HEIF", quality=quality)
        yield file(picture, "AVIF", quality=quality, speed=10)
    yield file(smooth, "WEBP", lossless=True, quality=0, method=0)
    yield file(faded, "WEBP", quality=1, method=0)
    yield file(smooth.quantize(64), "GIF")
    yield file(smooth.quantize(64), "PNG", compress_level=1)
    yield file(smooth.convert("1"), "TIFF", compression="group4")
    yield file(in_mode(smooth, "I;16"), "PNG", compress_level=1)
    yield file(in_mode(smooth, "F"), "TIFF", compression="tiff_deflate")
    yield file(smooth, "TIFF", compression="jpeg")
    for mode, colour in (("RGB", (200, 90, 10)), ("RGBA", (200, 90, 10, 128)), ("LA", (9, 90)), ("I;16", 9)):
        yield file(Image.new(mode, MOST, colour), "PNG")
        yield file(Image.new("CMYK" if mode == "LA" else mode, MOST), "TIFF", compression="tiff_lzw")
    for options in ({}, {"progressive": True}):
        yield file(photo.resize((8_160, 6_144)), "JPEG", quality=80, **options)


def hostile(photo: Image.Image) -> Iterator[bytes]:
    """Yield what is no photo, and what looks like one and is not."""
    small = photo.resize((90, 60))
    jpeg = file(small, "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    yield jpeg[:last] + jpeg[last:-2] * 5_000 + jpeg[-2:]  # thousands of passes
    yield jpeg[:2] + 6_000_000 * b"\xff\xfe\0\2" + jpeg[2:]  # millions of pieces
    yield jpeg[:2] + 20_000_000 * b"\xff" + jpeg[2:]
    whole, empty = file(small, "PNG"), struct.pack(">I4sI", 0, b"abCd", zlib.crc32(b"abCd"))
    yield whole[:33] + 2_000_000 * empty + whole[33:]
    yield b"\0\0\0\x18ftypheic" + bytes(12) + 3_000_000 * b"\0\0\0\x08free"
    wide = bytearray(file(photo.resize((640, 480)), "JPEG"))
    at = wide.index(b"\xff\xc0") + 5
    wide[at : at + 4] = struct.pack(">HH", 7_000, 7_000)  # a header far larger than its data
    yield bytes(wide)
    for side in (5_000, 60_000, 2**31 - 1):
        yield png(side, side, 8, 2, b"\0" * 100_000)
    yield png(4_000, 4_000, 8, 2, bytes(4_000 * (3 * 4_000 + 1)))  # 48 MB of zeros in 200 kB: let in, in time
    gif = file(Image.new("L", (8, 8)), "GIF")
    yield gif.replace(struct.pack("<HH", 8, 8), struct.pack("<HH", 65_535, 65_535))
    yield from (file(small, "TIFF") + bytes(n) for n in (1, 10**6, decode_photo.MAX_BYTES))
    yield from (b"", b"\0", bytes(10**6), b"Dear diary", b"%PDF-1.7\n", b"\xff\xd8", b"II*\0\x08\0\0\0")
    yield b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
    for format in ("PPM", "ICO", "EPS", "JPEG2000", "PDF"):
        yield file(small, format)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("cat.png", file(small, "PNG"))
    yield archive.getvalue()
    yield from (b"\0\0\0\x18ftypheic" + bytes(n) for n in (4, 100, 10_000))


def damaged(photo: Image.Image, count: int) -> Iterator[bytes]:
    """Yield `count` files that are cut off or have flipped bits, half of them in the header."""
    rng = np.random.default_rng(1)
    whole = [
        file(in_mode(photo.resize((180, 120)), mode), format)
        for format, modes in FORMATS.items()
        for mode in modes
    ]
    for turn in range(count):
        data = bytearray(whole[turn % len(whole)])
        if turn % 4 == 0:
            yield bytes(data[: int(rng.uniform(0.01, 1) * len(data))])
            continue
        for place in rng.integers(0, 300 if turn % 2 else len(data), size=3):
            data[place % len(data)] ^= 1 << rng.integers(8)
        yield bytes(data)


class Memory:
    """How far this process's memory grows above where it stands now (Linux)."""

    def __enter__(self) -> "Memory":
        malloc.give_back()  # else what was freed before hides what is used now
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        self.before = self._kilobytes("VmRSS")
        return self

    def __exit__(self, *error) -> None:
        self.extra = (self._kilobytes("VmHWM") - self.before) / 1024

    @staticmethod
    def _kilobytes(name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


class Intake:
    """Takes files in as the page does, and keeps count."""

    def __init__(self):
        recipe, self.weights = Store().get("article").recipe(), Store().get("article").weights()
        self.layers = recipe.layers()
        self.tried = self.answered = self.refused = self.tracebacks = 0
        self.slowest = self.slowest_cpu = self.extra = 0.0
        self.answer(decode_photo.read(file(Image.fromarray(photos.sample("cat")), "PNG")))  # warm

    def answer(self, picture: np.ndarray) -> np.ndarray:
        seen = photos.resize(photos.square(picture))
        return ops.forward(self.layers, self.weights, seen)[-1].values

    def take(self, data: bytes) -> np.ndarray | None:
        """Return the probabilities for a file, None where it was refused."""
        self.tried += 1
        start, cpu, result = time.perf_counter(), time.process_time(), None
        with Memory() as memory:
            try:
                result = self.answer(decode_photo.read(data))
                self.answered += 1
            except photos.ImageError as error:
                self.refused += str(error).endswith(".")
            except Exception as error:
                self.tracebacks += 1
                print("traceback:", type(error).__name__, error, data[:40])
        took = time.perf_counter() - start
        if took > 1:
            print(f"{took:.2f} s, {memory.extra:.0f} MB for {len(data) / 1e6:.1f} MB, {data[:12]!r}")
        self.slowest = max(self.slowest, took)
        self.slowest_cpu = max(self.slowest_cpu, time.process_time() - cpu)
        self.extra = max(self.extra, memory.extra)
        return result


def spread(answers: list[np.ndarray]) -> dict:
    """Compare probabilities of versions of one photo: the largest difference in points, and the classes."""
    stacked = np.stack(answers)
    points = 100 * float((stacked.max(axis=0) - stacked.min(axis=0)).max())
    return {"points": round(points, 2), "same_class": bool(len(set(stacked.argmax(axis=1).tolist())) == 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=1_000, help="damaged files beside the others")
    given = parser.parse_args()
    malloc.share()  # as the app does
    photo, intake = Image.fromarray(photos.sample("cat")), Intake()
    ours = {}
    for kind in (sound(photo), phones(photo), large(photo), hostile(photo), damaged(photo, given.files)):
        before, answered = intake.tried, intake.answered
        for data in kind:
            intake.take(data)
        ours[kind.__name__] = [intake.answered - answered, intake.tried - before]
        print(
            f"{intake.tried - before} files; slowest {intake.slowest:.2f} s, {intake.extra:.0f} MB",
            flush=True,
        )
    phone = file(photo.resize(LARGE), "JPEG", quality=92)
    times = []
    for _turn in range(5):
        start = time.perf_counter()
        intake.take(phone)
        times.append(time.perf_counter() - start)
    turned = [intake.take(with_orientation(photo.resize((640, 480)), o, "JPEG")) for o in range(1, 9)]
    grey, colours = photo.resize((640, 480)).convert("L").convert("RGB"), photo.resize((640, 480))
    versions = [file(in_mode(colours, mode), "PNG") for mode in ("RGB", "RGBA", "P")]
    versions += [sixteen_bit_png(colours), file(in_mode(colours, "CMYK"), "TIFF")]
    deep = [file(in_mode(grey, mode), "TIFF") for mode in ("RGB", "I;16")]
    result = {
        "tried": intake.tried,
        "answered": intake.answered,
        "refused_clearly": intake.refused,
        "tracebacks": intake.tracebacks,
        "slowest_s": round(intake.slowest, 2),
        "slowest_cpu_s": round(intake.slowest_cpu, 2),
        "peak_extra_mb": round(intake.extra),
        "phones": ours["phones"],
        "jpeg_12mp_s": round(statistics.median(times), 3),
        "orientations": spread(turned),
        "modes": spread([intake.take(data) for data in versions]),
        "grey_16_bits": spread([intake.take(data) for data in deep]),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
