"""Grading: submissions in, marks out. Nothing of a student's runs outside a sandbox; no test runs inside it."""
