"""Does the page Classify show what the network says, honestly, for any photo and any change of it?"""

import csv
import io
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cnnlab import ops
from cnnlab.data import datasets, decode_photo, drawn_digit, normalise_photo, photos, picture_kinds
from cnnlab.data.cifar10 import CLASSES as CIFAR10_CLASSES
from cnnlab.evaluation import measure_reliability, reliability_record
from cnnlab.files import write_arrays
from cnnlab.inspection import perturbations
from cnnlab.runs import Store, records
from cnnlab.ui.classify import smaller
from cnnlab.ui.classify.several import agreement
from cnnlab.ui.classify.tally import as_csv, confusion
from cnnlab.ui.components import frame
from cnnlab.ui.components.sweep import leading
from cnnlab.ui.widgets import photo_choice
from cnnlab.ui.widgets.network_choice import changed_by_use
from tests.conftest import ROOT
from tests.support.networks import probabilities
from tests.support.pages import again, centre, open_page, sent, sound, words
from tests.support.runs import network

pytestmark = pytest.mark.usefixtures("nothing_shipped")
CAT = 3


@pytest.fixture
def shipped(store, monkeypatch):
    """The article's network, as it comes with the app."""
    monkeypatch.setattr(records, "SHIPPED", ROOT / "cnnlab" / "pretrained")
    return Store().get("article")


def columns(at, place=0) -> list[dict]:
    """Return the answers side by side of one view of bars."""
    return sent(at, "bars")[place]["columns"]


def lengths(at, place=0) -> list[float]:
    return columns(at, place)[0]["lengths"]


def more(at, tab):
    at.session_state["_classify.more"], at.session_state["_classify.more.tab"] = True, tab
    return again(at)


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


# ---- the answer


def test_the_bars_are_the_networks_probabilities(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "cat"})
    expected = probabilities(run, centre(photos.sample("cat")))
    view = sent(at, "bars")[0]
    assert lengths(at) == pytest.approx(100 * expected, abs=0.006)
    written = [float(text.rstrip("\u00a0%")) for text in view["columns"][0]["texts"]]
    assert written == pytest.approx(100 * expected, abs=0.0501)
    assert view["labels"]["true"] == CAT and view["labels"]["names"][CAT] == "cat"
    assert view["columns"][0]["top"] == expected.argmax()
    assert CIFAR10_CLASSES[expected.argmax()] in at.subheader[0].value
    assert "CIFAR-10 has no people" in words(at) and "memory" in words(at)


def test_a_photo_of_no_class_is_said_to_be_one(store):
    network(store)
    at = open_page("classify", state={"photo.choice": "coffee"})
    assert "it shows none of the ten" in words(at) and "must choose among them" in words(at)
    assert sent(at, "bars")[0]["labels"]["true"] is None


def test_the_square_moves_and_a_new_photo_starts_with_the_largest(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "coffee"})
    image = photos.sample("coffee")
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(image)), abs=0.006)
    side = min(image.shape[:2]) // 2
    at.slider(key="classify.size").set_value(side)
    again(at)
    at.slider(key="classify.row").set_value(1)
    sound(at.slider(key="classify.col").set_value(image.shape[1] - side + 1).run())
    cut = Image.fromarray(image[:side, image.shape[1] - side :]).resize((32, 32), Image.Resampling.BOX)
    assert lengths(at) == pytest.approx(100 * probabilities(run, np.asarray(cut)), abs=0.006)
    sound(at.selectbox(key="photo.choice").set_value("rocket").run())
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(photos.sample("rocket"))), abs=0.006)


@pytest.mark.parametrize(
    ("sizes", "sent_by_browser", "taken"),
    [
        ((4, 20), [3, 4, 8], (3, 4, 8)),
        (None, [3, 4, 10], (3, 4)),
        ((4, 20), [30, 4, 8], None),
        ((4, 20), [3, 4, 21], None),
        ((4, 20), [3, 4, 2.5], None),
        ((4, 20), [True, 4, 8], None),
        ((4, 20), None, None),
        ((4, 20), "abc", None),
    ],
)
def test_only_a_square_that_lies_in_the_photo_is_taken(monkeypatch, sizes, sent_by_browser, taken):
    calls, given = [], {}
    monkeypatch.setattr(frame, "_component", lambda **options: given.update(options))
    frame.frame(b"", (32, 36), (0, 0), 10, key="k", moved=lambda *place: calls.append(place), sizes=sizes)

    class Said:
        place = sent_by_browser

    monkeypatch.setattr(frame.st, "session_state", {"k": Said})
    given["on_place_change"]()
    assert calls == ([] if taken is None else [taken])


def test_the_filter_changes_what_the_network_sees(store):
    run = network(store)
    at = more(open_page("classify", state={"photo.choice": "cat"}), "Made small")
    square = Image.fromarray(photos.square(photos.sample("cat")))
    filters = {"area": "BOX", "bilinear": "BILINEAR", "lanczos": "LANCZOS", "nearest": "NEAREST"}
    expected = [
        100 * probabilities(run, np.asarray(square.resize((32, 32), Image.Resampling[name])))
        for name in filters.values()
    ]
    shown = columns(at, -1)
    assert [column["title"].lower() for column in shown] == list(filters)
    for column, answers in zip(shown, expected, strict=True):
        assert column["lengths"] == pytest.approx(answers, abs=0.006)
    at.session_state["classify.filter"] = "nearest"
    assert lengths(again(at)) == pytest.approx(expected[3], abs=0.006)


def test_after_100_photos_no_weight_has_changed(store):
    network(store)
    at = open_page("classify")
    question = at.get("button_group")[-1]
    stored = sum(math.prod(a.shape) for a in Store().runs()[0].weights().values())
    assert question.options[0] == "0" and question.options[-1] == f"{stored:,}"
    assert "Counted" not in words(at)
    sound(question.set_value("100").run())
    assert "right is **0**" in words(at) and f"0 of {stored:,} weights differ" in words(at)


def test_a_changed_weight_would_be_counted():
    class Learner:
        def __init__(self):
            self.weights = {"a/kernel": np.zeros((2, 2)), "a/bias": np.zeros(2)}

        def forward(self, image):
            self.weights["a/kernel"][0, :] += 1

    assert changed_by_use.__wrapped__("folder", 0, Learner()) == 2


# ---- digits


def test_a_digits_network_takes_digits_and_no_photos(store):
    run = network(store, dataset="digits")
    at = open_page("classify")
    assert "does not judge photos" in at.info[0].value
    assert not [box for box in at.selectbox if box.label == "Photo"]
    assert not sent(at, "bars") and "Draw a digit" in at.info[1].value
    data = datasets.load("digits")
    at.session_state["classify.digit"], at.session_state["classify.test"] = "test", 8
    again(at)
    _training, held = datasets.split(len(data.train_images), 0.1, None, run.recipe().config.seed)
    place = held[7]  # of the digits held out: the sealed test set stays unseen
    assert lengths(at) == pytest.approx(100 * probabilities(run, data.train_images[place]), abs=0.006)
    assert sent(at, "bars")[0]["labels"]["true"] == data.train_labels[place]


def test_a_drawn_digit_is_judged_as_the_dataset_would_have_it(store):
    run = network(store, dataset="digits")
    ink = np.zeros((32, 32), bool)
    ink[4:28, 14:19] = True
    at = open_page("classify", state={"classify.drawing": np.packbits(ink).tobytes().hex()})
    expected = probabilities(run, drawn_digit.network_input(ink))
    assert lengths(at) == pytest.approx(100 * expected, abs=0.006)
    assert str(expected.argmax()) in at.subheader[0].value and len(at.subheader) == 2


# ---- photos of one's own


def upload(at, *files: bytes):
    at.file_uploader[0].set_value([(f"IMG_{i}.jpg", data, "image/jpeg") for i, data in enumerate(files)])
    return again(at)


def test_several_photos_come_in_at_once_and_bad_ones_get_a_sentence(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "own"})
    assert "Until you choose a file" in words(at)
    rocket, coffee = photos.sample("rocket"), photos.sample("coffee")
    upload(at, png(rocket), b"no photo", png(coffee))
    assert [error.value for error in at.error] == [
        "File 2 of 3: This file is no photo that can be read here. "
        "Readable are JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF and HEIC."
    ]
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(coffee)), abs=0.006)  # the newest
    assert "must choose among its 10: airplane to truck" in words(at)
    assert len(sent(at, "sheet")[0]["tiles"]) == 2
    at.session_state["photo.which"] = 0
    assert lengths(again(at)) == pytest.approx(100 * probabilities(run, centre(rocket)), abs=0.006)
    upload(at, b"\x89PNG\r\n\x1a\nnothing")
    assert at.error[0].value.endswith(".") and len(at.error) == 1
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(rocket)), abs=0.006)  # it stays
    sound(at.button(key="_photo.remove").click().run())
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(coffee)), abs=0.006)


def test_an_upload_touches_no_file(store):
    network(store)
    at, written, watching = open_page("classify", state={"photo.choice": "own"}), [], [True]

    def watch(event, arguments):
        if watching[0] and event == "open" and set(str(arguments[1])) & set("wax+"):
            written.append(arguments)

    sys.addaudithook(watch)  # for good, so it is told when to look
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)).save(
        buffer, "PNG"
    )
    assert len(buffer.getvalue()) > 2**21  # more than the megabyte that is spooled to disk by default
    upload(at, buffer.getvalue())
    more(at, "Made small")
    watching[0] = False
    assert len(at.session_state["photo.mine"]) == 1 and not written


def test_orientation_and_mode_do_not_change_the_answer(shipped):
    picture = Image.fromarray(photos.sample("cat")).resize((640, 480))
    layers, weights = shipped.recipe().layers(), shipped.weights()

    def answers(image, format, **options):
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        seen = photos.resize(photos.square(photos.read(buffer.getvalue())))
        return 100 * ops.forward(layers, weights, seen)[-1].values

    def turned(orientation):
        exif = Image.Exif()
        exif[274] = orientation
        undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        how = undo.get(orientation, normalise_photo.UPRIGHT.get(orientation))
        stored = picture if how is None else picture.transpose(how)
        return answers(stored, "JPEG", quality=95, exif=exif)

    plain = answers(picture, "PNG")
    for orientation in range(1, 9):
        np.testing.assert_allclose(turned(orientation), plain, atol=5)
    for mode, format in (("RGBA", "PNG"), ("CMYK", "TIFF"), ("P", "PNG")):
        changed = picture.quantize(256) if mode == "P" else picture.convert(mode)
        version = answers(changed, format)
        assert version.argmax() == plain.argmax()
        np.testing.assert_allclose(version, plain, atol=5)
    grey = picture.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    np.testing.assert_allclose(answers(deep, "PNG"), answers(grey, "PNG"), atol=1e-4)


def test_an_upload_is_let_go_once_it_is_read_and_only_few_photos_stay(store):
    network(store)
    at = open_page("classify", state={"photo.choice": "own"})
    first = at.file_uploader[0].proto.id
    assert set(picture_kinds.ENDINGS) < set(at.file_uploader[0].proto.type)
    assert at.file_uploader[0].proto.max_upload_size_mb == decode_photo.MAX_BYTES / 1e6 == 25
    files = [png(np.full((40, 40, 3), shade, np.uint8)) for shade in range(photo_choice.MOST + 3)]
    upload(at, *files)
    assert at.file_uploader[0].proto.id != first  # a new, empty one: the server drops the old one's files
    kept = at.session_state["photo.mine"]
    assert [int(picture[0, 0, 0]) for picture in kept] == list(range(3, photo_choice.MOST + 3))
    assert "At most 8 photos are kept" in at.error[0].value


def test_a_transparent_picture_lies_over_white_or_black(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "own"})
    cat = photos.sample("cat")
    alpha = np.full((*cat.shape[:2], 1), 90, np.uint8)
    upload(at, png(np.concatenate([cat, alpha], axis=-1)))
    for paper, value in decode_photo.PAPERS.items():
        at.session_state["photo.paper"] = paper
        again(at)
        over = np.rint(90 / 255 * cat + (1 - 90 / 255) * value).astype(np.uint8)
        assert lengths(at) == pytest.approx(100 * probabilities(run, centre(over)), abs=1.5)
        assert sent(at, "bars")[0]["labels"]["true"] is None


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://cnn.school.example/classify", True),
        ("http://localhost:8501/classify", True),
        ("http://127.0.0.1:8501/", True),
        ("http://[::1]:8501/", True),
        ("http://192.168.0.7:8501/classify", False),
        ("http://localhost.evil.example/", False),
        ("", False),
    ],
)
def test_a_camera_is_offered_only_where_browsers_allow_one(address, allowed):
    assert photo_choice.camera_allowed(address) is allowed


def test_where_there_is_no_camera_the_page_says_why(store):
    network(store)
    at = open_page("classify", state={"photo.choice": "own"})
    assert "browsers allow it only over HTTPS" in words(at) and "server.sslCertFile" in words(at)


# ---- changes of the photo


def test_each_strength_has_the_networks_own_answer(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "cat", "classify.trial": "brightness"})
    view, seen = sent(at, "sweep")[0], centre(photos.sample("cat"))
    strengths = perturbations.PERTURBATIONS["brightness"].strengths
    assert len(view["strengths"]) == len(view["answers"]) == len(strengths)
    assert view["strengths"][view["start"]] == "0" and view["strengths"][0] == "−150"
    assert view["answers"][view["start"]]["lengths"] == lengths(at)
    for place in (0, 7, 24):
        lighter = (
            (seen.astype(int) + int(strengths[place])).clip(0, 255) if strengths[place] % 1 == 0 else None
        )
        if lighter is None:
            lighter = np.rint(seen + strengths[place]).clip(0, 255)
        expected = 100 * probabilities(run, lighter.astype(np.uint8))
        assert view["answers"][place]["lengths"] == pytest.approx(expected, abs=0.006)
    assert {line["class"] for line in view["lines"]} >= {CAT, view["answers"][view["start"]]["top"]}


@pytest.mark.parametrize(
    "kind", [name for name in perturbations.PERTURBATIONS if name not in ("rotate", "brightness")]
)
def test_every_further_test_starts_at_the_pages_answer(store, kind):
    run = network(store)
    sure = {name: 10 * array if name == "scores/kernel" else array for name, array in run.weights().items()}
    write_arrays(run.folder / "weights.npz", sure)  # so that small changes show in hundredths of a per cent
    at = more(
        open_page("classify", state={"photo.choice": "coffee", "classify.perturbation": kind}), "More tests"
    )
    view = sent(at, "sweep")[-1]
    assert view["answers"][view["start"]]["lengths"] == lengths(at)
    different = [a for a in view["answers"] if a["lengths"] != view["answers"][view["start"]]["lengths"]]
    assert len(different) >= len(view["answers"]) - 2
    assert ("turns from" in view["words"]) == (len({a["top"] for a in view["answers"]}) > 1)


def test_the_cover_hides_a_part(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "cat", "classify.trial": "cover"})
    seen = centre(photos.sample("cat")).copy()
    seen[11:21, 11:21] = 128
    assert lengths(at, 1) == pytest.approx(100 * probabilities(run, seen), abs=0.006)


def test_a_step_against_the_network_turns_its_answer(shipped):
    at = more(
        open_page("classify", state={"photo.choice": "cat", "classify.perturbation": "against"}), "More tests"
    )
    view = sent(at, "sweep")[-1]
    top = view["answers"][0]["top"]
    falling = [a["lengths"][top] for a in view["answers"]]
    assert falling[0] == lengths(at)[top] and falling[2] < falling[1] < falling[0]
    assert "turns from" in view["words"] and view["extra"]["caption"].endswith("127.5 times")


def test_the_chart_draws_the_answer_and_the_truth_first():
    probabilities = np.array([[0.5, 0.3, 0.0, 0.1, 0.1], [0.0, 0.2, 0.05, 0.7, 0.05]])
    assert leading(probabilities, 0, None) == [0, 3, 1, 4]
    assert leading(probabilities, 0, 2) == [0, 2, 3, 1]
    assert leading(probabilities, 1, 3) == [3, 0, 1, 4]


# ---- none of these, and how sure


def test_what_was_measured_of_the_shipped_network_belongs_to_its_weights(shipped):
    found = reliability_record.read(shipped, reliability_record.checksum(shipped.weights()))
    assert {row.name: row.images for row in found.strange} == {
        "digits": 1_797,
        "textures": 768,
        "left_out": 2_000,
    }
    assert reliability_record.read(shipped, reliability_record.checksum(shipped.weights()) + 1) is None


def test_the_pages_arithmetic_notices_the_share_of_textures_that_was_measured(shipped):
    found = reliability_record.read(shipped, reliability_record.checksum(shipped.weights()))
    layers, weights = shipped.recipe().layers(), shipped.weights()
    textures = measure_reliability.textures()
    values = [found.familiar(ops.forward(layers, weights, picture)) for picture in textures]
    noticed = next(row.noticed for row in found.strange if row.name == "textures")
    assert np.mean(np.array(values) < found.threshold) == pytest.approx(noticed, abs=0.004)


def test_a_strange_photo_is_called_strange_and_a_familiar_one_not(shipped):
    at = open_page("classify", state={"photo.choice": "galaxies"})
    assert "None of these?" in at.warning[0].value and "or none of these" in at.subheader[0].value
    at = open_page("classify", state={"photo.choice": "cat"})
    assert not at.warning and "ordinary photos look stranger" in words(at)
    found = reliability_record.read(shipped, reliability_record.checksum(shipped.weights()))
    outputs = ops.forward(shipped.recipe().layers(), shipped.weights(), centre(photos.sample("cat")))
    share = np.searchsorted(found.ordinary, found.familiar(outputs))  # of 100
    assert f"{share} of 100" in words(at) or f"{share - 1} of 100" in words(at)


def test_the_figures_on_the_page_are_the_measured_ones(shipped):
    at = more(open_page("classify", state={"photo.choice": "cat"}), "None of these")
    found = reliability_record.read(shipped, reliability_record.checksum(shipped.weights()))
    rows = at.table[-1].value
    assert list(rows["images"]) == ["1,797", "768", "2,000"]
    assert list(rows["AUROC"]) == [f"{row.auroc:.2f}" for row in found.strange]
    assert list(rows["noticed"]) == [f"{100 * row.noticed:.1f}\u00a0%" for row in found.strange]
    assert "bird and truck, for a twin" in rows.iloc[2, 0]
    at = more(at, "How sure, really?")
    assert f"temperature of {found.temperature:.2f}" in words(at)
    scores = ops.forward(shipped.recipe().layers(), shipped.weights(), centre(photos.sample("cat")))[-2]
    expected = 100 * ops.softmax(scores.values, found.temperature)
    assert columns(at, -1)[1]["lengths"] == pytest.approx(expected, abs=0.006)


def test_without_a_reliability_record_the_page_says_so(store):
    network(store)
    at = open_page("classify", state={"photo.choice": "cat"})
    assert "ordinary photos" not in words(at)
    assert "Not available" in words(more(at, "None of these"))
    assert "Not available" in words(more(at, "How sure, really?"))


def test_a_damaged_reliability_record_spoils_only_itself(store):
    run = network(store)
    (run.folder / reliability_record.FILE).write_text("{")
    at = open_page("classify", state={"photo.choice": "cat"})
    assert "What was measured about run" in at.warning[0].value
    assert lengths(at) == pytest.approx(100 * probabilities(run, centre(photos.sample("cat"))), abs=0.006)


def test_a_reliability_record_is_measured_kept_and_read_back(digits_run, monkeypatch):
    """The worker's arithmetic is Keras's, the page's is NumPy's: the same picture is as familiar to both."""
    kept, run = digits_run
    monkeypatch.setattr(measure_reliability, "FEWEST", 100)
    measure_reliability.measure(str(kept.root), run.id)
    found = reliability_record.read(run, reliability_record.checksum(run.weights()))
    data = datasets.load("digits")
    pictures = np.concatenate([data.test_images[:4], measure_reliability.textures()[::200]])
    theirs = found.familiarity.of(*measure_reliability.answers(run, pictures))
    layers, weights = run.recipe().layers(), run.weights()
    mine = [found.familiar(ops.forward(layers, weights, picture)) for picture in pictures]
    assert mine == pytest.approx(theirs, rel=2e-3, abs=2e-2)
    assert mine[-1] < found.threshold < np.median(mine[:4])  # gravel is no digit
    assert [row.name for row in found.strange] == ["textures"]
    assert found.fitted_on + found.measured_on == round(0.1 * len(data.train_labels))
    for name in (reliability_record.FILE, reliability_record.ARRAYS):
        (run.folder / name).unlink()


# ---- several networks, why, tally


def test_networks_stand_side_by_side(store):
    one, other = network(store, seed=1), network(store, seed=2)
    network(store, dataset="digits")
    at = more(open_page("classify", query={"run": one.id}, state={"photo.choice": "cat"}), "Several networks")
    seen = centre(photos.sample("cat"))
    shown = columns(at, -1)
    assert [column["title"].split(" ")[0] for column in shown] == [one.id, other.id]
    for column, run in zip(shown, (one, other), strict=True):
        assert column["lengths"] == pytest.approx(100 * probabilities(run, seen), abs=0.006)
    assert len(at.multiselect[0].options) == 1  # Digits knows other classes


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([[0.8, 0.2, 0.0], [0.6, 0.3, 0.1]], "All 2 say **a**; they share 80\u00a0%"),
        ([[0.8, 0.2, 0.0], [0.3, 0.7, 0.0]], "They disagree; they share 50\u00a0%"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "No two of 3 agree; they share 0\u00a0%"),
        ([[0.6, 0.4, 0], [0.6, 0.4, 0], [0.4, 0.6, 0]], "2 of 3 say **a**; together they share 80\u00a0%"),
    ],
)
def test_agreement_is_counted(answers, said):
    assert agreement([np.array(p, float) for p in answers], list("abc")).startswith(said)


def test_without_workers_the_page_says_what_it_takes_to_ask_where_it_looked(store):
    network(store)
    at = more(open_page("classify", state={"photo.choice": "cat"}), "Which parts mattered?")
    assert words(at).count("This needs the worker processes") == 2


def test_the_same_photo_is_a_link_away(store):
    run = network(store)
    links = {link.proto.page: link.proto for link in open_page("classify").get("page_link")}
    assert {"convolution", "network", "inside"} <= set(links)
    assert all(f"run={run.id}" in links[page].query_string for page in ("convolution", "network", "inside"))


def test_ratings_are_counted_and_go_home_without_the_photos(store):
    run = network(store)
    at = open_page("classify", state={"photo.choice": "cat"})
    said = sent(at, "bars")[0]["columns"][0]["top"]

    def rate(value):
        sound(
            next(group for group in at.get("button_group") if "Right" in group.options).set_value(value).run()
        )

    rate("right")
    assert "1 of 1 right" in words(at)
    rate("wrong")  # of one picture the last word counts
    assert "0 of 1 right" in words(at)
    truth = next(group for group in at.get("button_group") if group.label == "It is a …")
    sound(truth.set_value((said + 1) % 10).run())
    sound(at.selectbox(key="photo.choice").set_value("coffee").run())
    rate("none")
    assert "0 of 2 right, 1 of none of the ten" in words(at)
    more(at, "Your tally")
    rows = list(at.session_state["classify.tally"].values())
    table = at.table[-1].value
    assert list(table["it is"]) == [CIFAR10_CLASSES[(said + 1) % 10], "none of the ten"]
    told = list(csv.DictReader(io.StringIO(as_csv(rows, list(CIFAR10_CLASSES)))))
    assert [row["rating"] for row in told] == ["wrong", "none"]
    assert told[0]["answer"] == CIFAR10_CLASSES[said] and told[0]["network"] == run.id
    assert told[1]["truth"] == "none of the ten"
    assert float(told[0]["probability"]) == pytest.approx(rows[0]["probability"], abs=1e-4)


def test_confusion_counts_truth_against_answer():
    rows = [
        {"rating": "right", "truth": 1, "answer": 1},
        {"rating": "wrong", "truth": 0, "answer": 1},
        {"rating": "wrong", "truth": None, "answer": 2},
        {"rating": "none", "truth": None, "answer": 2},
    ]
    assert confusion(rows, 3).tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("size", "words"), [(16, "each of them becomes about 4"), (64, "about 4.0 of them become")]
)
def test_how_many_pixels_become_one_holds_for_small_squares_too(monkeypatch, size, words):
    said = []
    monkeypatch.setattr(smaller.st, "markdown", said.append)
    monkeypatch.setattr(smaller.st, "segmented_control", lambda *_labels, **_options: None)
    monkeypatch.setattr(smaller, "bars", lambda *_answers, **_options: None)
    net = SimpleNamespace(probabilities=lambda _seen: np.array([0.25, 0.75]))
    picture = np.zeros((80, 80, 3), np.uint8)
    about = {"photo": picture, "net": net, "classes": ["cat", "dog"], "answer": 1, "truth": None}
    smaller.smaller(SimpleNamespace(crop=(0, 0, size), **about))
    assert words in said[0]
    assert said[1].startswith("Four ways, one answer; the probability of dog differs by up to 0.0 points")
