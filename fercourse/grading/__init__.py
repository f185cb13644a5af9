"""Grading: submissions in, marks out. Nothing of a student's runs outside a sandbox; no test runs inside it.

command, grade_class     the command; a class from its submissions to its marks
batch                    one process for each submission, each result kept
sheet                    what is graded by: the solved notebook, its graded cells, exercises and answers
marking, instructor      one submission: its cells run in the sandbox, the tests here
names, outputs, text     names in code, outputs of cells, texts of students
submissions/             the way in
sandbox/, inside/        the two sides of the wall
tables/, pages/          the way out, for machines and for people
"""
