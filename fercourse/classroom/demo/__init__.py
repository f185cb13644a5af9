"""The demo: a page on this machine, and a widget in a notebook, that show what a network says to one's own face."""
