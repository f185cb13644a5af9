"""The published figures that the course's trainings are held against: five public notebooks on FER2013, A to E."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """One figure as its author gave it: the model, the accuracy in % as text, the faces it was taken on, the epochs.

    faces:  "PublicTest", "PrivateTest", or what the notebook calls them where its text does not show which they are
    epochs: 0 where it says none
    """

    model: str
    percent: str
    faces: str
    epochs: int = 0

    def __str__(self):
        epochs = f", {self.epochs} epochs" if self.epochs else ""
        return f"{self.percent} % ({self.faces}{epochs})"


PUBLISHED = {
    "A3": Published("MLP, Adam", "25.0", "PublicTest", 15),
    "A4": Published("CNN, Adam", "55.1", "PublicTest", 15),
    "A5": Published("CNN, SGD", "53.4", "PublicTest", 150),
    "A6": Published("CNN in TensorFlow, Adam", "51.1", "PublicTest", 30),
    "A7 0.1": Published("ResNet18, SGD 0.1", "57.81", "its validation faces", 100),
    "A7 0.01": Published("ResNet18, SGD 0.01", "56.77", "its validation faces", 100),
    "A7 0.001": Published("ResNet18, SGD 0.001", "49.62", "its validation faces", 100),
    "A7 0.0001": Published("ResNet18, SGD 0.0001", "42.72", "its validation faces", 100),
    "A7 1e-06": Published("ResNet18, SGD 1e-06", "25.22", "its validation faces", 100),
    "A7 ResNet50": Published("ResNet50, SGD 0.1", "48.30", "its validation faces", 100),
    "A7 ResNet152": Published("ResNet152, SGD 0.1", "49.75", "its validation faces", 100),
    "A8": Published("ResNet18, the chosen one", "58.6", "its test faces", 100),
    "B": Published("CNN with batch normalisation, Adam", "66", "PublicTest", 350),
    "C plain": Published("PReLU CNN, Adadelta, without augmentation", "38.1", "faces that it does not name"),
    "C augmented": Published("PReLU CNN, Adadelta, with augmentation", "63.5", "PrivateTest", 100),
    "D custom": Published("custom CNN", "65.9", "PrivateTest"),
    "D ResNet9": Published("ResNet9", "65.1", "PrivateTest"),
    "D custom one-cycle": Published("custom CNN, one cycle", "26.0", "PrivateTest"),
    "D ResNet9 one-cycle": Published("ResNet9, one cycle", "32.7", "PrivateTest"),
    "E": Published("EfficientNet-B0, fine-tuned", "65.4", "PublicTest and PrivateTest together", 20),
}
"""What a training may say that it `reproduces`, in the order of the notebooks."""

PRINTED_LOSSES = {
    "A3": (
        1.902, 1.866, 1.846, 1.834, 1.827, 1.822, 1.818, 1.816, 1.814, 1.813, 1.812, 1.812, 1.811, 1.811, 1.811,
    ),
}  # fmt: skip
"""The losses on PublicTest that a notebook printed, epoch by epoch, nats a face."""
