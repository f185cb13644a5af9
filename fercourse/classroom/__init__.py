"""What a notebook needs besides data and models: the setup cell, guesses, widgets, source on the page."""
