"""The trainings at full scale whose records the course keeps: which there are, how they are run, what they cost."""
