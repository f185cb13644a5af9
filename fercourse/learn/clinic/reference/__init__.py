"""The reference audit, which a student reads after writing one."""


def audit(pipeline):
    """What the reference audit finds wrong with a pipeline, a list of texts."""
    return []
