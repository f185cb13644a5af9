"""How pictures are made: the look, rows of faces, curves, and what a picture says in words."""
