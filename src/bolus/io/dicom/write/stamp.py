"""What every object written has in common: whose it is, what made it, what it was made of.

UIDs, dates and times follow from the source and the content alone: the same input gives the same
bytes.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bolus.base.about import NOTICE, release, software
from bolus.data import Grid
from bolus.data.codes import PRIVATE, PRIVATE_NAME, Concept
from bolus.io.dicom.headers import CLASSIC
from bolus.io.dicom.write.codes import SOURCE_IMAGE
from bolus.io.dicom.write.origin import Origin, Reference, slice_of

if TYPE_CHECKING:
    from highdicom import Volume
    from highdicom.sr import CodedConcept
    from pydicom.dataset import Dataset
else:
    Dataset = CodedConcept = Volume = Any  # both are imported with the first object to write

_TAKEN = (
    "SpecificCharacterSet", "TimezoneOffsetFromUTC",
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate", "PatientBirthTime", "PatientSex", "OtherPatientIDsSequence",
    "OtherPatientNames", "EthnicGroup", "PatientComments", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyID",
    "ReferringPhysicianName", "StudyDescription", "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy", "ProcedureCodeSequence", "ReferencedStudySequence",
    "PatientAge", "PatientSize", "PatientWeight", "AdditionalPatientHistory",
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID", "ClinicalTrialSiteName", "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID", "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
)  # fmt: skip
"""Of the modules Patient, Study, Patient Study and Clinical Trial: what is handed on as it is."""


def coded(concept: Concept) -> CodedConcept:
    """A concept as highdicom takes it."""
    from highdicom.sr import CodedConcept

    return CodedConcept(*concept)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stamp:
    """Whose an object is, and what.

    ``name`` and ``number`` are those of its series, ``content`` what makes it differ from others,
    ``told`` says what it shows and how it was made.
    """

    origin: Origin
    grid: Grid
    name: str
    number: int
    content: bytes
    told: str

    def uid(self, what: str) -> str:
        """A UID that follows from source and content."""
        from pydicom.uid import generate_uid

        digest = hashlib.sha256(self.content + self.grid.affine.tobytes()).hexdigest()
        source = str(self.origin.header.SeriesInstanceUID)
        told = [self.name, f"{self.number}", self.told, release()]
        return str(generate_uid(entropy_srcs=[source, digest, *told, what]))

    def arguments(self, volume: Volume, description: str) -> dict[str, Any]:
        """What highdicom's constructors of images take."""
        image = {"source_images": [_template(self.origin, volume)], "pixel_array": volume}
        return {**image, **self.series(description)}

    def series(self, description: str) -> dict[str, Any]:
        """What its constructors of all objects take: the series, and what made it."""
        from highdicom.coding_schemes import CodingSchemeIdentificationItem

        return {
            "series_instance_uid": self.uid("series"),
            "series_number": self.number,
            "sop_instance_uid": self.uid("instance"),
            "instance_number": 1,
            "manufacturer": "bolus",
            "manufacturer_model_name": "bolus (research software)",
            "software_versions": software(),
            "device_serial_number": software(),
            "series_description": description[:64],
            "coding_schemes": [CodingSchemeIdentificationItem(PRIVATE, name=PRIVATE_NAME)],
            "content_date": self.origin.date,
            "content_time": self.origin.time,
        }

    def finish(self, ds: Dataset, derivation: Concept) -> None:
        """Put patient, study, source images, dates and the remaining UIDs into an image."""
        self.own(ds)
        ds.BodyPartExamined = "BRAIN"
        ds.ContentCreatorName = ""  # nobody; its element has to be there (type 2)
        ds.PositionReferenceIndicator = str(
            self.origin.header.get("PositionReferenceIndicator") or ""
        )
        dimensions = self.uid("dimensions")
        for item in (*ds.DimensionOrganizationSequence, *ds.DimensionIndexSequence):
            item.DimensionOrganizationUID = dimensions
        _refer(ds, self.origin)
        _derive(ds, self.origin, self.grid, derivation, f"{self.told}. {NOTICE}")

    def derived(self, ds: Dataset, derivation: Concept) -> None:
        """Say of a whole image how it was made, and of which images of the source."""
        ds.DerivationDescription = self.told
        ds.DerivationCodeSequence = [coded(derivation)]
        whole = dict.fromkeys(self.origin.images)
        ds.SourceImageSequence = [_item(image, purpose=True) for image in whole]

    def own(self, ds: Dataset) -> None:
        """Put patient, study and dates of the source into any object."""
        _take(self.origin.header, ds)
        ds.SeriesDate, ds.SeriesTime = self.origin.date, self.origin.time
        ds.InstanceCreationDate, ds.InstanceCreationTime = self.origin.date, self.origin.time
        for item in ds.get("ContributingEquipmentSequence", []):
            item.ContributionDateTime = self.origin.date + self.origin.time


def _template(origin: Origin, volume: Volume) -> Dataset:
    """The least that stands for the source where an object is made; the rest is added after.

    highdicom would print a patient's name that it finds odd, and take a mosaic for one image. Of
    planes that look alike it takes the source's, thickness and all, so these are the volume's own.
    """
    header = origin.header
    ds = nobody(origin, Reference(CLASSIC, origin.images[0].uid), header.SeriesInstanceUID)
    ds.FrameOfReferenceUID = str(header.FrameOfReferenceUID)
    ds.Rows, ds.Columns = volume.spatial_shape[1:]
    ds.Modality = "MR"
    ds.ImagePositionPatient = volume.get_plane_position(0)[0].ImagePositionPatient
    ds.ImageOrientationPatient = volume.get_plane_orientation()[0].ImageOrientationPatient
    ds.update(volume.get_pixel_measures()[0])
    return ds


def nobody(origin: Origin, image: Reference, series: str) -> Dataset:
    """An object of the source's study as highdicom takes it for a reference."""
    from pydicom.dataset import Dataset

    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = image.sop_class, image.uid
    ds.StudyInstanceUID = str(origin.header.StudyInstanceUID)
    ds.SeriesInstanceUID = str(series)
    ds.PatientID = ds.PatientName = ds.PatientSex = ds.AccessionNumber = ds.StudyID = ""
    ds.PatientBirthDate = ds.StudyDate = ds.StudyTime = None
    ds.ReferringPhysicianName = ""
    return ds


def _take(header: Dataset, ds: Dataset) -> None:
    """Hand on the elements of patient and study as they stand in the source, odd values too."""
    from pydicom.tag import Tag

    for name in _TAKEN:
        element = header.get_item(Tag(name)) if name in header else None
        if element is not None:
            ds[Tag(name)] = element if element.VR else header[name]


def _refer(ds: Dataset, origin: Origin) -> None:
    """Name the images that frames refer to (Common Instance Reference)."""
    from pydicom.dataset import Dataset

    series = Dataset()
    series.SeriesInstanceUID = str(origin.header.SeriesInstanceUID)
    whole = dict.fromkeys(image._replace(frame=None) for image in origin.images)
    series.ReferencedInstanceSequence = [_item(image) for image in whole]
    ds.ReferencedSeriesSequence = [series]
    if "SourceImageSequence" in ds:
        del ds.SourceImageSequence


def _derive(ds: Dataset, origin: Origin, grid: Grid, derivation: Concept, told: str) -> None:
    """Say of every frame how it was made, and show the source by the first image of its slice."""
    for group in ds.PerFrameFunctionalGroupsSequence:
        k = slice_of(grid, group.PlanePositionSequence[0].ImagePositionPatient)
        group.DerivationImageSequence = [_derived(origin.images[k], derivation, told)]


def _derived(image: Reference, derivation: Concept, told: str) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.DerivationDescription = told
    item.DerivationCodeSequence = [coded(derivation)]
    item.SourceImageSequence = [_item(image, purpose=True)]
    return item


def _item(image: Reference, purpose: bool = False) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.sop_class, image.uid
    if image.frame is not None:
        item.ReferencedFrameNumber = image.frame
    if purpose:
        item.PurposeOfReferenceCodeSequence = [coded(SOURCE_IMAGE)]
        item.SpatialLocationsPreserved = "NO" if image.tiled else "YES"
    return item
