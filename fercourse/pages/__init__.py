"""Pages for people: one stylesheet and one folder of templates for a run, a student's feedback, a class report."""
