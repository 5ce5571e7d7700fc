"""Are the schedules what their names promise, and is every record whole?"""

import inspect
import math

import numpy as np
import pytest

from cnnlab.config import TrainConfig, schedules
from cnnlab.config.presets import PRESETS
from cnnlab.config.schedules import SCHEDULES


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_record_is_whole(name):
    """A factor that never exceeds the rate that was set, a title, and a source that stands alone."""
    schedule = SCHEDULES[name]
    assert schedule.title
    factors = [schedule.factor(progress) for progress in np.linspace(0, 1, 201)]
    assert min(factors) >= 0 and max(factors) == pytest.approx(1)
    source = "\n".join(inspect.getsource(function) for function in [*schedule.uses, schedule.factor])
    alone: dict = {"math": math}
    exec(source, alone)
    assert [alone[schedule.factor.__name__](progress) for progress in np.linspace(0, 1, 201)] == factors
    assert schedules.rate(name, 0.5, 3, 4) == 0.5 * schedule.factor(0.75)
    chosen = PRESETS["article"].config.model_dump() | {"schedule": name}
    assert TrainConfig(**chosen).schedule == name


def test_all_of_them_can_be_chosen():
    assert TrainConfig.model_json_schema()["properties"]["schedule"]["enum"] == list(SCHEDULES)
    assert len({schedule.title for schedule in SCHEDULES.values()}) == len(SCHEDULES)
    with pytest.raises(ValueError, match="Input should be 'constant', 'cosine' or 'one_cycle'"):
        TrainConfig(**PRESETS["article"].config.model_dump() | {"schedule": "linear"})


def test_schedules_start_peak_and_end_where_they_should():
    progress = np.linspace(0, 1, 201)
    constant, cosine, one_cycle = (
        [SCHEDULES[name].factor(p) for p in progress] for name in ("constant", "cosine", "one_cycle")
    )
    assert set(constant) == {1.0}
    assert cosine[0] == 1
    assert cosine[100] == pytest.approx(0.5)
    assert cosine[-1] == pytest.approx(0)
    assert (np.diff(cosine) < 0).all()
    assert one_cycle[0] == pytest.approx(0.04)
    assert max(one_cycle) == one_cycle[60] == pytest.approx(1)
    assert one_cycle[-1] == pytest.approx(0.001)
    assert (np.diff(one_cycle[:61]) > 0).all()
    assert (np.diff(one_cycle[60:]) < 0).all()
