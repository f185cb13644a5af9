"""The command line: what it is called with, what its help says, what comes back."""

import os
import subprocess
import sys

import pytest

from fercourse.__main__ import main


def help_of(*arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=str)
def test_without_a_command_the_help_lists_all_of_them(arguments, capsys):
    said = help_of(*arguments, capsys=capsys)
    for command in ("build", "run", "results", "grade", "demo", "improve", "data"):
        assert f"• {command} " in said
    assert "Find, check, convert and download FER2013." in said


@pytest.mark.parametrize("arguments", [("data",), ("data", "--help")], ids=str)
def test_data_without_a_command_lists_its_commands(arguments, capsys):
    said = help_of(*arguments, capsys=capsys)
    assert said.startswith("usage: python -m fercourse data [-h] {find,verify,summary,convert,export-drawn,download}")


def test_a_command_is_given_its_required_arguments_by_place_and_grade_by_name(capsys):
    said = help_of("data", "convert", "--help", capsys=capsys)
    assert said.startswith("usage: python -m fercourse data convert [-h] PATH TO LAYOUT ")
    said = help_of("grade", "--help", capsys=capsys)
    assert said.startswith("usage: python -m fercourse grade [-h] [GRADE OPTIONS] SUBMISSIONS ")
    assert "--solution PATH" in said
    assert "--out PATH" in said


@pytest.mark.parametrize("arguments", [["biuld"], ["data", "verfy"], ["build", "--chekc"], ["data", "verify"]], ids=str)
def test_what_is_mistyped_or_missing_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_a_command_of_the_data_runs(capsys):
    assert main(["data", "find"]) == 0
    assert capsys.readouterr().out.startswith("FERCOURSE_DATA is 'drawn'")


def test_a_reader_that_stops_reading_ends_the_command_without_a_traceback():
    command = [sys.executable, "-m", "fercourse", "data", "find"]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}  # what is printed is written at the end
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    started.stdout.close()
    assert started.stderr.read() == ""
    assert started.wait() == 141
    started.stderr.close()
