"""What is right in each exercise: one module a lesson, one function an exercise, held against an oracle.

`CHECKS` of a module maps an exercise's id to the function that takes the student's answers and raises CheckFailed.
"""
