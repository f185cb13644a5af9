"""Cells run in a student's kernel, and what they showed as one text."""


def run(session, source, *, seconds=2):
    """A cell's outputs, each as its text; why it lost the kernel follows."""
    outputs, why = session.run(source, seconds=seconds)
    return "\n".join(map(text_of, outputs)) if why is None else why


def text_of(output):
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
