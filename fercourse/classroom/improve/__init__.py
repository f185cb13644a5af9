"""Improve it: a network that a student trained travels as arrays, and is judged on faces that it has not seen."""
