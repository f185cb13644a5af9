"""Judging what was measured: the ledger of the test split, intervals by drawing again, two recipes over seeds."""
