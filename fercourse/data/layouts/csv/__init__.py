"""`fer2013.csv` and its relatives, as a stream: blocks parsed at once, single lines where something is wrong."""
