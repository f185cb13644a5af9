"""Draw docs/speedrun.png, which docs/results.md shows: accuracy on PublicTest against operations, from the records."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from fercourse.course.trainings.hours import operations
from fercourse.course.trainings.listed import TRAININGS
from fercourse.report.recorded import all_recorded

SHOWN = {
    "CNN, Adam 0.001": ("A's CNN, Adam", "o-"),
    "CNN with augmentation": ("A's CNN, changed faces", "s-"),
    "PReLU CNN with augmentation": ("C's CNN, changed faces", "^-"),
    "CNN with batch norm, Adam 0.003": ("B's CNN", "v-"),
    "ResNet18, all together, one cycle to 0.05": ("A's ResNet18, one cycle", "P-"),
    "ResNet9, one cycle to 0.002": ("D's ResNet9, one cycle", "X-"),
    "EfficientNet-B0, untrained at first": ("E's EfficientNet, untrained", "<-"),
    "EfficientNet-Lite0, fine-tuned at 80 pixels": ("EfficientNet-Lite0, ImageNet", ">-"),
    "Fast network, one minute": ("the fast network, one minute", "d--"),
    "Fast network, CPU recipe": ("the fast network, CPU recipe", "D-"),
}
"""Training → how the picture names and marks it."""

known = {training.name: training for training in TRAININGS}
records = {record["name"]: record for record in sorted(all_recorded(), key=lambda record: -record["seed"])}
figure, axes = plt.subplots(figsize=(5.6, 5.6), layout="constrained")
for name, (label, style) in SHOWN.items():
    if name in records and (spent := operations(known[name], records[name])):
        accuracies = [100 * row["valid_accuracy"] for row in records[name]["history"]]
        heavy = {"linewidth": 2.2, "color": "black", "zorder": 3} if name.startswith("Fast") else {"linewidth": 1}
        axes.plot([each / 1e12 for each in spent], accuracies, style, markersize=3.5, label=label, **heavy)
for target in (55, 60, 65):
    axes.axhline(target, color="grey", linewidth=0.6, linestyle=":")
axes.set(xscale="log", ylim=(24, 70), xlabel="10¹² operations spent on training", ylabel="PublicTest, % right")
axes.set_title("FER2013: accuracy after each epoch,\nagainst what was spent (one seed each)", fontsize=10)
figure.legend(fontsize=8, loc="outside lower center", ncols=2)
figure.savefig(Path(__file__).with_suffix(".png"), dpi=150)
