"""The collection QIN-BRAIN-DSC-MRI, quirk by quirk: imported in place, or skipped with a reason."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import typer
from qin_tree import (
    DSC,
    FINE,
    FRAMES,
    NAWM,
    SAGITTAL,
    SECRETS,
    TUMOR,
    Head,
    Style,
    bolus_signal,
    write_images,
    write_patient,
    write_roi,
    write_table,
)

import bolus.cli
from bolus.data import InputError, OutputError
from bolus.io import read_mask, read_series
from bolus.io.cohort import read_participants
from bolus.io.qin import import_qin
from recorder import Recorder

ID, NAME = "QIN-BRAIN-DSC-01-01", "sub-QINBRAINDSC0101"
OTHER, OTHER_NAME = "QIN-BRAIN-DSC-01-02", "sub-QINBRAINDSC0102"
QUIRKY = Style(
    names=("AIFx4", "MaskBrain", "MaskNAWM", "MaskTumor"), anatomy=FINE, other_study=True
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plain patient and a quirky one, each in a folder of its own."""
    root = tmp_path_factory.mktemp("made")
    return SimpleNamespace(plain=write_patient(root, ID), quirky=write_patient(root, OTHER, QUIRKY))


@pytest.fixture
def tree(made, tmp_path):
    """A folder to import from, and how to do it: (imported, cohort)."""
    root = tmp_path / "QIN-BRAIN-DSC-MRI"
    shutil.copytree(made.plain, root / ID)
    table = write_table(tmp_path / "grades.tsv", f"{ID} LGG", f"{OTHER} HGG")

    def add_quirky():
        shutil.copytree(made.quirky, root / OTHER)

    def run(**options):
        return import_qin(root, tmp_path / "cohort", table, **options)

    return SimpleNamespace(
        root=root, table=table, out=tmp_path / "cohort", run=run, add_quirky=add_quirky,
        study=next((root / ID).iterdir()),
    )  # fmt: skip


def folder_of(tree, description, patient=ID):
    (found,) = (tree.root / patient).glob(f"*/*{description}*")
    return found


def rewrite(tree, description, mask, place=DSC, number=14, change=None):
    """Replace a series of the plain patient by another mask."""
    shutil.rmtree(folder_of(tree, description))
    head = Head(patient=ID, number=number, description=description)
    return write_roi(tree.study, mask, place, head, change)


def edit(path, change):
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)


def masks_of(tree, name=NAME):
    """The patient as the cohort's readers see it: series, and masks by label."""
    (one,) = [p for p in read_participants(tree.out) if p.name == name]
    series = read_series(one.series)
    return series, {label: read_mask(path, series.grid) for label, path in one.masks.items()}


def on_dsc(series, mask):
    """A written volume in the order of ``qin_tree.DSC``, by the coordinates of its voxels."""
    lps = DSC.points().reshape(-1, 3)
    ras = np.column_stack([lps * (-1, -1, 1), np.ones(len(lps))])
    index = (np.linalg.inv(series.grid.affine) @ ras.T)[:3]
    np.testing.assert_allclose(index, np.round(index), atol=1e-3)
    return mask[tuple(np.round(index).astype(int))].reshape(*DSC.shape, *mask.shape[3:])


def reason_of(tree, patient=ID):
    """Why the only patient of the folder is skipped; nothing is written then."""
    told = Recorder()
    with pytest.raises(InputError, match="can be imported"):
        tree.run(reporter=told)
    assert not tree.out.exists()
    (reason,) = [why for who, why in told.skips if who == patient]
    assert str(tree.root) not in reason
    return reason


def test_a_patient_is_a_participant_of_the_cohort(tree):
    tree.add_quirky()
    made = tree.run()
    assert made.patients == (NAME, OTHER_NAME)
    assert (made.skipped, made.notes) == ((), ())
    assert [(p.name, p.grade) for p in read_participants(tree.out)] == [
        (NAME, "LGG"),
        (OTHER_NAME, "HGG"),
    ]
    for name in made.patients:
        series, masks = masks_of(tree, name)
        assert (series.dt, series.te) == (1.25, 0.03)
        assert set(masks) == {"aif", "brain", "nawm", "tumor"}
    assert (tree.out / "dataset_description.json").exists()
    assert (tree.out / ".bidsignore").exists()
    assert not list(tree.out.rglob("*nacc*"))


def test_values_and_masks_lie_where_they_were(tree):
    tree.run()
    series, masks = masks_of(tree)
    np.testing.assert_array_equal(on_dsc(series, series.signal), bolus_signal())
    np.testing.assert_array_equal(on_dsc(series, masks["tumor"]), DSC.ball(*TUMOR))
    np.testing.assert_array_equal(on_dsc(series, masks["nawm"]), DSC.ball(*NAWM))
    arteries = np.zeros(DSC.shape, dtype=bool)
    arteries[3:6, 4, 1] = True
    np.testing.assert_array_equal(on_dsc(series, masks["aif"]), arteries)


def test_frames_before_steady_state_are_kept(tree):
    tree.run()
    series, _ = masks_of(tree)
    assert series.n_frames == FRAMES
    course = series.signal.mean(axis=(0, 1, 2))
    assert course[0] > 1.3 * course[1] > 1.3 * 1.1 * course[4]


def test_instance_numbers_in_no_order(tree):
    for n, path in enumerate(sorted(folder_of(tree, "DSC").iterdir())):
        edit(path, lambda ds, n=n: setattr(ds, "InstanceNumber", (n * 37) % 101 + 1))
    tree.run()
    series, _ = masks_of(tree)
    np.testing.assert_array_equal(on_dsc(series, series.signal), bolus_signal())


def test_instance_numbers_of_a_mask_say_nothing(tree):
    mask = np.zeros(DSC.shape)
    mask[2, 3, 0] = mask[5, 6, 2] = 1
    change = iter((3, 1, 2))
    rewrite(tree, "Mask_Tumor", mask, change=lambda ds: setattr(ds, "InstanceNumber", next(change)))
    tree.run()
    series, masks = masks_of(tree)
    np.testing.assert_array_equal(on_dsc(series, masks["tumor"]), mask > 0)


@pytest.mark.parametrize("anatomy", [FINE, SAGITTAL], ids=["finer and shifted", "sagittal"])
def test_masks_on_another_grid_land_at_the_right_place(tree, anatomy):
    rewrite(tree, "Mask_Tumor", anatomy.ball(*TUMOR), anatomy)
    rewrite(tree, "Mask_NAWM", anatomy.ball(*NAWM), anatomy, number=13)
    tree.run()
    series, masks = masks_of(tree)
    for label, (centre, radius) in (("tumor", TUMOR), ("nawm", NAWM)):
        found = on_dsc(series, masks[label])
        distance = np.linalg.norm(DSC.points() - np.array(centre), axis=-1)
        half = np.linalg.norm(anatomy.spacing) / 2  # a voxel's centre to its corner
        assert found[distance < radius - half].all()
        assert not found[distance > radius + half].any()


def test_a_mask_of_the_same_shape_elsewhere_is_not_taken_as_it_is(tree):
    shifted = replace(DSC, origin=(DSC.origin[0] + 2 * DSC.spacing[0], *DSC.origin[1:]))
    mask = np.zeros(DSC.shape)
    mask[4, 5, 1] = 1
    rewrite(tree, "Mask_Tumor", mask, shifted)
    tree.run()
    series, masks = masks_of(tree)
    np.testing.assert_array_equal(np.argwhere(on_dsc(series, masks["tumor"])), [[6, 5, 1]])


def test_masks_in_another_study_without_underscore(tree):
    tree.add_quirky()
    assert len(list((tree.root / OTHER).iterdir())) == 2
    assert tree.run().patients == (NAME, OTHER_NAME)
    told = json.loads((tree.out / "summary.json").read_text())["imported"][OTHER_NAME]
    assert (told["patient"], told["series"], told["missing"]) == (OTHER, 5, [])
    tumor = told["masks"]["tumor"]
    assert tumor["series"] == 14
    assert tumor["voxels_drawn"] == FINE.ball(*TUMOR).sum() > tumor["voxels"]
    assert tumor["ml_drawn"] == pytest.approx(2e-3 * tumor["voxels_drawn"])
    assert tumor["ml"] == pytest.approx(25e-3 * tumor["voxels"])


def test_patients_are_told_apart_by_their_headers(tree):
    tree.add_quirky()
    for study in list((tree.root / OTHER).iterdir()):
        study.rename(tree.root / ID / f"moved {study.name}")
    assert tree.run().patients == (NAME, OTHER_NAME)


@pytest.mark.parametrize("description", ["AIFx4", "AIF_x3", "aifX4 "])
def test_arterial_voxels(tree, description):
    for path in folder_of(tree, "AIFx3").iterdir():
        edit(path, lambda ds: setattr(ds, "SeriesDescription", description))
    tree.run()
    assert masks_of(tree)[1]["aif"].sum() == 3


@pytest.mark.parametrize(("label", "description"), [("aif", "AIFx3"), ("brain", "Mask_Brain")])
def test_what_bolus_finds_itself_may_be_missing(tree, label, description):
    shutil.rmtree(folder_of(tree, description))
    made = tree.run()
    assert made.patients == (NAME,)
    assert made.notes == (f"{NAME}: no {label} mask; bolus finds it itself",)
    assert label not in masks_of(tree)[1]
    told = json.loads((tree.out / "summary.json").read_text())["imported"][NAME]
    assert told["missing"] == [label]
    assert len(told["notes"]) == 1


def test_two_arterial_masks_are_not_chosen_from(tree):
    write_roi(tree.study, np.ones(DSC.shape), DSC, Head(number=21, description="AIFx4"))
    (note,) = tree.run().notes
    assert "series 11" in note
    assert "series 21" in note
    assert "aif" not in masks_of(tree)[1]


def test_the_others_go_on(tree):
    tree.add_quirky()
    shutil.rmtree(folder_of(tree, "Mask_Tumor"))
    for one in folder_of(tree, "AIFx4", OTHER).iterdir():
        one.unlink()
    told = Recorder()
    made = tree.run(reporter=told)
    assert made.patients == (OTHER_NAME,)
    assert made.skipped == ((ID, "no tumor mask"),)
    assert [p.name for p in read_participants(tree.out)] == [OTHER_NAME]
    assert not (tree.out / NAME).exists()
    assert (ID, "no tumor mask") in told.skips
    summary = json.loads((tree.out / "summary.json").read_text())
    assert summary["software"].startswith("bolus ")
    assert summary["skipped"] == [{"patient": ID, "reason": "no tumor mask"}]
    assert list(summary["imported"]) == [OTHER_NAME]
    assert summary["imported"][OTHER_NAME]["missing"] == ["aif"]


@pytest.mark.parametrize("label", ["Tumor", "NAWM"])
def test_without_a_mask_of_tumor_or_white_matter(tree, label):
    shutil.rmtree(folder_of(tree, f"Mask_{label}"))
    assert reason_of(tree) == f"no {label.lower()} mask"


def test_both_masks_are_missed(tree):
    for label in ("Tumor", "NAWM"):
        shutil.rmtree(folder_of(tree, f"Mask_{label}"))
    reason = reason_of(tree)
    assert "no tumor mask" in reason
    assert "no nawm mask" in reason


def test_an_empty_mask(tree):
    rewrite(tree, "Mask_Tumor", np.zeros(DSC.shape))
    assert "tumor mask, series 14, is empty as drawn" in reason_of(tree)


def test_a_mask_that_slips_between_the_voxels_of_the_series(tree):
    mask = np.zeros(FINE.shape)
    mask[10, 12, 0] = 1
    rewrite(tree, "Mask_Tumor", mask, FINE)
    reason = reason_of(tree)
    assert "series 14, is empty on the grid of the DSC series: voxels drawn: 1," in reason


def test_a_mask_outside_the_series(tree):
    rewrite(tree, "Mask_NAWM", np.ones(DSC.shape), replace(DSC, origin=(200.0, 0.0, 0.0)), 13)
    assert "nawm mask, series 13, is empty on the grid of the DSC series" in reason_of(tree)


def test_values_are_rescaled_before_the_threshold(tree):
    def scale(ds):
        ds.RescaleSlope, ds.RescaleIntercept = "0.001", "-0.5"

    mask = np.full(DSC.shape, 600)
    mask[3, 4, 1] = 1001
    rewrite(tree, "Mask_Tumor", mask, change=scale)
    tree.run()
    series, masks = masks_of(tree)
    np.testing.assert_array_equal(np.argwhere(on_dsc(series, masks["tumor"])), [[3, 4, 1]])


def test_several_images_of_one_slice(tree):
    rewrite(tree, "Mask_Tumor", np.ones((*DSC.shape, 2)))
    reason = reason_of(tree)
    assert "several images at one place" in reason
    assert "Mask_Tumor" in reason


def test_a_mask_with_a_slice_missing(tree):
    folder = rewrite(tree, "Mask_Tumor", np.ones(FINE.shape), FINE)
    gone = [p for p in folder.iterdir() if pydicom.dcmread(p).ImagePositionPatient[2] == 5]
    gone[0].unlink()
    assert "not evenly spaced" in reason_of(tree)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda ds: ds.pop("ImagePositionPatient"), "states no ImagePositionPatient"),
        (lambda ds: ds.update({"PixelSpacing": [2.5, 2.0 + 0.1 * ds.InstanceNumber]}), "another"),
        (lambda ds: ds.update({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}), "right angle"),
        (
            lambda ds: ds.update({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}),
            "found Segmentation Storage",
        ),
    ],
)
def test_a_mask_that_is_none(tree, change, said):
    rewrite(tree, "Mask_Tumor", np.ones(DSC.shape), change=change)
    reason = reason_of(tree)
    assert said in reason
    assert "tumor mask, series 14" in reason


def test_a_mask_of_one_slice(tree):
    place = replace(DSC, shape=(12, 10, 1), origin=(*DSC.origin[:2], 9.0))
    rewrite(tree, "Mask_Tumor", np.ones(place.shape), place)
    tree.run()
    series, masks = masks_of(tree)
    assert on_dsc(series, masks["tumor"]).sum(axis=(0, 1)).tolist() == [0, 120, 0]


def test_without_a_dsc_series(tree):
    shutil.rmtree(folder_of(tree, "DSC"))
    assert "no DSC series" in reason_of(tree)


def test_two_dsc_series(tree):
    head = Head(patient=ID, number=8, description="DSC_repeat")
    write_images(tree.study / "8-DSC", bolus_signal(), DSC, head)
    reason = reason_of(tree)
    assert "2 series could be the DSC series" in reason
    assert "series 5" in reason
    assert "series 8" in reason


def test_the_same_series_downloaded_twice(tree):
    shutil.copytree(folder_of(tree, "DSC"), tree.root / ID / "copy" / "5-DSC")
    assert "series 5, lies in several folders" in reason_of(tree)


def test_images_of_the_series_are_missing(tree):
    sorted(folder_of(tree, "DSC").iterdir())[7].unlink()
    assert "images are missing" in reason_of(tree)


def test_too_few_frames(tree):
    shutil.rmtree(folder_of(tree, "DSC"))
    head = Head(patient=ID)
    write_images(tree.study / "5-DSC", bolus_signal()[..., :10], DSC, head)
    assert "at least 20 frames" in reason_of(tree)


def test_an_unknown_echo_time_is_a_note(tree):
    for path in folder_of(tree, "DSC").iterdir():
        edit(path, lambda ds: ds.pop("EchoTime"))
    (note,) = tree.run().notes
    assert "no echo time" in note
    assert masks_of(tree)[0].te is None


@pytest.mark.parametrize("series", ["DSC", "Mask_Tumor"])
@pytest.mark.parametrize("length", [0, 100, 300, -1], ids=str)
def test_a_broken_file(tree, series, length):
    path = sorted(folder_of(tree, series).iterdir())[2]
    path.write_bytes(path.read_bytes()[:length])
    reason = reason_of(tree)
    assert f"{path.relative_to(tree.root)}: " in reason


def test_a_broken_file_that_is_not_needed_is_a_note(tree):
    path = sorted(folder_of(tree, "Anatomic").iterdir())[0]
    path.write_bytes(path.read_bytes()[:300])
    made = tree.run()
    assert made.patients == (NAME,)
    (note,) = made.notes
    assert str(path.relative_to(tree.root)) in note
    summary = (tree.out / "summary.json").read_text()
    assert note.removeprefix(f"{NAME}: ") in json.loads(summary)["imported"][NAME]["notes"]
    assert str(tree.root) not in summary


def test_a_patient_of_whom_every_file_is_broken(tree):
    tree.add_quirky()
    for path in (tree.root / OTHER).rglob("*.dcm"):
        path.write_bytes(b"")
    made = tree.run()
    assert made.patients == (NAME,)
    ((patient, reason),) = made.skipped
    assert patient == OTHER
    assert "not in the folder, or only damaged" in reason
    assert all("nobody's" in note for note in made.notes)
    assert made.notes


def test_other_files_are_passed_over(tree):
    (tree.root / "LICENSE").write_text("controlled access")
    (tree.root / ID / "._1-001.dcm").write_bytes(b"resource fork")
    (folder_of(tree, "DSC") / "metadata.csv").write_text("a,b")
    made = tree.run()
    assert (made.patients, made.notes) == ((NAME,), ())


def test_not_in_the_table(tree):
    write_table(tree.table, f"{OTHER} HGG")
    assert reason_of(tree) == "not in the table of participants"


def test_a_stranger_in_the_folder_is_not_named(tree):
    """Nobody asked for a patient whose id is not the collection's."""
    stranger = "19570312-Mustermann"
    for file in (tree.root / ID).rglob("*.dcm"):
        ds = pydicom.dcmread(file)
        ds.PatientID = stranger
        ds.save_as(file)
    told = Recorder()
    with pytest.raises(InputError, match="can be imported") as refused:
        tree.run(reporter=told)
    assert any(who == "1 with another kind of id" and why.startswith("not in")
               for who, why in told.skips)  # fmt: skip
    assert stranger not in " ".join([repr(vars(told)), str(refused.value)])


def test_not_in_the_folder(tree):
    write_table(tree.table, "QIN-BRAIN-DSC-01-77 HGG", f"{ID} HGG")
    made = tree.run()
    assert made.patients == (NAME,)
    ((patient, reason),) = made.skipped
    assert patient == "QIN-BRAIN-DSC-01-77"
    assert reason == "in the table of participants but not in the folder"


@pytest.mark.parametrize(("cell", "said"), [("II", "found 'II'"), ("", "gives none")])
def test_without_a_grade(tree, cell, said):
    write_table(tree.table, f"{ID} {cell}", f"{OTHER} HGG")
    assert said in reason_of(tree)


@pytest.mark.parametrize("given", [ID, NAME, NAME.removeprefix("sub-"), f" {ID}  "])
def test_ids_as_in_the_headers_or_as_in_a_cohort(tree, given):
    tree.table.write_text(f"participant_id\tgrade\n{given}\thgg\n")
    assert tree.run().patients == (NAME,)
    assert read_participants(tree.out)[0].grade == "HGG"


def test_two_patients_of_one_name(tree):
    tree.add_quirky()
    for path in (tree.root / OTHER).rglob("*.dcm"):
        edit(path, lambda ds: setattr(ds, "PatientID", ID.replace("-01-01", "-0101")))
    with pytest.raises(InputError, match=f"two patients would both be {NAME}"):
        tree.run()


def test_other_columns_are_kept(tree):
    tree.add_quirky()
    write_table(
        tree.table,
        f"{OTHER} 61 HGG test x,y",
        f"{ID} n/a LGG train z",
        header="participant_id\tage\tgrade\tsplit\twords",
    )
    tree.run()
    lines = (tree.out / "participants.tsv").read_text().splitlines()
    assert lines[0] == "participant_id\tage\tgrade\tsplit\twords"
    assert lines[1:] == [
        f"{OTHER_NAME}\t61\tHGG\ttest\tx,y",
        f"{NAME}\tn/a\tLGG\ttrain\tz",
    ]
    assert read_participants(tree.out)[0].details == {"age": "61", "words": "x,y"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("participant_id,grade\na,LGG\n", "column participant_id is expected"),
        ("participant_id\tage\na\t3\n", "column grade is expected"),
        ("participant_id\tgrade\n", "names no participant"),
        ("participant_id\tgrade\n--\tLGG\n", "line 2"),
        (f"participant_id\tgrade\n{ID}\tLGG\n{NAME}\tHGG\n", "line 3"),
        ("participant_id\tgrade\na\n", "as many tab-separated cells"),
    ],
)
def test_a_table_that_is_none(tree, text, said):
    tree.table.write_text(text)
    with pytest.raises(InputError, match=said):
        tree.run()
    assert not tree.out.exists()


def test_nobody_can_be_imported(tree):
    shutil.rmtree(folder_of(tree, "Mask_Tumor"))
    before = sorted(tree.root.parent.iterdir())
    with pytest.raises(InputError, match=f"none of 2 patients(.|\n)*{ID}: no tumor mask"):
        tree.run()
    assert sorted(tree.root.parent.iterdir()) == before


def test_a_folder_that_is_not_there(tree):
    shutil.rmtree(tree.root)
    with pytest.raises(InputError, match="cannot be read"):
        tree.run()
    assert not tree.out.exists()


def test_overwriting(tree):
    tree.run()
    first = {p.relative_to(tree.out): p.read_bytes() for p in tree.out.rglob("*") if p.is_file()}
    with pytest.raises(OutputError, match="overwrite"):
        tree.run()
    (tree.out / "leftover").write_text("of before")
    tree.run(overwrite=True)
    again = {p.relative_to(tree.out): p.read_bytes() for p in tree.out.rglob("*") if p.is_file()}
    assert again == first


def test_a_foreign_folder_is_not_overwritten(tree):
    tree.out.mkdir()
    (tree.out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="bolus did not write it"):
        tree.run(overwrite=True)
    assert [p.name for p in tree.out.iterdir()] == ["thesis.txt"]


def test_a_failed_import_leaves_the_earlier_one(tree):
    tree.run()
    shutil.rmtree(folder_of(tree, "Mask_Tumor"))
    with pytest.raises(InputError):
        tree.run(overwrite=True)
    assert [p.name for p in read_participants(tree.out)] == [NAME]


def test_the_folder_is_only_read(tree):
    before = {p: p.read_bytes() for p in tree.root.rglob("*") if p.is_file()}
    tree.run()
    assert {p: p.read_bytes() for p in tree.root.rglob("*") if p.is_file()} == before


def test_no_name_reaches_an_output(tree):
    import gzip

    shutil.rmtree(folder_of(tree, "Mask_Brain"))
    told = Recorder()
    made = tree.run(reporter=told)
    files = [p for p in tree.out.rglob("*") if p.is_file()]
    read = [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files]
    for secret in SECRETS:
        assert not any(secret.encode() in content for content in read)
        assert not any(secret in text for text in (repr(vars(told)), repr(made), *map(str, files)))
    assert str(tree.root).encode() not in (tree.out / "summary.json").read_bytes()


@pytest.fixture
def shell(tree, monkeypatch, capfd):
    """``bolus import qin`` in this process: (exit code, stdout, stderr)."""
    from bolus.cli.import_ import import_qin as command

    app, group = typer.Typer(pretty_exceptions_enable=False), typer.Typer()
    group.command("qin")(command)
    group.callback()(lambda: None)
    app.add_typer(group, name="import")
    app.callback()(lambda: None)
    monkeypatch.setattr(bolus.cli, "app", app)

    def run(*extra, out=tree.out):
        usual = (tree.root, "-o", out, "--participants", tree.table)
        arguments = extra if extra == ("--help",) else (*usual, *extra)
        with pytest.raises(SystemExit) as stop:
            bolus.cli.main(["import", "qin", *map(str, arguments)])
        told = capfd.readouterr()
        return stop.value.code or 0, told.out, told.err

    return run


def test_command_says_who_is_skipped(tree, shell):
    shutil.rmtree(folder_of(tree, "AIFx3"))
    code, out, err = shell()
    assert code == 0
    assert "1 patients imported, 1 skipped, 1 notes" in out
    assert f"skipped {OTHER}: in the table of participants but not in the folder" in err
    assert f"note: {NAME}: no aif mask" in err


def test_command_says_so_even_when_quiet(tree, shell):
    code, out, err = shell("--quiet")
    assert (code, out) == (0, "")
    assert err.strip() == f"skipped {OTHER}: in the table of participants but not in the folder"


def test_command_refuses_with_2(tree, shell):
    shutil.rmtree(folder_of(tree, "Mask_Tumor"))
    code, out, err = shell()
    assert (code, out) == (2, "")
    assert "none of 2 patients can be imported" in err
    assert not tree.out.exists()
    tree.out.mkdir()
    assert shell()[0] == 2


def test_command_does_not_replace_its_own_input(tree, shell):
    code, _, err = shell("--overwrite", out=tree.root.parent)
    assert code == 2
    assert "lies in it" in err
    assert tree.root.exists()


def test_help_says_that_nothing_is_downloaded(shell):
    code, out, _ = shell("--help")
    flat = " ".join(out.replace("│", " ").split())
    assert code == 0
    assert "controlled access" in flat
    assert "must already have it" in flat
    assert "downloads nothing" in flat
