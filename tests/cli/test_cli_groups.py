"""Groups of options: options on the command line, objects in the function."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from bolus.cli import app
from bolus.cli.groups import grouped
from bolus.cli.options import matrix_of
from bolus.data import Censoring, InputError, LeakageCorrection, MotionCorrection, Preparation
from bolus.options import Given, Motion, Prepared, Strokes


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Two options."""

    size: Annotated[int, typer.Option("--size", help="How large.")] = 3
    name: Annotated[str, typer.Option("--name")]


def test_a_function_gets_the_objects_and_the_line_has_the_options():
    seen = []

    @grouped
    def command(
        source: Annotated[Path, typer.Argument()], shape: Shape, quiet: bool = False
    ) -> None:
        """What it does."""
        seen.append((source, shape, quiet))

    own = typer.Typer()
    own.command()(command)
    runner = CliRunner()
    done = runner.invoke(own, ["a.nii", "--name", "x", "--size", "5", "--quiet"])
    assert done.exit_code == 0, done.output
    assert runner.invoke(own, ["a.nii", "--name", "y"]).exit_code == 0
    assert seen == [
        (Path("a.nii"), Shape(size=5, name="x"), True),
        (Path("a.nii"), Shape(name="y"), False),
    ]
    assert runner.invoke(own, ["a.nii"]).exit_code == 2
    assert "What it does" in runner.invoke(own, ["--help"]).output


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (Prepared(), Preparation()),
        (Prepared(motion=Motion.OFF), Preparation(motion=None)),
        (
            Prepared(motion=Motion.CENSOR, motion_limit=2.0),
            Preparation(motion=MotionCorrection(limit=2.0), censoring=Censoring(moved=True)),
        ),
        (Prepared(leakage="off"), Preparation(leakage=LeakageCorrection(use=False))),
    ],
)
def test_options_are_a_preparation(given, made):
    assert given.preparation() == made


def test_a_leakage_model_by_name():
    assert Prepared(leakage="bsw").preparation().leakage.name == "bsw"
    with pytest.raises(InputError, match="free, bsw"):
        Prepared(leakage="nosuch").preparation()


def test_a_choice_that_there_is_not_is_refused_with_those_there_are():
    done = CliRunner().invoke(app, ["maps", "x.nii", "-o", "out", "--motion", "leave"])
    assert done.exit_code == 2
    assert "correct" in done.output
    assert "censor" in done.output


@pytest.mark.parametrize("text", ["²,64,64", "64,64", "64,64,x", "-1,64,64"])
def test_a_matrix_is_three_whole_numbers(text):
    with pytest.raises(InputError, match="three whole numbers"):
        matrix_of(text)


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ("31,12,5", (31, 12, 5)),
        (" 3, 0,1", (3, 0, 1)),
        ("vein.nii.gz", Path("vein.nii.gz")),
        ("1,2,vein.nii", Path("1,2,vein.nii")),
        ("1,2", Path("1,2")),
    ],
)
def test_a_vein_is_a_voxel_or_a_file(told, made):
    assert Given(vein=told).beside(Strokes()).regions["vein"] == made
