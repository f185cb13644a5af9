"""The authors' room: from a lesson or a sheet to its notebooks, built, checked and executed."""
