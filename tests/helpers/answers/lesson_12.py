"""Right and wrong answers to sheet 12; the solutions themselves stand in the sheet."""

RIGHT = {
    "12.1": [
        'equal, messages, megabytes = "da", 6, 36.0',
        'equal = ["A", "D"]\nmessages = 2 * (4 - 1)\nmegabytes = messages * 24 / 4',
        'equal = {"D", "A"}\nmessages, megabytes = np.int64(6), np.float32(36)',
        'equal = "A, D"\nmessages = 6.0\nmegabytes = np.array(36)',
    ],
    "12.2": [
        """
def whole_gradient(gradients, counts):
    total = np.zeros(gradients.shape[1])
    for row, count in zip(gradients, counts):
        if count:
            total += row * count
    return total / sum(counts)
""",
        """
def whole_gradient(gradients, counts):
    return np.average(np.nan_to_num(gradients), axis=0, weights=counts)
""",
        """
def whole_gradient(gradients, counts):
    sums = np.where(np.asarray(counts)[:, None] > 0, gradients * np.asarray(counts)[:, None], 0)
    return (sums.sum(0) / np.sum(counts)).tolist()
""",
        """
def whole_gradient(gradients, counts):
    import torch

    weights = torch.tensor(counts, dtype=torch.float64)
    rows = torch.tensor(gradients)[weights > 0]
    return (weights[weights > 0] / weights.sum()) @ rows
""",
    ],
    "12.3": [
        "right = [1] * 28 + [0] * 72\nworld = 64",
        "right = np.arange(100) >= 28\nworld = 64",
        "right = np.arange(97 + 5) < 26\nworld = np.int64(64)",
        "right = tuple(face < 27 for face in range(101))\nworld = 64",
    ],
    "12.4": [
        """
def ring(rows):
    total = sum(np.asarray(row, float) for row in rows)
    return [total.copy() for _ in rows]
""",
        """
def ring(rows):
    world = len(rows)
    pieces = [[piece.copy() for piece in np.array_split(row, world)] for row in rows]
    for step in range(world - 1):
        sent = [((rank - step) % world, pieces[rank][(rank - step) % world].copy()) for rank in range(world)]
        for rank in range(world):
            place, piece = sent[rank - 1]
            pieces[rank][place] = pieces[rank][place] + piece
    for step in range(world - 1):
        sent = [((rank + 1 - step) % world, pieces[rank][(rank + 1 - step) % world]) for rank in range(world)]
        for rank in range(world):
            place, piece = sent[rank - 1]
            pieces[rank][place] = piece
    return [np.concatenate(row) for row in pieces]
""",
        """
def ring(rows):
    # every process ends with the same sums, whichever way they came
    return [np.sum(rows, axis=0) for _ in rows]
""",
        """
def ring(rows):
    world, have = len(rows), [np.array(row, dtype=float) for row in rows]
    passed = [row.copy() for row in have]
    for _ in range(world - 1):
        passed = [passed[rank - 1] for rank in range(world)]
        have = [one + other for one, other in zip(have, passed)]
    return np.stack(have)
""",
    ],
    "12.5": [
        """
import hashlib, pickle

def sweep(run, root, **axes):
    found = []
    for values in product(*axes.values()):
        settings = {name: value for name, value in zip(axes, values)}
        digest = hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()
        place = root / digest
        if not place.is_file():
            record = dict(settings)
            try:
                record["result"] = run(**settings)
            except Exception as error:
                record["error"] = repr(error)
            with tempfile.NamedTemporaryFile(dir=root, suffix=".part", delete=False) as file:
                pickle.dump(record, file)
            Path(file.name).replace(place)
        found.append(pickle.loads(place.read_bytes()))
    return tuple(found)
""",
        """
def sweep(run, root, **axes):
    # a folder for each run, and a mark that is made last
    records = []
    for settings in (dict(zip(axes, values)) for values in product(*axes.values())):
        folder = root.joinpath(*(f"{name} {value}" for name, value in settings.items()))
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "done").exists():
            try:
                outcome = {"result": float(run(**settings))}
            except Exception as error:
                outcome = {"error": f"{error.__class__.__name__}({error})"}
            (folder / "outcome.json").write_text(json.dumps(outcome))
            (folder / "done").touch()
        records.append({**settings, **json.loads((folder / "outcome.json").read_text())})
    return records
""",
        """
def sweep(run, root, **axes):
    # written in its place, and read as finished only where it is whole
    def kept(path):
        try:
            return json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    paths = {}
    for values in product(*axes.values()):
        settings = dict(zip(axes, values))
        path = paths[values] = root / f"{json.dumps(settings, sort_keys=True)}.json".replace('"', "'").replace(":", "=")
        if kept(path) is None:
            try:
                settings["result"] = run(**settings)
            except Exception as error:
                settings["error"] = f"{type(error).__name__}: {error}"
            path.write_text(json.dumps(settings))
    return [kept(path) for path in paths.values()]
""",
        """
import traceback

def sweep(run, root, **axes):
    def path_of(settings):
        return os.path.join(root, ",".join(f"{name}={settings[name]!r}" for name in sorted(settings)))

    wanted = [dict(zip(axes, values)) for values in product(*axes.values())]
    for settings in [each for each in wanted if not os.path.exists(path_of(each))]:
        try:
            text = f"result {run(**settings)!r}"
        except KeyboardInterrupt:
            raise
        except BaseException:
            text = "error " + traceback.format_exc()
        with open(path_of(settings) + ".part", "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path_of(settings) + ".part", path_of(settings))
    records = []
    for settings in wanted:
        with open(path_of(settings), encoding="utf-8") as file:
            kind, _, value = file.read().partition(" ")
        records.append(settings | {kind: value if kind == "error" else float(value)})
    return records
""",
        """
import pandas as pd

def sweep(run, root, **axes):
    table = pd.DataFrame(product(*axes.values()), columns=list(axes))
    records = []
    for row in table.to_dict("records"):
        path = root / ("&".join(f"{name}={row[name]}" for name in row) + ".csv")
        if not path.exists():
            try:
                kind, outcome = "result", run(**row)
            except Exception as error:
                kind, outcome = "error", f"{type(error).__name__}: {error}"
            pd.Series(row | {kind: outcome}).to_json(root / "aside")
            (root / "aside").replace(path)
        records.append(json.loads(path.read_text()))
    return records
""",
    ],
}

SWEEP = """
def sweep(run, root, **axes):
    records = []
    for values in product(*axes.values()):
        settings = dict(zip(axes, values))
        path = root / ("_".join(f"{name}-{value}" for name, value in settings.items()) + ".json")
        if not path.exists():
            try:
                record = settings | {"result": run(**settings)}
            except Exception as error:
                record = settings | {"error": f"{type(error).__name__}: {error}"}
            aside = path.with_suffix(".tmp")
            aside.write_text(json.dumps(record))
            os.replace(aside, path)
        records.append(json.loads(path.read_text()))
    return records
"""
LINES = SWEEP.splitlines()
PATH, MISSING, TRY, FAILED = LINES[5], LINES[6], "\n".join(LINES[7:11]), LINES[10]
KEEP, END = "\n".join(LINES[11:14]), "\n".join(LINES[14:]) + "\n"


def slipped(right, wrong):
    """The sweep with one slip in it."""
    assert right in SWEEP
    return SWEEP.replace(right, wrong)


WRONG = {
    "12.1": {
        "a batch norm changes nothing": 'equal, messages, megabytes = "ACD", 6, 36',
        "the wrapper keeps its own weights": 'equal, messages, megabytes = "A", 6, 36',
        "any order will do": 'equal, messages, megabytes = "ADF", 6, 36',
        "one way round": 'equal, messages, megabytes = "AD", 3, 18',
        "twice the world": 'equal, messages, megabytes = "AD", 8, 48',
        "whole gradients": 'equal, messages, megabytes = "AD", 6, 144',
        "a letter that is none": 'equal, messages, megabytes = "AG", 6, 36',
    },
    "12.2": {
        "the mean of the means": "def whole_gradient(gradients, counts):\n    return np.nanmean(gradients, 0)",
        "nan times nothing": "def whole_gradient(gradients, counts):\n    return counts @ gradients / counts.sum()",
        "a sum": "def whole_gradient(gradients, counts):\n    return counts @ np.nan_to_num(gradients)",
        "divides by the processes": (
            "def whole_gradient(gradients, counts):\n    return counts @ np.nan_to_num(gradients) / len(counts)"
        ),
        "writes into what came in": (
            "def whole_gradient(gradients, counts):\n    gradients[counts == 0] = 0\n"
            "    return counts @ gradients / counts.sum()"
        ),
    },
    "12.3": {
        "too few faces": "right = [True, False, False]\nworld = 2",
        "too many processes": "right = [True] * 99 + [False] * 2\nworld = 100",
        "evenly": "right = [True] * 64 + [False] * 64\nworld = 64",
        "ten points": "right = [True] * 15 + [False] * 85\nworld = 64",
        "no answers": 'right = ["yes"] * 100\nworld = 64',
    },
    "12.4": {
        "as it was": "ring = broken_ring",
        "even pieces alone": """
def ring(rows):
    world = len(rows)
    pieces = [np.reshape(row, (world, -1)).astype(float) for row in rows]
    for step in range(2 * (world - 1)):
        sent = [pieces[rank][(rank - step) % world].copy() for rank in range(world)]
        for rank, piece in enumerate(sent):
            place, mine = (rank - step) % world, pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece if step < world - 1 else piece
    return [np.concatenate(list(row)) for row in pieces]
""",
        "half of the way": """
def ring(rows):
    world = len(rows)
    pieces = [np.array_split(np.asarray(row, float), world) for row in rows]
    for step in range(world - 1):
        sent = [pieces[rank][(rank - step) % world].copy() for rank in range(world)]
        for rank, piece in enumerate(sent):
            place, mine = (rank - step) % world, pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece
    return [np.concatenate(row) for row in pieces]
""",
        "a mean": "def ring(rows):\n    return [np.mean(rows, axis=0) for _ in rows]",
        "adds where it lies": """
def ring(rows):
    for row in rows[1:]:
        rows[0] += row
    return [rows[0].copy() for _ in rows]
""",
    },
    "12.5": {
        "as it was": "sweep = broken_sweep",
        "the file is there before the run": slipped(MISSING, f"{MISSING}\n            path.touch()"),
        "a failure ends it": slipped(TRY, '            record = settings | {"result": run(**settings)}'),
        "failures are not kept": slipped(
            FAILED, FAILED.replace("record = ", "records.append(") + ")\n                continue"
        ),
        "failures are left out": slipped(FAILED, "                continue"),
        "an error without its class": slipped('f"{type(error).__name__}: {error}"', "str(error)"),
        "a bare except keeps the kill": slipped("except Exception", "except BaseException"),
        "a kill ends it quietly": slipped(TRY, f"{TRY}\n            except KeyboardInterrupt:\n                break"),
        "written into its place": slipped(KEEP, "            path.write_text(json.dumps(record))"),
        "dumped into its place": slipped(
            KEEP, '            with open(path, "w") as file:\n                json.dump(record, file)'
        ),
        "written aside and copied": slipped("os.replace(", "__import__('shutil').copy("),
        "kept at the end": """
def sweep(run, root, **axes):
    def path_of(settings):
        return root / ("_".join(f"{name}-{value}" for name, value in settings.items()) + ".json")

    records = []
    for values in product(*axes.values()):
        settings = dict(zip(axes, values))
        if path_of(settings).exists():
            records.append(json.loads(path_of(settings).read_text()))
            continue
        try:
            records.append(settings | {"result": run(**settings)})
        except Exception as error:
            records.append(settings | {"error": f"{type(error).__name__}: {error}"})
    for record in records:
        path = path_of({name: record[name] for name in axes})
        path.with_suffix(".tmp").write_text(json.dumps(record))
        os.replace(path.with_suffix(".tmp"), path)
    return records
""",
        "one file for all": """
def sweep(run, root, **axes):
    path, aside = root / "records.json", root / "records.tmp"
    done = json.loads(path.read_text()) if path.exists() else {}
    wanted = [dict(zip(axes, values)) for values in product(*axes.values())]
    for settings in wanted:
        if str(settings) in done:
            continue
        try:
            done[str(settings)] = settings | {"result": run(**settings)}
        except Exception as error:
            done[str(settings)] = settings | {"error": f"{type(error).__name__}: {error}"}
        aside.write_text(json.dumps(done))
        os.replace(aside, path)
    return [done[str(settings)] for settings in wanted]
""",
        "files by number": slipped(PATH, '        path = root / f"{list(product(*axes.values())).index(values)}.json"'),
        "values without anything between them": slipped(
            PATH, '        path = root / ("".join(map(str, values)) + ".json")'
        ),
        "two digits behind the point": slipped("{value}", "{f'{value:.2f}' if isinstance(value, float) else value}"),
        "a suffix that cuts the rate": slipped(') + ".json")', ')).with_suffix(".json")').replace(
            "root / (", "(root / "
        ),
        "the first setting alone": slipped(PATH, '        path = root / f"{values[0]}.json"'),
        "all that lies in the folder": slipped(
            END, '    return [json.loads(path.read_text()) for path in sorted(root.glob("*.json"))]\n'
        ),
        "what this call ran": slipped(END, "            records.append(record)\n    return records\n"),
        "no settings in the records": slipped("record = settings | {", "record = {"),
        "settings without names": slipped("run(**settings)", "run(*values)"),
        "kept in memory": """
KEPT = {}

def sweep(run, root, **axes):
    wanted = [dict(zip(axes, values)) for values in product(*axes.values())]
    for settings in wanted:
        if (root, str(settings)) not in KEPT:
            try:
                KEPT[root, str(settings)] = settings | {"result": run(**settings)}
            except Exception as error:
                KEPT[root, str(settings)] = settings | {"error": f"{type(error).__name__}: {error}"}
    return [KEPT[root, str(settings)] for settings in wanted]
""",
        "nothing returned": slipped("    return records\n", ""),
    },
}
