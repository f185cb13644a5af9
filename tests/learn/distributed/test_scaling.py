"""The model of cost: against sums by hand, against what a ring really sends, and against what has to be so."""

import ast

import numpy as np
import pytest
from lesson_code import definitions

from fercourse.errors import ParameterError
from fercourse.learn.distributed import Scaling, line_through, ring_seconds

MEASURED = dict(data=0.002, fixed=0.01, per_face=0.005, gradients=8e6, bandwidth=1e9, latency=0.001)


def test_a_step_is_the_sum_of_its_parts_worked_out_by_hand():
    model = Scaling(**MEASURED)
    assert model.parts(1, batch_size=128) == pytest.approx({"data": 0.002, "step": 0.65, "communication": 0})
    four = {"data": 0.002, "step": 0.01 + 0.005 * 32, "communication": 6 * (0.001 + 0.002)}
    assert model.parts(4, batch_size=128) == pytest.approx(four)
    assert model.speed_up(4, batch_size=128) == pytest.approx(0.652 / sum(four.values()))


def test_processes_that_share_cores_wait_for_each_other():
    alone, crowded = Scaling(**MEASURED), Scaling(**MEASURED, cores=2)
    assert crowded.seconds(2, batch_size=128) == alone.seconds(2, batch_size=128)
    assert crowded.parts(8, batch_size=128)["step"] == pytest.approx(4 * alone.parts(8, batch_size=128)["step"])
    assert crowded.speed_up(8, batch_size=128) < 2


def test_what_does_not_shrink_limits_the_speed_up_however_many_processes():
    free = Scaling(**MEASURED | {"gradients": 0, "latency": 0})
    speeds = [free.speed_up(count, batch_size=128) for count in (1, 2, 8, 64, 1024)]
    assert speeds == sorted(speeds)
    assert speeds[-1] < 0.652 / 0.012


def test_the_ring_of_the_lesson_sends_as_many_pieces_as_the_model_counts():
    namespace = {"np": np}
    exec(ast.unparse(definitions("12_past_one_machine.py")["ring_all_reduce"]), namespace)
    ring = namespace["ring_all_reduce"]
    rows = np.arange(15).reshape(3, 5)
    assert all((row == rows.sum(0)).all() for row in ring(rows))
    assert ring_seconds(3, 15, bandwidth=1, latency=0) == 4 * 5
    assert ring_seconds(1, 15, bandwidth=1, latency=7) == 0


def test_a_line_goes_through_both_measurements_and_has_no_negative_part():
    fixed, per_face = line_through((64, 0.5), (128, 0.9))
    assert fixed + 64 * per_face == pytest.approx(0.5)
    assert fixed + 128 * per_face == pytest.approx(0.9)
    assert line_through((64, 0.5), (128, 1.2)) == (0.0, pytest.approx(0.7 / 64))
    assert line_through((64, 0.5), (128, 0.4)) == (0.5, 0.0)
    with pytest.raises(ParameterError, match="expected seconds for two numbers of faces; found 64 twice"):
        line_through((64, 1), (64, 2))


@pytest.mark.parametrize(
    ("wrong", "said"), [({"bandwidth": 0}, "bandwidth above 0"), ({"data": -1}, "data of at least 0")]
)
def test_what_cannot_be_measured_is_refused(wrong, said):
    with pytest.raises(ParameterError, match=f"expected {said}; found"):
        Scaling(**MEASURED | wrong)
    with pytest.raises(ParameterError, match="expected processes, a whole number ≥ 1"):
        Scaling(**MEASURED).seconds(0, batch_size=128)
