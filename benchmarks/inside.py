"""How long does *What it learned* take to answer?

    python benchmarks/inside.py [--rounds 5] [--preset champion]

Asks a real *look* worker as the pages do, for each network that comes with the app, and takes the time from
the question to the answer's arrival: medians of `--rounds` after one that warms up. The photo is a sample and
the class is the network's answer. Patches need the dataset (CNNLAB_CIFAR10); the first kernel of a layer
searches the images, the next ones find them searched; t-SNE arranges 2,000 test images, once.
`opening` is the time until a new session holds the whole page, kernels first, from
a warm page server. --preset adds a network of that preset's shape with random weights: times do not depend on
the weights.
The last line is one JSON object, in seconds.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from session import Session, start_app, wait_until_up

from cnnlab import ops
from cnnlab.config.presets import PRESETS
from cnnlab.data import cifar10, datasets, photos
from cnnlab.data.spec import SIDE
from cnnlab.files import write_arrays
from cnnlab.inspection.ablation import Off, accuracy
from cnnlab.inspection.activation_maximisation import made_for
from cnnlab.inspection.attribution import attribute, sanity
from cnnlab.inspection.dead_kernels import measure
from cnnlab.inspection.embedding import place, space
from cnnlab.inspection.grad_cam import GradCam, layers_with_maps
from cnnlab.inspection.gradients import InputGradient, IntegratedGradients, SmoothGrad
from cnnlab.inspection.occlusion import Occlusion
from cnnlab.inspection.top_patches import best_patches
from cnnlab.runs import Run, Store
from cnnlab.workers import pool, processes
from cnnlab.workers.job import Job

STEPS = 128  # of activation maximisation


def questions(run: Run, image: np.ndarray) -> dict[str, tuple]:
    """Return name -> (function, arguments, whether it takes long)."""
    recipe, weights = run.recipe(), run.weights()
    target = int(ops.forward(recipe.layers(), weights, image)[-1].values.argmax())
    deepest = layers_with_maps(recipe.layers())[-1]
    convolutions = [layer.name for layer in recipe.layers() if isinstance(layer, ops.Conv)]
    where = str(run.folder.parent), run.id
    methods = {
        "grad_cam": GradCam(deepest),
        "occlusion": Occlusion(window=8, stride=4),
        "gradient": InputGradient(),
        "smooth_grad": SmoothGrad(),
        "integrated_gradients": IntegratedGradients(steps=64),
    }
    found = {name: (attribute, (*where, image, target, way), False) for name, way in methods.items()}
    found["sanity_check_grad_cam"] = (sanity, (*where, image, target, methods["grad_cam"]), True)
    found["maximisation_class"] = (made_for, (*where, "scores", target, STEPS, 0), True)
    found["maximisation_kernel"] = (made_for, (*where, convolutions[-1], 0, STEPS, 0), True)
    return found


def seconds(crew: pool.Workers, function, arguments: tuple, long: bool) -> float:
    start = time.perf_counter()
    job = Job(crew, function, *arguments, long=long)
    job.wait(600)
    job.result()
    return time.perf_counter() - start


def measured(crew: pool.Workers, run: Run, rounds: int) -> dict[str, float]:
    image = photos.resize(photos.square(photos.sample(next(iter(photos.samples())))))
    times = {}
    for name, (function, arguments, long) in questions(run, image).items():
        taken = [seconds(crew, function, arguments, long) for _round in range(rounds + 1)][1:]
        times[name] = statistics.median(taken)
    recipe = run.recipe()
    if datasets.find(recipe.config.dataset).present():
        convolutions = [layer.name for layer in recipe.layers() if isinstance(layer, ops.Conv)]
        arguments = str(run.folder.parent), run.id, convolutions[-1], 0
        times["patches_first"] = seconds(crew, best_patches, arguments, True)
        times["patches_next"] = seconds(crew, best_patches, (*arguments[:3], 1), True)
        where = arguments[:2]
        times["tsne_2000"] = seconds(crew, space, where, True)
        times["placing_a_photo"] = seconds(crew, place, (*where, image), True)
        times["silent_kernels"] = seconds(crew, measure, where, False)
        off = (Off(convolutions[0], 0),)
        times["switched_off"] = [seconds(crew, accuracy, (*where, off), False) for _round in range(2)][1]
    for name, value in times.items():
        print(f"  {name:24}{value:8.3f} s")
    return {f"{name}_s": round(value, 3) for name, value in times.items()}


def opening(folder: str, runs: list[Run], rounds: int) -> dict[str, float]:
    """Return by run the median of the seconds until a new session has got the whole page."""
    url, process = start_app(CNNLAB_RUNS=folder, CNNLAB_SCHEDULER="tcp://127.0.0.1:9")
    try:
        wait_until_up(url)
        found = {}
        for run in runs:
            taken = []
            for _round in range(rounds + 1):
                session = Session(url)
                taken.append(session.open("inside", f"run={run.id}"))
                assert not session.errors, session.errors
                session.close()
            found[run.id] = round(statistics.median(taken[1:]), 3)
        return found
    finally:
        process.terminate()
        process.wait(30)


def with_random_weights(preset: str, store: Store) -> Run:
    """Return a run of the preset's shape; its weights are of the size that training starts from."""
    config, classes = PRESETS[preset].config, cifar10.CLASSES
    run = store.create(config, classes, preset=preset, owner="benchmark")
    rng, arrays = np.random.default_rng(0), {}
    for name, size in ops.network_shapes(run.recipe().layers(), (SIDE, SIDE, 3)).items():
        _layer, part = name.split("/")
        spread = (2 / np.prod(size[:-1])) ** 0.5
        plain = {"gamma": 1, "variance": 1}.get(part, 0)
        drawn = rng.normal(0, spread, size) if part == "kernel" else np.full(size, plain)
        arrays[name] = drawn.astype(np.float32)
    write_arrays(run.folder / "weights.npz", arrays)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--preset", choices=PRESETS, help="also a network of this shape, with random weights")
    options = parser.parse_args()
    processes.RESOURCES.pop("train")  # nothing is trained here
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        runs = store.shipped()
        if options.preset:
            runs.append(with_random_weights(options.preset, store))
        crew = pool.Workers(store).start()
        try:
            while not crew.ready("look"):
                time.sleep(0.2)
            found = {}
            for run in runs:
                print(run.recipe().preset)
                found[run.recipe().preset] = measured(crew, run, options.rounds)
        finally:
            crew.close()
        for id, taken in opening(folder, runs, options.rounds).items():
            print(f"opening with {id}: {taken} s")
            found[store.get(id).recipe().preset]["opening_s"] = taken
    load = os.getloadavg()[0]
    print(json.dumps({**found, "rounds": options.rounds, "load": round(load, 1), "cores": os.cpu_count()}))


if __name__ == "__main__":
    main()
