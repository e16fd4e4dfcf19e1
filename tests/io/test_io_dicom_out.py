"""Maps and regions as DICOM: the same voxel at the same patient coordinate, coded and in place."""

import hashlib
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_maps import maps_of
from dicom_writers import Protocol, phantom, write_classic, write_enhanced, write_mosaic

from bolus.data import AIF, QUANTITIES, DSCSeries, Grid, SeriesError, Source
from bolus.data.codes import PRIVATE, Concept
from bolus.io import check_dicom_output, read_series, write_dicom, write_dicom_series
from bolus.io.dicom.write.codes import number_of, told_of
from bolus.io.dicom.write.parametric import common_scale
from bolus.patient.leakage import Boxerman
from bolus.report.page.shown import shown_maps

WRITERS = pytest.mark.parametrize("write", [write_classic, write_enhanced, write_mosaic])
TURN = np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0.0, 0.6, 0.8]])
AXES = {
    "one millimetre": np.diag([-1.0, -1.0, 3.0]),
    "axial": np.diag([-2.0, -2.5, 4.0]),
    "oblique": TURN @ np.diag([2.0, 2.5, 4.0]),
    "left-handed": TURN @ np.diag([2.0, 2.5, -4.0]),
    "sagittal": np.array([[0, 0, 3.0], [2.0, 0, 0], [0, 1.5, 0]]),
    "coronal, upside down": np.array([[2.0, 0, 0], [0, 0, 3.0], [0, -1.5, 0]]),
}


def affine_of(axes):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, (11.0, -7.0, 23.0)
    return affine


@pytest.fixture
def source(tmp_path):
    """A classic series on disk, read; its patient and study are known."""
    write_classic(tmp_path / "in", phantom(), Protocol(number=7, name="Doe^Jane", patient="ID-77"))
    return read_series(tmp_path / "in")


def written(maps, folder, *only):
    """Paths by name; where maps are named those alone are written, for every one takes its time."""
    if only:
        volumes = {n: v for n, v in maps.volumes.items() if {n, f"{n}_sd"} & set(only)}
        spreads = {n: v for n, v in maps.sd.items() if f"{n}_sd" in only}
        maps = replace(maps, volumes=volumes, sd=spreads)
    write_dicom(maps, folder)
    return {path.stem: path for path in sorted(folder.iterdir())}


def same_in_patient(volume, expected, grid):
    """Whether a volume of highdicom holds every value of a map where it lies in the patient."""
    index = np.indices(grid.shape).reshape(3, -1)
    ras = grid.affine[:3, :3] @ index + grid.affine[:3, 3:]
    lps = ras * np.array([[-1.0], [-1.0], [1.0]])
    found = np.linalg.inv(volume.affine) @ np.vstack([lps, np.ones(lps.shape[1])])
    nearest = np.round(found[:3]).astype(int)
    np.testing.assert_allclose(found[:3], nearest, atol=0.01)
    np.testing.assert_array_equal(volume.array[tuple(nearest)], expected.reshape(-1))


def read_in_order(ds, expected, grid):
    """What dcmqi does: frames one after the other along row × column from the lowest one."""
    shared = ds.SharedFunctionalGroupsSequence[0]
    assert shared.FrameAnatomySequence[0].AnatomicRegionSequence[0].CodeMeaning == "Brain"
    assert ds.ContentCreatorName == ""
    row, column = np.reshape(shared.PlaneOrientationSequence[0].ImageOrientationPatient, (2, 3))
    down, right = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    places = np.array(
        [
            g.PlanePositionSequence[0].ImagePositionPatient
            for g in ds.PerFrameFunctionalGroupsSequence
        ]
    ).astype(float)
    lowest = places[np.argmin(places @ np.cross(row, column))]
    gap = float(shared.PixelMeasuresSequence[0].SpacingBetweenSlices)
    frames = np.frombuffer(ds.FloatPixelData, "<f4").reshape(-1, ds.Rows, ds.Columns)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = np.cross(row, column) * gap, np.array(column) * down
    affine[:3, 2], affine[:3, 3] = np.array(row) * right, lowest
    same_in_patient(SimpleNamespace(affine=affine, array=frames), expected, grid)


def coded(item, sequence="ConceptCodeSequence"):
    code = item[sequence][0]
    return code.CodeValue, code.CodingSchemeDesignator


@WRITERS
def test_maps_read_back_where_they_lie(tmp_path, write):
    write(tmp_path / "in", phantom())
    series = read_series(tmp_path / "in")
    maps = maps_of(series)
    for name, path in written(maps, tmp_path / "out").items():
        if name != "regions":
            read = hd.imread(path)
            assert isinstance(read.get_volume(), hd.Volume)
            same_in_patient(read.get_volume(dtype=np.float32), maps.volume(name), series.grid)


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_any_orientation(tmp_path, axes):
    grid = Grid(shape=(9, 7, 4), affine=affine_of(axes))
    signal = phantom(grid.shape, 20).astype(np.float32)
    write_dicom_series(tmp_path / "in", DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid))
    series = read_series(tmp_path / "in")
    maps = maps_of(series)
    path = written(maps, tmp_path / "out", "cbf")["cbf"]
    same_in_patient(hd.imread(path).get_volume(dtype=np.float32), maps.cbf, series.grid)
    source = pydicom.dcmread(series.source.files[0])
    ds = pydicom.dcmread(path)
    plane = ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    np.testing.assert_allclose(
        plane.ImageOrientationPatient, source.ImageOrientationPatient, atol=1e-4
    )
    read_in_order(ds, maps.cbf, series.grid)
    measures = ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    for name in ("SpacingBetweenSlices", "SliceThickness"):
        np.testing.assert_allclose(measures[name].value, grid.voxel_size[2], rtol=1e-4)


def sheared(series, share):
    """The series on a grid whose slices are each shifted a little against the one below."""
    affine = series.grid.affine.copy()
    affine[:3, 2] += share * np.linalg.norm(affine[:3, 2]) * affine[:3, 0] / 2
    return replace(series, grid=replace(series.grid, affine=affine))


def test_what_rounded_headers_leave_of_skew(tmp_path, source):
    series = sheared(source, 5e-4)
    maps = maps_of(series)
    volume = hd.imread(written(maps, tmp_path / "out", "cbf")["cbf"]).get_volume(dtype=np.float32)
    same_in_patient(volume, maps.cbf, series.grid)


def test_a_skew_grid_is_refused_in_time(tmp_path, source):
    series = sheared(source, 0.02)
    for call in (lambda: check_dicom_output(series),
                 lambda: write_dicom(maps_of(series), tmp_path / "out")):  # fmt: skip
        with pytest.raises(SeriesError, match=r"in: for DICOM, axes at right angles.*1\.1 degrees"):
            call()
    assert not (tmp_path / "out").exists()


def test_one_slice_alone(tmp_path):
    grid = Grid(shape=(9, 7, 1), affine=affine_of(np.diag([-1.0, -1.0, 6.0])))
    signal = phantom(grid.shape, 20).astype(np.float32)
    write_dicom_series(tmp_path / "in", DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid))
    maps = maps_of(read_series(tmp_path / "in"))
    path = written(maps, tmp_path / "out", "cbv")["cbv"]
    volume = hd.imread(path).get_volume(dtype=np.float32)
    same_in_patient(volume, maps.cbv, maps.grid)
    assert volume.spacing_between_slices == pytest.approx(6)


def test_planes_say_themselves_where_they_lie(tmp_path, source):
    """By hand, from the attributes alone: column i and row j of frame n."""
    maps = maps_of(source)
    ds = pydicom.dcmread(written(maps, tmp_path / "out", "delay")["delay"])
    shared = ds.SharedFunctionalGroupsSequence[0]
    along = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient).reshape(2, 3)
    rows, columns = shared.PixelMeasuresSequence[0].PixelSpacing
    for n, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
        corner = np.array(group.PlanePositionSequence[0].ImagePositionPatient)
        for i, j in [(0, 0), (3, 2), (15, 11), (0, 11)]:
            lps = corner + i * columns * along[0] + j * rows * along[1]
            index = np.linalg.inv(source.grid.affine) @ [-lps[0], -lps[1], lps[2], 1]
            voxel = tuple(np.round(index[:3]).astype(int))
            np.testing.assert_allclose(index[:3], voxel, atol=1e-3)
            np.testing.assert_equal(ds.pixel_array[n, j, i], maps.delay[voxel])


def test_what_was_not_measured_is_nan(tmp_path, source):
    maps = maps_of(source)
    ds = pydicom.dcmread(written(maps, tmp_path / "out", "mtt")["mtt"])
    values = ds.pixel_array
    assert values.dtype == np.float32
    assert np.isnan(values).sum() == np.isnan(maps.mtt).sum() > 0
    shared = ds.SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    assert mapping.DoubleFloatRealWorldValueFirstValueMapped == np.nanmin(maps.mtt)
    assert mapping.DoubleFloatRealWorldValueLastValueMapped == np.nanmax(maps.mtt)


def test_windows_are_the_ranges_of_the_page(tmp_path, source):
    plain = maps_of(source, leakage="free")
    flow = plain.cbf.copy()
    vessels = np.argwhere(plain.mask)[::15]
    flow[tuple(vessels.T)] = 900.0  # 7 % of the brain, as in a head with its arteries and sinuses
    maps = replace(plain, volumes={**plain.volumes, "cbf": flow})
    paths = written(maps, tmp_path / "out", *QUANTITIES, "cbf_sd")

    def window(name):
        shared = pydicom.dcmread(paths[name]).SharedFunctionalGroupsSequence[0]
        return shared.FrameVOILUTSequence[0]

    page = {shown.name: (shown.low, shown.high) for shown in shown_maps(maps)}
    assert set(page) == set(QUANTITIES)
    for name, (low, high) in page.items():
        assert window(name).VOILUTFunction == "LINEAR_EXACT"
        assert window(name).WindowCenter == pytest.approx((low + high) / 2)
        assert window(name).WindowWidth == pytest.approx(high - low)
    assert window("cbf").WindowWidth < 100, "or the brain is black"
    assert window("cbf_sd").WindowWidth == pytest.approx(np.ptp(maps.display_range("cbf_sd")))


def test_a_map_of_nothing(tmp_path, source):
    nothing = np.full(source.grid.shape, np.nan, dtype=np.float32)
    plain = maps_of(source)
    maps = replace(plain, volumes={**plain.volumes, "delay": nothing})
    path = written(maps, tmp_path / "out", "delay")["delay"]
    assert np.isnan(pydicom.dcmread(path).pixel_array).all()


ABSOLUTE = {
    "cbf": ("126390", "ml/[100]g/min"),
    "cbv": ("126391", "ml/[100]g"),
    "mtt": ("113052", "s"),
    "tmax": ("113084", "s"),
    "delay": ("126371", "s"),
    "ttp": ("113069", "s"),
    "cbv_corrected": ("126391", "ml/[100]g"),
    "cbv_alone": ("CBVAlone", "ml/[100]g"),
    "mtt_alone": ("MTTAlone", "s"),
    "nrcbv": ("126398", "{ratio}"),
    "srcbv": ("srCBV", "{ratio}"),
    "k2": ("K2", "/s"),
    "psr": ("PSR", "%"),
    "misfit": ("misfit", "1"),
    "cth": ("CTH", "s"),
    "priorshare": ("PriorShare", "{ratio}"),
    "oefmax": ("OEFmax", "{ratio}"),
    "adc": ("113041", "mm2/s"),
}


OURS = ("cbv_alone", "mtt_alone", "srcbv", "k2", "psr", "misfit", "cth", "priorshare", "oefmax")
"""Maps for which DICOM has no code."""


@pytest.mark.parametrize("te", [0.03, None], ids=["absolute", "relative"])
def test_quantities_and_units(tmp_path, source, te):
    relative = {"126390": "126397", "126391": "126398", "CBVAlone": "CBVAlone"}
    maps = maps_of(replace(source, te=te), leakage="free")
    paths = written(maps, tmp_path / "out")
    assert set(paths) == {*maps.units, "regions"}
    for name in maps.units:
        ds = pydicom.dcmread(paths[name])
        mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        code, unit = ABSOLUTE[name.removesuffix("_sd")]
        if te is None and code in relative:
            code, unit = relative[code], "{ratio}"
        assert coded(mapping, "MeasurementUnitsCodeSequence") == (unit, "UCUM")
        said = [(coded(item, "ConceptNameCodeSequence"), coded(item))
                for item in mapping.QuantityDefinitionSequence]  # fmt: skip
        scheme = "99BOLUS" if name.removesuffix("_sd") in OURS else "DCM"
        assert said[0] == (("246205007", "SCT"), (code, scheme))
        assert (("370129005", "SCT"), ("126303", "DCM")) in said
        spread = (("121401", "DCM"), ("386136009", "SCT")) in said
        assert spread == name.endswith("_sd")
        assert mapping.RealWorldValueSlope == 1
        assert mapping.RealWorldValueIntercept == 0


def test_methods_that_are_told(tmp_path, source):
    def methods(maps, name, folder):
        ds = pydicom.dcmread(written(maps, folder, name)[name])
        mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        return [coded(item)[0] for item in mapping.QuantityDefinitionSequence][1:]

    leaky = maps_of(source, method="osvd", leakage="bsw")
    assert methods(leaky, "cbf", tmp_path / "a") == ["126303", "126363", "126311", "leakage-bsw"]
    assert methods(leaky, "cbv", tmp_path / "b") == ["126303", "126363", "126311"]
    drawn = replace(leaky.aif, origin="mask")
    assert methods(maps_of(source, aif=drawn), "cbf", tmp_path / "c") == ["126303", "126362"]

    class Third(Boxerman):
        name = "third"
        code = Concept("leakage-third", PRIVATE, "Leakage correction by a third model")

    third = maps_of(source, method="bayes", leakage=Third())
    assert methods(third, "k2", tmp_path / "d") == ["126303", "leakage-third"]
    assert methods(leaky, "psr", tmp_path / "e") == ["126303"]
    assert methods(leaky, "ttp", tmp_path / "f") == ["126303"]


def test_every_name_is_distinct_and_fits():
    names = [*QUANTITIES, *(f"{name}_sd" for name in QUANTITIES)]
    assert len({number_of(name) for name in names}) == len(names)
    assert max(len(told_of(name)) for name in names) <= 64


@WRITERS
def test_patient_study_and_frame_of_reference_are_the_sources(tmp_path, write):
    write(tmp_path / "in", phantom(), Protocol(number=7, name="Doe^Jane", patient="ID-77"))
    series = read_series(tmp_path / "in")
    header = pydicom.dcmread(series.source.files[0])
    objects = [pydicom.dcmread(p) for p in written(maps_of(series), tmp_path / "out").values()]
    for ds in objects:
        for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID",
                     "StudyDate", "StudyTime"):  # fmt: skip
            assert ds[name].value == header[name].value
        assert ds.SeriesNumber > 100 * header.SeriesNumber
        assert ds.ContentDate == "20200102"
    for name in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesNumber"):
        values = {ds[name].value for ds in objects}
        assert len(values) == len(objects)
        assert header[name].value not in values


def test_what_it_says_of_itself(tmp_path, source):
    paths = written(maps_of(source), tmp_path / "out", "cbf_sd")
    ds = pydicom.dcmread(paths["cbf_sd"])
    assert ds.SOPClassUID.name == "Parametric Map Storage"
    assert ds.Modality == "MR"
    assert ds.ContentQualification == "RESEARCH"
    assert ds.ImageType[:2] == ["DERIVED", "PRIMARY"]
    assert ds.SeriesDescription == "CBF SD phae (bolus)"
    assert ds.ContentLabel == "CBF_SD"
    assert ds.SoftwareVersions.startswith("bolus ")
    assert (ds.Manufacturer, bool(ds.DeviceSerialNumber)) == ("bolus", True)
    told = ds.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert "by phae of 22 frames. Research software, not a medical" in told.DerivationDescription


def test_what_all_voxels_share_stands_beside_the_maps(source):
    known = replace(maps_of(source), common={"cbf": 0.152, "cbv": 0.1})
    assert common_scale(known, "cbf").endswith("be off by 15 % (SD), which cancels in ratios")
    assert common_scale(known, "cbv_sd").endswith("by 10 % (SD), which is in this SD")
    assert common_scale(known, "mtt") == common_scale(maps_of(source), "cbf") == ""


@WRITERS
def test_frames_refer_to_the_source_images_of_their_slice(tmp_path, write):
    write(tmp_path / "in", phantom())
    series = read_series(tmp_path / "in")
    sources = {str(ds.SOPInstanceUID): ds for ds in map(pydicom.dcmread, series.source.files)}
    ds = pydicom.dcmread(written(maps_of(series), tmp_path / "out", "ttp")["ttp"])
    named = {item.ReferencedSOPInstanceUID
             for item in ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence}  # fmt: skip
    assert len(named) == {write_classic: 3}.get(write, 1)
    for group in ds.PerFrameFunctionalGroupsSequence:
        (item,) = group.DerivationImageSequence[0].SourceImageSequence
        image = sources[item.ReferencedSOPInstanceUID]
        assert item.ReferencedSOPInstanceUID in named
        here = group.PlanePositionSequence[0].ImagePositionPatient
        assert item.SpatialLocationsPreserved == ("NO" if write is write_mosaic else "YES")
        if write is write_classic:
            assert image.ImagePositionPatient == here
            assert image.TemporalPositionIdentifier == 1
        if write is write_enhanced:
            frame = image.PerFrameFunctionalGroupsSequence[item.ReferencedFrameNumber - 1]
            assert frame.PlanePositionSequence[0].ImagePositionPatient == here


def test_the_same_maps_give_the_same_bytes(tmp_path, source):
    def digests(maps, name):
        return {stem: hashlib.sha256(path.read_bytes()).hexdigest()
                for stem, path in written(maps, tmp_path / name).items()}  # fmt: skip

    first = digests(maps_of(source), "a")
    assert digests(maps_of(source), "b") == first
    other = digests(maps_of(source, seed=1), "c")
    assert not set(other.values()) & (set(first.values()) - {first["regions"]})
    uids = [pydicom.dcmread(tmp_path / name / "cbf.dcm").SOPInstanceUID for name in "ac"]
    assert uids[0] != uids[1]


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
def test_regions_lie_where_they_lay(tmp_path, axes):
    grid = Grid(shape=(9, 7, 4), affine=affine_of(axes))
    signal = phantom(grid.shape, 20).astype(np.float32)
    write_dicom_series(tmp_path / "in", DSCSeries(signal=signal, dt=1.5, te=0.03, grid=grid))
    series = read_series(tmp_path / "in")
    tumor = np.zeros(grid.shape, dtype=bool)
    tumor[1:4, 2:6, 1] = True
    maps = maps_of(series, rois={"tumor": tumor, "reference": ~tumor})
    seg = hd.seg.segread(written(maps, tmp_path / "out", "cbf")["regions"])
    masks = [maps.mask, maps.aif.mask, tumor, ~tumor]
    for number, mask in enumerate(masks, start=1):
        found = seg.get_volume(segment_numbers=[number], combine_segments=True)
        same_in_patient(found, mask * number, series.grid)


def test_what_regions_are(tmp_path, source):
    tumor = np.zeros(source.grid.shape, dtype=bool)
    tumor[3:6, 2:5, 1] = True
    maps = maps_of(source, rois={"tumor": tumor, "reference": ~tumor})
    seg = hd.seg.segread(written(maps, tmp_path / "out", "cbf")["regions"])
    kind = "SegmentedPropertyTypeCodeSequence"
    said = {s.SegmentLabel: (coded(s, kind)[0], s.SegmentAlgorithmType)
            for s in seg.SegmentSequence}  # fmt: skip
    assert said == {
        "brain": ("12738006", "AUTOMATIC"),
        "arterial input": ("51114001", "AUTOMATIC"),
        "tumor": ("108369006", "MANUAL"),
        "reference": ("C94970", "MANUAL"),
    }
    given = maps_of(source, brain_given=True, aif=replace(maps.aif, origin="mask"))
    seg = hd.seg.segread(written(given, tmp_path / "given", "cbf")["regions"])
    assert [s.SegmentAlgorithmType for s in seg.SegmentSequence] == ["MANUAL", "MANUAL"]
    without = AIF(curve=maps.aif.curve, dt=maps.aif.dt, origin="file")
    seg = hd.seg.segread(written(maps_of(source, aif=without), tmp_path / "file", "cbf")["regions"])
    assert [s.SegmentLabel for s in seg.SegmentSequence] == ["brain"]


def test_a_series_that_did_not_come_as_dicom(tmp_path, source):
    nifti = replace(source, source=Source(format="nifti", checksum="0"))
    with pytest.raises(SeriesError, match=r"needs a DICOM folder.*nifti"):
        check_dicom_output(nifti)
    with pytest.raises(SeriesError, match="needs a DICOM folder"):
        write_dicom(maps_of(nifti), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def change_all(folder, change):
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            change(ds)
            ds.save_as(path)


@pytest.mark.parametrize("value", ["", "1.2\\3.4", "none"])
@pytest.mark.parametrize("name", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_headers_without_what_is_needed(tmp_path, source, name, value):
    change_all(tmp_path / "in", lambda ds: setattr(ds, name, value))
    with pytest.raises(SeriesError, match=rf"IM\d+\.dcm: DICOM output needs {name} of its source"):
        check_dicom_output(source)


@pytest.mark.parametrize("value", ["", "1.2\\3.4", "none"])
def test_images_without_their_own_uid(tmp_path, source, value):
    change_all(tmp_path / "in", lambda ds: setattr(ds, "SOPInstanceUID", value))
    with pytest.raises(SeriesError, match="has no SOPInstanceUID"):
        write_dicom(maps_of(source), tmp_path / "out")


def test_files_that_changed_meanwhile(tmp_path, source):
    for path in source.source.files[1:]:
        path.write_bytes(source.source.files[0].read_bytes())
    with pytest.raises(SeriesError, match="3 slices are expected in these files, found 1"):
        write_dicom(maps_of(source), tmp_path / "out")


def strange(ds):
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "山田 <script>alert(1)</script>" * 9
    ds.PatientSex, ds.PatientWeight = "XX", None
    ds.StudyDescription = "x" * 900
    del ds.StudyDate, ds.SeriesDate, ds.AcquisitionDate, ds.ContentDate, ds.StudyTime
    ds.SeriesNumber = 2**31 - 1


def test_strange_headers_are_handed_on(tmp_path, source, capfd):
    change_all(tmp_path / "in", strange)
    path = written(maps_of(source), tmp_path / "out", "cbf")["cbf"]
    assert capfd.readouterr() == ("", "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path)
        assert str(ds.PatientName) == "山田 <script>alert(1)</script>" * 9
        assert ds.StudyDescription == "x" * 900
    assert ds.PatientSex == "XX"
    assert (ds.ContentDate, ds.StudyDate) == ("19000101", "")
    assert ds.SeriesNumber == 9001


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("20240229", "235959.123456", ("20240229", "235959")),
        ("2024.02.29", "23:59:59", ("20240229", "235959")),
        ("20230229", "240000", ("19000101", "000000")),
        ("99999999", "9", ("19000101", "000000")),
        ("<b>", "noon", ("19000101", "000000")),
    ],
)
def test_dates_that_are_none(tmp_path, source, date, time, expected):
    def edit(ds):
        for kind in ("Content", "Acquisition", "Series", "Study"):
            ds[f"{kind}Date"].value = date
            setattr(ds, f"{kind}Time", time)

    change_all(tmp_path / "in", edit)
    path = written(maps_of(source), tmp_path / "out", "cbf")["cbf"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path)
        assert (ds.ContentDate, ds.ContentTime) == expected
        assert (ds.StudyDate, ds.StudyTime) == (date, time)


def test_headers_that_say_the_least(tmp_path, source):
    def bare(ds):
        for name in ("PatientName", "PatientID", "StudyDate", "StudyTime", "SeriesNumber"):
            delattr(ds, name)

    change_all(tmp_path / "in", bare)
    ds = pydicom.dcmread(written(maps_of(source), tmp_path / "out", "cbf")["cbf"])
    assert ds.PatientName == ds.PatientID == ds.AccessionNumber == ""
    assert ds.SeriesNumber == 9001


def test_other_encodings_are_handed_on(tmp_path):
    for path in write_classic(tmp_path / "in", phantom(), Protocol(name="Doe^Jane")):
        ds = pydicom.dcmread(path)
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 100", "Müller^Jürgen"
        ds.PatientWeight = "71.5"
        ds.save_as(path, implicit_vr=True, little_endian=True)
    maps = maps_of(read_series(tmp_path / "in"))
    ds = pydicom.dcmread(written(maps, tmp_path / "out", "cbf")["cbf"])
    assert (ds.SpecificCharacterSet, ds.PatientName) == ("ISO_IR 100", "Müller^Jürgen")
    assert ds.PatientWeight == 71.5


def test_what_was_written_beside_the_source_is_no_series(tmp_path, source):
    write_dicom(maps_of(source), tmp_path / "in" / "maps")
    again = read_series(tmp_path / "in")
    assert again.source.checksum == source.source.checksum


def test_an_unwritable_place_is_named(source, tmp_path):
    from bolus.data import OutputError

    with pytest.raises(OutputError, match="gone"):
        write_dicom(maps_of(source), Path(tmp_path / "gone" / "out"))
