"""Run records are whole, plain JSON; what an output shows carries its record."""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest

from fercourse.errors import DataMismatch, DataNotFound, NotWritten, ParameterError
from fercourse.report.records import read_records, write_record
from fercourse.report.show import show


def test_a_record_comes_back_as_plain_numbers_and_lists(tmp_path):
    record = {"b": np.float32(0.5), "a": [np.int64(3), (True, None)], "é": {"ok": np.bool_(False), "name": "Zoë"}}
    write_record(tmp_path / "run" / "record.json", record)
    assert read_records(tmp_path) == [{"b": 0.5, "a": [3, [True, None]], "é": {"ok": False, "name": "Zoë"}}]


def test_the_same_record_is_the_same_file_whatever_its_order(tmp_path):
    write_record(tmp_path / "one.json", {"b": 1, "a": {"d": 2, "c": 3}})
    write_record(tmp_path / "two.json", {"a": {"c": 3, "d": 2}, "b": 1})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (tmp_path / "one.json").read_text() == '{\n "a": {\n  "c": 3,\n  "d": 2\n },\n "b": 1\n}\n'


@pytest.mark.parametrize("nothing", [float("nan"), np.float32("inf"), np.float64("nan")])
def test_a_number_that_is_none_is_refused_and_the_old_record_stays(tmp_path, nothing):
    path = tmp_path / "record.json"
    write_record(path, {"loss": 1.0})
    with pytest.raises(ParameterError, match=r"record\['rows'\]\[1\]\['loss'\] is (nan|inf)"):
        write_record(path, {"rows": [{"loss": 1.0}, {"loss": nothing}]})
    assert read_records(tmp_path) == [{"loss": 1.0}]
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_what_json_does_not_know_is_refused_by_its_place(tmp_path):
    with pytest.raises(ParameterError, match=r"record\['images'\] is a ndarray"):
        write_record(tmp_path / "record.json", {"images": np.zeros(3)})
    with pytest.raises(ParameterError, match=r"record\['classes'\] has the key 3"):
        write_record(tmp_path / "record.json", {"classes": {3: "Happy"}})


def test_a_record_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "record.json").mkdir()
    with pytest.raises(NotWritten, match=r"record\.json could not be written"):
        write_record(tmp_path / "record.json", {})
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_records_are_found_at_any_depth_in_the_order_of_their_paths(tmp_path):
    for name in ("b/2", "a", "b/1/x"):
        write_record(tmp_path / name / "record.json", {"name": name})
    write_record(tmp_path / "a" / "other.json", {"name": "no record"})
    assert [record["name"] for record in read_records(tmp_path)] == ["a", "b/1/x", "b/2"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"loss": NaN}', "\udcff"])
def test_a_damaged_record_is_named(tmp_path, text):
    write_record(tmp_path / "good" / "record.json", {})
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "record.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataMismatch, match=r"bad.record\.json"):
        read_records(tmp_path)


def test_a_folder_that_is_not_there_is_no_empty_list_of_records(tmp_path):
    with pytest.raises(DataNotFound, match="nowhere"):
        read_records(tmp_path / "nowhere")


def test_a_plain_script_prints_the_text(capsys):
    show({"kind": "figure"}, text="recorded: 42", html="<b>recorded</b>")
    assert capsys.readouterr().out == "recorded: 42\n"


@pytest.mark.parametrize("kind", ["claim", "", None])
def test_a_kind_of_output_that_nobody_reads_back_is_refused(kind, capsys):
    with pytest.raises(ParameterError, match="expected kind: figure, guess"):
        show({"kind": kind}, text="lost", html="lost")
    assert capsys.readouterr().out == ""


def modules_after(code):
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    return lines, set(modules.split())


def test_claims_and_histories_load_neither_plots_nor_ipython():
    _, modules = modules_after("import fercourse as fc; fc.History, fc.Predictions, fc.claim")
    assert not modules & {"matplotlib", "seaborn", "IPython", "torch", "tensorflow"}


def test_plots_load_no_framework_and_a_script_with_plots_still_prints():
    lines, modules = modules_after("import fercourse as fc; fc.plots; fc.claim('01.a', True, 'A.'); fc.claims()")
    assert not modules & {"torch", "tensorflow"}
    assert "IPython" in modules  # seaborn brings it along
    assert lines == ["this run, lesson scale", "✓ A. [01.a]"]


def test_an_executed_notebook_carries_the_record_in_its_output():
    client = pytest.importorskip("nbclient")
    source = (
        "from fercourse.report.show import show\nshow({'kind': 'figure', 'value': 42}, text='42', html='<b>42</b>')"
    )
    cells = [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell("1 + 1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client.NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    [output] = json.loads(nbformat.writes(notebook))["cells"][0]["outputs"]
    assert output["metadata"]["fercourse"] == {"kind": "figure", "value": 42}
    assert "".join(output["data"]["text/plain"]) == "42"
    assert "".join(output["data"]["text/html"]) == "<b>42</b>"
