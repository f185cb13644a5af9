"""Trainings that were run again for longer: of two records that differ in their epochs alone, the longer one counts."""


def superseded(records: dict[str, dict]) -> dict[str, str]:
    """File name → why, of each record beside which a longer training of the same name and recipe is recorded.

    records: file name → training record. With whichever seed the longer one was run: seeds of different lengths have
    no mean.
    """
    longest = {}
    for name, record in records.items():
        known = longest.setdefault(_but_for_epochs(record), name)
        if _epochs(record) > _epochs(records[known]):
            longest[_but_for_epochs(record)] = name
    found = {}
    for name, record in records.items():
        longer = longest[_but_for_epochs(record)]
        if _epochs(record) < _epochs(records[longer]):
            found[name] = f"{_epochs(record)} epochs, and {longer} has {_epochs(records[longer])}"
    return found


def _epochs(record):
    return record["recipe"].get("epochs", 0)


def _but_for_epochs(record):
    recipe = sorted((key, value) for key, value in record["recipe"].items() if key not in ("epochs", "seed"))
    return repr((record["lesson"], record["name"], record["fingerprint"], recipe))
