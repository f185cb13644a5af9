"""Probes: work that a check needs done where a student's answer lives, its class, its model, its exception.

In a notebook they are called as they are; a grader calls them inside the student's kernel. They hold no solutions, and
return numbers, texts, arrays, tensors, lists and dicts, because nothing else comes back from there.
"""


def outcome_of(answer, *arguments):
    """("value", what `answer(*arguments)` returns) or ("error", the name of the exception that it raises)."""
    try:
        return "value", answer(*arguments)
    except Exception as error:  # whatever a student's code raises is the outcome
        return "error", type(error).__name__
