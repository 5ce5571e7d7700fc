"""Does the bar on the terminal say what the run folder says?"""

import io
from types import SimpleNamespace

from tqdm import tqdm

from cnnlab.training import command_line


def test_the_bar_tells_how_far_the_whole_run_is():
    states = [
        {"epoch": 0, "epochs": 0, "steps": 0, "step": 0, "accuracy": None},  # before TensorFlow is there
        {"epoch": 0, "epochs": 3, "steps": 10, "step": 4, "accuracy": 0.25},
        {"epoch": 1, "epochs": 3, "steps": 10, "step": 0, "accuracy": None},
        {"epoch": 3, "epochs": 3, "steps": 10, "step": 10, "accuracy": 0.5},
    ]
    says, at = io.StringIO(), []
    with tqdm(file=says, delay=1e-3) as bar:
        for state in states:
            rows = [{"accuracy": 0.375}] * state["epoch"]
            run = SimpleNamespace(
                state=lambda at=state: SimpleNamespace(**at), history=lambda rows=rows: rows
            )
            command_line._show(run, bar)
            at.append((bar.n, bar.total))
            if not state["steps"]:
                assert says.getvalue() == ""
    assert at == [(0, None), (4, 30), (10, 30), (30, 30)]
    text = says.getvalue()
    assert "epoch 1/3:  13%" in text and "epoch 2/3:  33%" in text and "epoch 3/3: 100%" in text
    assert [text.count(f"accuracy={share}") > 0 for share in ("0.250", "0.375", "0.500")] == [True] * 3
