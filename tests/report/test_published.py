"""What others printed, held against what follows from FER2013's counts."""

import numpy as np

from fercourse.data.faces import OFFICIAL_COUNTS
from fercourse.report.published import PRINTED_LOSSES


def test_the_losses_of_notebook_a_fall_to_what_the_class_shares_cost_on_publictest():
    shares, faces = (np.array(OFFICIAL_COUNTS[usage]) for usage in ("Training", "PublicTest"))
    cost = -(faces * np.log(shares / shares.sum())).sum() / faces.sum()
    printed = PRINTED_LOSSES["A3"]
    assert len(printed) == 15
    assert sorted(printed, reverse=True) == list(printed)
    assert printed[-1] == round(cost, 3)
