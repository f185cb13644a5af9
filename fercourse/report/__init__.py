"""What a training did and what a model answers: histories, predictions, claims, records, plots. No framework."""

from fercourse.report.claims import begin, claim, record
from fercourse.report.history import History
from fercourse.report.predictions import Predictions
from fercourse.report.records import read_records, write_record

__all__ = ["History", "Predictions", "begin", "claim", "read_records", "record", "write_record"]
