"""FER2013 in every layout it is met in: how each is opened, read, verified and written."""
