"""Does a network travel whole, and is every hostile archive refused with a sentence and without a trace?"""

import io
import json
import math
import pickle
import stat
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab import ops
from cnnlab.config import ConvBlock, DenseBlock
from cnnlab.export import ArchiveError, archive, export_archive, import_archive, safe_zip
from cnnlab.export.code import script
from cnnlab.runs import Run, RunError, Store
from cnnlab.runs.attempt import Attempt
from cnnlab.runs.history import ALWAYS
from tests.support.archives import CLASSES, CONFIG, SECRET, arrays, npz, pack, to_send, unpack


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Run:
    return to_send(Store(tmp_path_factory.mktemp("there")))


@pytest.fixture(scope="module")
def files(source) -> dict[str, bytes]:
    """The files of a good archive."""
    return unpack(export_archive(source))


def refused(data: bytes, store: Store, *words: str) -> None:
    """Assert that the archive is refused with a sentence that holds these words, and leaves nothing."""
    with pytest.raises(ArchiveError) as caught:
        import_archive(data, store, "ben")
    text = str(caught.value)
    assert text.endswith((".", ")")) and 20 < len(text) < 250, text
    for word in words:
        assert word in text, text
    assert store.runs() == []
    assert not store.root.exists() or list(store.root.iterdir()) == []


# ---- The way there and back


def test_a_network_travels_whole(source, store):
    run = import_archive(export_archive(source), store, "ben")
    assert [other.id for other in store.runs()] == [run.id]
    recipe = run.recipe()
    assert (recipe.config, recipe.classes, recipe.preset) == (CONFIG, CLASSES, "article")
    assert (recipe.owner, recipe.note) == ("ben", "Imported")
    assert run.history() == source.history()
    theirs = source.weights()
    assert run.weights().keys() == theirs.keys()
    for name, array in run.weights().items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, theirs[name])
    assert run.kernel_epochs() == [0, 1, 2, 3]
    np.testing.assert_array_equal(run.kernels(2)["conv_2/kernel"], source.kernels(2)["conv_2/kernel"])
    mine, other = run.evaluation(), source.evaluation()
    np.testing.assert_array_equal(mine.probabilities, other.probabilities)
    assert (mine.openings, mine.labels.tolist()) == (1, other.labels.tolist())
    image = np.full((32, 32, 3), 90, np.uint8)
    answers = [ops.forward(r.recipe().layers(), r.weights(), image)[-1].values for r in (run, source)]
    np.testing.assert_array_equal(*answers)
    assert [path.name for path in store.root.iterdir()] == [run.id]


@pytest.mark.parametrize("later", ["", ",later", ",l2,later"])
def test_archives_of_an_earlier_and_of_a_later_version_come_in(files, store, later):
    """One without the newer columns, and one with a column that this version does not know yet."""
    values = {"": "", ",later": ",0.25", ",l2,later": ",0.125,soon"}[later]
    lines = [HEADER + later] + [f"{epoch},1,0.5,1,0.5,0.1,1{values}" for epoch in (1, 2, 3)]
    run = import_archive(pack(files | {"history.csv": "\n".join([*lines, ""]).encode()}), store, "ben")
    row = run.history()[-1]
    assert (row["val_loss"], row["epoch"]) == (1, 3)
    assert math.isnan(row["cross_entropy"]) and math.isnan(row["l2"]) == ("l2" not in later)
    assert row.get("later") == (values.split(",")[-1] or None)


def test_a_shipped_network_travels_too(store):
    article = Store().get("article")
    data = export_archive(article)
    assert len(data) < 4 * 2**20
    run = import_archive(data, store, "ben")
    assert run.evaluation().accuracy == article.evaluation().accuracy
    assert len(run.kernel_epochs()) == 11


def test_it_rests_as_finished_and_wants_no_worker(source, store):
    run = import_archive(export_archive(source), store, "ben")
    state = run.state()
    assert (state.phase, state.epoch, state.epochs, state.steps) == ("finished", 3, 3, 21)
    assert run.needs_attempt() is None
    assert run.claimed(1).reason == "import"


def test_one_that_was_stopped_rests_as_stopped(tmp_path, store):
    run = to_send(Store(tmp_path / "there"), rows=2, evaluated=False)
    run = import_archive(export_archive(run), store, "ben")
    assert (run.state().phase, run.state().epoch, run.state().epochs) == ("stopped", 2, 3)
    assert run.evaluation() is None


def test_its_training_cannot_go_on_for_want_of_the_optimiser(source, store):
    run = import_archive(export_archive(source), store, "ben")
    for command, value in (("resume", None), ("epochs", 4)):
        with pytest.raises(RunError, match="cannot go on"):
            run.command(command, "ben", value)
    assert run.needs_attempt() is None
    with pytest.raises(RunError, match="somebody else"):
        run.command("stop", SECRET)


def test_it_can_be_sent_on_and_repeated(source, store, tmp_path):
    run = import_archive(export_archive(source), store, "ben")
    again = import_archive(export_archive(run), Store(tmp_path / "third"), "carla")
    assert again.history() == source.history()
    assert "GlorotUniform" in script(again)


def test_changes_travel_but_pauses_do_not(tmp_path, store):
    run = to_send(Store(tmp_path / "there"), rows=2)
    for command, value in (("pause", None), ("rate", 0.02), ("resume", None), ("epochs", 2)):
        run.command(command, SECRET, value)
    run = import_archive(export_archive(run), store, "ben")
    assert [(command.name, command.value) for command in run.commands()] == [("rate", 0.02), ("epochs", 2)]
    assert run.state().phase == "finished"


def test_the_owner_is_never_exported(source, files):
    data = export_archive(source)
    assert SECRET in (source.folder / "config.json").read_text()
    assert SECRET.encode() not in data
    assert all(SECRET.encode() not in content and b"owner" not in content for content in files.values())


def test_what_has_not_finished_an_epoch_cannot_be_exported(tmp_path):
    run = to_send(Store(tmp_path), rows=0, evaluated=False)
    with pytest.raises(RunError, match="not finished an epoch"):
        export_archive(run)


def test_many_kernels_are_thinned_out_to_the_first_layer(source, store, monkeypatch):
    monkeypatch.setattr("cnnlab.export.archive_schema.KERNELS", 1000)
    run = import_archive(export_archive(source), store, "ben")
    assert run.kernel_epochs() == [0, 1, 2, 3]
    assert list(run.kernels(1)) == ["conv_1/kernel"]


# ---- Hostile archives: the container


def test_no_zip(store):
    for data in (b"", b"PK", b"hello" * 100, pickle.dumps(["x"])):
        refused(data, store, "damaged")


def test_truncated(source, store):
    data = export_archive(source)
    for size in (10, len(data) // 2, len(data) - 1):
        refused(data[:size], store, "damaged")


def test_a_flipped_byte(source, store):
    data = bytearray(export_archive(source))
    data[len(data) // 3] ^= 0xFF
    refused(bytes(data), store)


@pytest.mark.parametrize(
    "name", ["../config.json", "kernels/../../x", "/etc/passwd", "C:\\x", "..\\x", "~/x", "c:/x", "a/.."]
)
def test_names_that_lead_out(files, store, tmp_path, name):
    refused(pack(files | {name: b"x"}), store, "outside")
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR, stat.S_IFCHR])
def test_links_and_devices(files, store, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = ((kind if name == "weights.npz" else stat.S_IFREG) | 0o644) << 16
            packed.writestr(info, b"/etc/passwd" if name == "weights.npz" else data)
    refused(buffer.getvalue(), store, "instead of a file")


def test_duplicate_names(files, store):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile's own, about the name
        buffer = io.BytesIO(pack(files))
        with zipfile.ZipFile(buffer, "a") as packed:
            packed.writestr("config.json", b"{}")
    refused(buffer.getvalue(), store, "twice")


@pytest.mark.parametrize("name", ["model.keras", "attempt-1", "checkpoint/state.npz", "a.pkl", "kernels/"])
def test_surplus_files(files, store, name):
    refused(pack(files | {name: b"x"}), store, "does not belong", name)


def test_a_surplus_name_is_not_quoted_where_it_could_be_markup(files, store):
    refused(pack(files | {"![x](http)": b"x"}), store, "does not belong")
    with pytest.raises(ArchiveError) as caught:
        import_archive(pack(files | {"<img src=x>": b"x"}), store, "ben")
    assert "<" not in str(caught.value)


def test_a_nested_zip(files, store):
    refused(pack(files | {"inner.zip": pack(files)}), store, "does not belong")
    refused(pack(files | {"weights.npz": pack(files)}), store, "weights.npz", "does not belong")
    refused(pack(files | {"weights.npz": npz(inner=np.zeros(3))}), store, "weights.npz", "does not belong")


def test_too_many_files(files, store, monkeypatch):
    monkeypatch.setattr(safe_zip, "MEMBERS", 20)
    many = {f"kernels/epoch-{epoch:04d}.npz": b"" for epoch in range(30)}
    refused(pack(files | many), store, "more than 20 files")
    refused(pack({f"{i}": b"" for i in range(300)}), store, "more than 20 files")


def test_a_large_upload(store, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 2**20)
    refused(bytes(2**20 + 1), store, "larger than 1 MB")


def test_a_zip_bomb(files, store, monkeypatch):
    refused(pack(files | {"config.json": bytes(10 * 2**20)}), store, "config.json", "unpacks to more")
    refused(pack(files | {"weights.npz": bytes(70 * 2**20)}), store, "weights.npz", "unpacks to more")
    monkeypatch.setattr(safe_zip, "UNPACKED", 2**20)
    kernels = {f"kernels/epoch-{epoch:04d}.npz": bytes(2**18) for epoch in range(10)}
    refused(pack(files | kernels), store, "unpacks to more")


def test_a_bomb_within_an_array_file(files, store, monkeypatch):
    monkeypatch.setattr(safe_zip, "UNPACKED", 2**20)
    bomb = pack({"conv_1/kernel.npy": bytes(2**24)})
    refused(pack(files | {"weights.npz": bomb}), store, "weights.npz", "unpacks to more")


def test_sizes_are_counted_and_not_believed(files, store):
    """The headers claim one byte each; what comes out is either cut off there or found out."""
    data = bytearray(pack(files | {"config.json": bytes(5 * 2**20)}))
    place = data.index(b"PK\x01\x02", data.index(b"history.csv"))
    while place >= 0:
        data[place + 24 : place + 28] = (1).to_bytes(4, "little")
        place = data.find(b"PK\x01\x02", place + 4)
    refused(bytes(data), store)


def test_a_name_that_is_no_text(files, store):
    data = pack(files | {"kernels/epoch-äää.npz": b"x"}).replace("ää".encode(), b"\xff\xfe\xff\xfe")
    refused(data, store)


def test_an_encrypted_archive(files, store):
    data = bytearray(pack(files))
    place = data.index(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 4)
    refused(bytes(data), store, "encrypted")


def test_another_way_of_packing(files, store):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    refused(buffer.getvalue(), store, "packed in a way")


@pytest.mark.parametrize("name", ["config.json", "history.csv", "weights.npz"])
def test_a_missing_file(files, store, name):
    refused(pack({other: data for other, data in files.items() if other != name}), store, "lacks", name)


# ---- Hostile archives: the configuration


def edited(files: dict[str, bytes], **values) -> bytes:
    recipe = json.loads(files["config.json"]) | values
    return pack(files | {"config.json": json.dumps(recipe).encode()})


def configured(files: dict[str, bytes], **values) -> bytes:
    return edited(files, config=json.loads(files["config.json"])["config"] | values)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[" * 60_000, b"9" * 5000, b"{}", b"[]", b"3"])
def test_a_config_that_is_none(files, store, content):
    refused(pack(files | {"config.json": content}), store, "config.json")


def test_a_huge_config(files, store):
    refused(edited(files, classes=["x" * 30 + str(i) for i in range(5000)]), store, "unpacks to more")
    blocks = [json.loads(ConvBlock(filters=1).model_dump_json())] * 13
    refused(configured(files, model={"blocks": blocks}), store, "model.blocks")


@pytest.mark.parametrize("schema", [0, 2, "1", None, []])
def test_another_schema(files, store, schema):
    refused(edited(files, schema=schema), store, "another version")


@pytest.mark.parametrize("dataset", ["faces", "", None, 3, ["digits"], {"digits": 1}, "<b>"])
def test_an_unknown_dataset(files, store, dataset):
    refused(configured(files, dataset=dataset), store, "data that this app does not have", "digits")


@pytest.mark.parametrize(
    "values, word",
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": 10**9}, "epochs"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"optimizer": "__import__"}, "optimizer"),
        ({"surprise": 1}, "surprise"),
        ({"model": {"blocks": [], "dense": [{"units": 10**6}]}}, "units"),
        ({"label_smoothing": 0.1, "loss": "mse"}, "config"),
        ({"model": 7}, "model"),
    ],
)
def test_settings_out_of_range(files, store, values, word):
    refused(configured(files, **values), store, "config.json", word)


def test_a_config_with_surplus_or_missing_parts(files, store):
    refused(edited(files, owner="eve"), store, "config.json")
    refused(edited(files, note="<script>"), store, "config.json")
    refused(edited(files, config=[]), store, "config.json")


@pytest.mark.parametrize("preset", [3, None, "x" * 41, "a\nb", "![x](http://y)"])
def test_a_preset_that_is_no_name(files, store, preset):
    refused(edited(files, preset=preset), store, "preset")


@pytest.mark.parametrize("steps", [-1, 10**9, 1.5, "9", None, True, []])
def test_a_number_of_batches_that_is_none(files, store, steps):
    refused(edited(files, steps=steps), store, "batches")


@pytest.mark.parametrize(
    "classes",
    [
        [],
        ["one"],
        "cat",
        None,
        ["cat", 3, "frog"],
        ["a", "b", "<script>"],
        ["a", "b", "c\nimport os"],
        ["a", "b", "x" * 41],
        [f"class {i}" for i in range(101)],
        ["cat", "dog", "cat"],
    ],
)
def test_classes_that_are_no_names(files, store, classes):
    refused(edited(files, classes=classes), store, "class")


def test_layers_that_do_not_fit_together(files, store):
    blocks = [ConvBlock(filters=2, kernel=7, stride=4, pool="max").model_dump()] * 4
    refused(configured(files, model={"blocks": blocks}), store, "do not fit together")


def test_a_network_too_large_to_hold(files, store):
    dense = [DenseBlock(units=4096).model_dump()] * 6
    refused(configured(files, model={"blocks": [], "dense": dense}), store, "MB of weights")


# ---- Hostile archives: history, changes, arrays

HEADER = ",".join(ALWAYS)  # as archives were before there were more columns
L2 = HEADER + ",l2"
SAMPLED = HEADER + ",sample_accuracy"


@pytest.mark.parametrize(
    "content",
    [
        "",
        HEADER,
        "\xff",
        "epoch,loss\n1,2",
        HEADER + "\n1,2,0.5",
        HEADER + "\n1,a,0.5,1,0.5,0.1,1",
        HEADER + "\n2,1,0.5,1,0.5,0.1,1",
        HEADER + "\n1,inf,0.5,1,0.5,0.1,1",
        HEADER + "\n1,1,nan,1,0.5,0.1,1",
        HEADER + "\n1,1,7,1,0.5,0.1,1",
        HEADER + "\n1,-1,0.5,1,0.5,0.1,1",
        HEADER + "\n1,1,0.5,1,-inf,0.1,1",
        HEADER + "\n1,1,0.5,1,0.5,0.1,1,9",
        HEADER + "\n" + "9" * 200_000,
        L2 + "\n1,1,0.5,1,0.5,0.1,1,-1",
        L2 + "\n1,1,0.5,1,0.5,0.1,1,inf",
        L2 + ",l2\n1,1,0.5,1,0.5,0.1,1,1,1",
        SAMPLED + "\n1,1,0.5,1,0.5,0.1,1,1.5",
        HEADER + ",<b>\n1,1,0.5,1,0.5,0.1,1,1",
        HEADER + ",later\n1,1,0.5,1,0.5,0.1,1,<b>",
        HEADER + "\n" + "\n".join(f"{i},1,0.5,1,0.5,0.1,1" for i in range(1, 2_002)),
    ],
)
def test_a_history_that_is_no_table(files, store, content):
    refused(pack(files | {"history.csv": f"{content}\n".encode("latin-1")}), store, "history.csv")


@pytest.mark.parametrize(
    "line", ["3", "{", '{"wish": "stop"}', '{"wish": ["rate"]}', '{"wish": "rate", "value": "x"}']
)
def test_changes_that_are_none(files, store, line):
    refused(pack(files | {"changes.jsonl": f"{line}\n".encode()}), store, "changes.jsonl")
    for value in (0, -1, 1e9, True, None, float("nan")):
        change = json.dumps({"wish": "epochs", "value": value}) + "\n"
        refused(pack(files | {"changes.jsonl": change.encode()}), store, "changes.jsonl")


def with_weights(files: dict[str, bytes], **changed) -> bytes:
    return pack(files | {"weights.npz": npz(**arrays(files["weights.npz"]) | changed)})


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((3, 3, 3, 5), np.float32),
        np.zeros((3, 3, 12), np.float32),
        np.zeros((3, 3, 3, 4), np.float64),
        np.zeros((3, 3, 3, 4), ">f4"),
        np.zeros((3, 3, 3, 4), np.complex64),
        np.zeros((3, 3, 3, 4), "S4"),
        np.zeros((), np.float32),
    ],
)
def test_weights_of_another_shape_or_type(files, store, wrong):
    refused(with_weights(files, **{"conv_1/kernel": wrong}), store, "weights.npz", "conv_1/kernel")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(files, store, value):
    bias = np.array([0, value, 0], np.float32)
    refused(with_weights(files, **{"conv_2/bias": bias}), store, "conv_2/bias", "NaN")


def test_a_negative_variance(files, store):
    wrong = np.array([1, 1, 1, -1], np.float32)
    refused(with_weights(files, **{"conv_1_norm/variance": wrong}), store, "variance")


def test_missing_and_surplus_weights(files, store):
    weights = arrays(files["weights.npz"])
    refused(with_weights(files, **{"conv_9/kernel": np.zeros(3, np.float32)}), store, "does not belong")
    del weights["scores/bias"]
    refused(pack(files | {"weights.npz": npz(**weights)}), store, "scores/bias", "missing")


class Trap:
    """Unpickling it creates a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_object_arrays_are_never_unpickled(files, store, tmp_path):
    trap = np.empty((3,), object)
    trap[:] = [Trap(tmp_path / "sprung")] * 3
    refused(with_weights(files, **{"conv_2/bias": trap}), store, "conv_2/bias")
    refused(pack(files | {"weights.npz": pickle.dumps(Trap(tmp_path / "sprung"))}), store, "weights.npz")
    for content in (
        pickle.dumps(Trap(tmp_path / "sprung")),
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{",
    ):
        inner = arrays(files["weights.npz"])
        del inner["conv_2/bias"]
        buffer = io.BytesIO(npz(**inner))
        with zipfile.ZipFile(buffer, "a") as packed:
            packed.writestr("conv_2/bias.npy", content)
        refused(pack(files | {"weights.npz": buffer.getvalue()}), store, "conv_2/bias", "not a plain array")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("shape", ["(3,)", "(3000000000000,)", "(-3,)", "(3, " * 3000, f"({'9' * 5000},)"])
def test_a_header_that_lies_about_its_length(files, store, shape):
    """Neither is the memory that it claims reserved, nor does a short array come through."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    content = b"\x93NUMPY\x01\x00" + (len(header)).to_bytes(2, "little") + header + bytes(8)
    inner = arrays(files["weights.npz"])
    del inner["conv_2/bias"]
    buffer = io.BytesIO(npz(**inner))
    with zipfile.ZipFile(buffer, "a") as packed:
        packed.writestr("conv_2/bias.npy", content)
    refused(pack(files | {"weights.npz": buffer.getvalue()}), store, "conv_2/bias")


def test_kernels_that_do_not_belong(files, store):
    good = arrays(files["kernels/epoch-0001.npz"])
    refused(pack(files | {"kernels/epoch-0004.npz": files["kernels/epoch-0001.npz"]}), store, "no epoch")
    for wrong in (
        good | {"conv_1/kernel": np.zeros((3, 3, 3, 5), np.float16)},
        good | {"conv_1/kernel": np.zeros((3, 3, 3, 4), np.float32)},
        good | {"conv_1/kernel": np.full((3, 3, 3, 4), np.nan, np.float16)},
        {},
    ):
        refused(pack(files | {"kernels/epoch-0001.npz": npz(**wrong)}), store, "kernels/epoch-0001.npz")


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": np.array([0, 1, 2, 0, 1, 3])},
        {"labels": np.array([0, 1, 2, 0, 1, -1])},
        {"labels": np.array([0, 1])},
        {"labels": np.zeros(6)},
        {"probabilities": np.full((6, 3), 0.5, np.float32)},
        {"probabilities": np.full((6, 4), 0.25, np.float32)},
        {"probabilities": np.full((6, 3), np.nan, np.float32)},
        {"probabilities": np.tile(np.float32([2, -1, 0]), (6, 1))},
        {"probabilities": np.zeros((0, 3), np.float32), "labels": np.zeros(0, np.int64)},
        {"openings": np.int64(0)},
        {"openings": np.int64(10**6 + 1)},
        {"epochs": np.int64(2001)},
        {"openings": np.zeros(2, np.int64)},
    ],
)
def test_an_evaluation_that_is_none(files, store, changed):
    evaluation = npz(**arrays(files["evaluation.npz"]) | changed)
    refused(pack(files | {"evaluation.npz": evaluation}), store, "evaluation.npz")


def test_a_full_disk_leaves_nothing_behind(source, store, monkeypatch):
    def full(self, weights):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Attempt, "write_result", full)
    with pytest.raises(OSError, match="No space"):
        import_archive(export_archive(source), store, "ben")
    assert list(store.root.iterdir()) == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_broken_ends_in_a_sentence_or_a_whole_run(data, source, tmp_path_factory):
    """Bytes of a good archive are overwritten, anywhere; every outcome but ArchiveError is a whole run."""
    whole = bytearray(export_archive(source))
    for _change in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    store = Store(tmp_path_factory.mktemp("broken"))
    try:
        run = import_archive(bytes(whole), store, "ben")
    except ArchiveError as error:
        assert str(error)
        assert list(store.root.iterdir()) == []
    else:
        assert run.recipe().config == CONFIG and len(run.weights()) == len(source.weights())
