"""Options of maps: flags, a TOML file and Python say the same, and what is wrong is refused."""

import subprocess
import sys
from dataclasses import fields, replace

import pytest
import typer
from typer.testing import CliRunner

from bolus.base.options import option_names, option_values
from bolus.cli import app
from bolus.cli.config import Config
from bolus.cli.groups import grouped
from bolus.data import InputError, Preparation, StrokeThresholds
from bolus.options import Given, MapOptions, Motion, Prepared, Strokes

EVERY = """
method = "bayes"
weights = "w.safetensors"
patient-prior = false
spatial = false
any-size = true
aif = "aif.tsv"
vein = "3,4,5"
mask = "brain.nii.gz"
tumor = "masks/tumor.nii.gz"
reference = "mirror"
burden = [1, 2.5]
anatomy = "t1.nii.gz"
hematocrit = 0.4
stroke = true
adc = "adc.nii.gz"
dwi = "dwi.nii.gz"
late = [5, 6]
low-flow = "30,40"
critical = 5
core-adc = 600
cluster = 0
leakage = "bsw"
motion = "censor"
motion-limit = 2
drift = false
unmix = false
dicom = true
anonymize = false
bids = true
subject = "01"
session = "a"
te = 0.03
tr = 1.5
series = 7
echo = "second.nii.gz"
"""


def line_of(*arguments):
    """What the command line makes of arguments: the options a command gets."""
    seen = []

    @grouped
    def command(options: MapOptions, config: Config = None) -> None:
        """Nothing."""
        seen.append(options)

    own = typer.Typer()
    own.command()(command)
    done = CliRunner().invoke(own, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return seen[0]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bolus.toml"
    path.write_text(EVERY)
    return path


def test_every_option_can_stand_in_a_file_and_comes_back_as_it_was_written(file, tmp_path):
    made = MapOptions.read(file)
    assert set(option_values(made)) == set(option_names(MapOptions))
    usual = option_values(MapOptions())
    assert all(usual.get(key) != value for key, value in option_values(made).items())
    again = tmp_path / "again.toml"
    again.write_text(made.as_toml("about\nthis"))
    assert MapOptions.read(again) == made
    assert again.read_text().startswith("# about\n# this\nmethod = ")
    assert made.strokes.late == "5,6"
    assert made.prepared.motion is Motion.CENSOR


def test_paths_are_taken_from_the_files_folder_and_words_are_none(file, tmp_path):
    given = MapOptions.read(file).given
    assert given.tumor == tmp_path / "masks" / "tumor.nii.gz"
    assert given.aif == str(tmp_path / "aif.tsv")
    assert (given.vein, given.reference) == ("3,4,5", "mirror")
    assert MapOptions.from_mapping({"aif": "auto"}, "t").given.aif == "auto"


def test_a_file_is_its_flags_and_a_flag_wins(file):
    made = MapOptions.read(file)
    assert line_of("--config", file) == made
    flags = line_of("--config", file, "--te", "0.05", "--drift", "--motion", "off", "--late", "4,9")
    assert flags.reading == replace(made.reading, te=0.05)
    assert flags.prepared == replace(made.prepared, drift=True, motion=Motion.OFF)
    assert flags.strokes == replace(made.strokes, late="4,9")
    assert flags.given == made.given
    assert line_of() == MapOptions()


def test_an_option_may_be_given_more_than_once(tmp_path):
    path = tmp_path / "bolus.toml"
    path.write_text('anatomy = ["t1c.nii.gz", "flair.nii.gz"]\n')
    both = (tmp_path / "t1c.nii.gz", tmp_path / "flair.nii.gz")
    made = MapOptions.read(path)
    assert made.given.anatomy == both
    assert line_of("--anatomy", both[0], "--anatomy", both[1]) == made
    assert line_of("--config", path) == made
    assert line_of("--config", path, "--anatomy", both[1]).given.anatomy == both[1:]
    path.write_text(made.as_toml())
    assert MapOptions.read(path) == made


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("motion_limit = 2", "no option 'motion_limit'; did you mean 'motion-limit'"),
        ("output = 'x'", "no option 'output'"),
        ("te = '30 ms'", "'te' is a number, found '30 ms'"),
        ("te = true", "'te' is a number, found True"),
        ("te = nan", "'te' is a number, found nan"),
        ("series = 1.5", "'series' is a whole number, found 1.5"),
        ("spatial = 'no'", "'spatial' is true or false, found 'no'"),
        ("spatial = 0", "'spatial' is true or false, found 0"),
        ("mask = 3", "'mask' is a path, found 3"),
        ("anatomy = ['a.nii', 3]", "'anatomy' is a path, or several, ['a', 'b'], found"),
        ("motion = 'leave'", "'motion' is one of correct, censor, off, found 'leave'"),
        ("late = ['x']", "'late' is numbers"),
        ("method = ['joint']", "'method' is a text"),
        ("te = ", "is TOML, and this is not"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_file(line, told, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(line)
    with pytest.raises(InputError, match=r"wrong\.toml") as error:
        MapOptions.read(path)
    assert told in str(error.value)
    with pytest.raises(InputError) as same:
        app(["maps", "x.nii", "-o", str(tmp_path / "o"), "--config", str(path)])
    assert str(same.value) == str(error.value)


def test_a_file_that_is_not_there_is_said_to_be():
    with pytest.raises(InputError, match=r"nosuch\.toml: cannot be read"):
        MapOptions.read("nosuch.toml")


def test_options_are_a_preparation_and_a_preparation_is_its_options():
    made = MapOptions(
        prepared=Prepared(motion=Motion.OFF, leakage="free", drift=False),
        given=Given(hematocrit=0.4, burden="1,2"),
        strokes=Strokes(stroke=True, late="5,6,10", critical=5.0),
    ).preparation()
    assert made.motion is None
    assert (made.blood.hematocrit, made.burden.high) == (0.4, 2.0)
    assert made.stroke == StrokeThresholds(late=(5.0, 6.0, 10.0), critical=5.0)
    for one in (made, Preparation()):
        again = MapOptions(
            prepared=Prepared.of(one),
            given=Given(
                hematocrit=one.blood.hematocrit, burden=f"{one.burden.low},{one.burden.high}"
            ),
            strokes=Strokes.of(one.stroke),
        )
        assert again.preparation().as_json() == one.as_json()


def test_a_rule_is_named_where_it_is_wrong():
    with pytest.raises(InputError, match=r"rules\.toml, rule 2: there is no option .motin."):
        MapOptions.from_mapping({"motin": "off"}, "rules.toml, rule 2")


def test_options_are_read_without_numpy():
    code = (
        "import bolus.options, sys; bolus.options.MapOptions(); assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_key_stands_for_two_options():
    groups = [type(getattr(MapOptions(), one.name)) for one in fields(MapOptions)]
    names = [name for group in groups for name in option_names(group)]
    assert sorted(names) == sorted(set(names)) == sorted(option_names(MapOptions))
