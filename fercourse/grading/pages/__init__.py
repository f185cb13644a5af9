"""The way out, for people: each student's feedback, the mark scheme, the class report."""
