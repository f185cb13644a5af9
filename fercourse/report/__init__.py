"""What a training did and what a model answers: histories, predictions, claims, records, plots. No framework."""
