"""The course as a whole: its lessons built, its notebooks run, its results collected; the command line."""
