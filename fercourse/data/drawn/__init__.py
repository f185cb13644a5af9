"""Faces drawn from a seed, for those without FER2013; and the note that says so beside a file of them."""
