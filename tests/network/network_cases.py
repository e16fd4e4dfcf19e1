"""Small DICOM objects, a listener without network or maps, and what a sender remembers."""

import socket
from io import BytesIO
from pathlib import Path
from threading import Lock

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from bolus.data import NetworkError
from bolus.network.arrivals import Arrivals
from bolus.network.courier import Backoff, Courier, given_out
from bolus.network.header import read_header
from bolus.network.records import read_job
from bolus.network.rules import Rule, Rules
from bolus.network.spool import Spool
from bolus.network.station import Station

NAMES = {"PatientName": "Wallace^Grommit", "PatientID": "ID-4711", "AccessionNumber": "ACC-0815"}
QUIET, PATIENCE = 3.0, 60.0


def instance(study=1, series=1, number=1, *, description="ep2d_perf", modality="MR", rows=4):
    """The bytes of an object, with its UIDs."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = MRImageStorage
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"1.2.{study}", f"1.2.{study}.{series}"
    ds.SOPInstanceUID = f"1.2.{study}.{series}.{number}"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.Modality, ds.SeriesDescription, ds.InstanceNumber = modality, description, number
    for name, value in NAMES.items():
        setattr(ds, name, value)
    ds.Rows = ds.Columns = rows
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = bytes(2 * rows * rows)
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def write_instances(folder, *made):
    """Objects as files."""
    folder.mkdir()
    paths = [folder / f"{n}.dcm" for n in range(len(made))]
    for path, content in zip(paths, made, strict=True):
        path.write_bytes(content)
    return paths


def free_port():
    """A port of this machine that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Pacs:
    """A destination that holds objects by UID, and may be down or refuse."""

    def __init__(self):
        self.held, self.down, self.refuses, self.came = {}, False, 0, []

    def send(self, files):
        from bolus.network import Refusal

        if self.down:
            raise NetworkError("pacs: cannot be reached")
        if self.refuses:
            self.refuses -= 1
            return [Refusal(files[0], "status A700")]
        for path in files:
            ds = pydicom.dcmread(path)
            content = path.read_bytes()
            assert self.held.setdefault(ds.SOPInstanceUID, content) == content
            self.came.append(ds.SOPInstanceUID)
        return []


def fake_maps(images, result, options):
    """A result that follows from the images: one object, whose UID is that of the series."""
    found = sorted(images.glob("*.dcm"))
    ds = pydicom.dcmread(found[0])
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SeriesInstanceUID}.99"
    ds.InstanceNumber = len(found)
    (result / "dicom").mkdir(parents=True)
    ds.save_as(result / "dicom" / "cbf.dcm")


class World:
    """A listener's folder, and all that a kill of the listener leaves alone: clock and PACS."""

    def __init__(self, folder: Path, maps=fake_maps, keep=False):
        self.folder, self.now, self.pacs = folder, 0.0, Pacs()
        self.maps, self.keep = maps, keep
        rule = Rule(name="perf", description=("*perf*",), send=("pacs",))
        self.rules = Rules(rules=(rule,), destinations={"pacs": self.pacs})
        self.backoff = Backoff(first=1.0, most=8.0, refusals=3)

    def start(self):
        """The listener, begun anew."""
        self.arrivals = Arrivals(QUIET, PATIENCE, lambda: self.now)
        self.spool = Spool(self.folder, 10**9)
        self.station = Station(
            self.spool, self.rules, self.arrivals, maps=self.maps, keep=self.keep
        )
        self.courier = Courier(
            "pacs",
            self.rules.destinations["pacs"],
            self.spool,
            records=Lock(),
            backoff=self.backoff,
            clock=lambda: self.now,
        )
        self.station.recover()

    def receive(self, content, sender=1):
        self.station.receive(read_header(BytesIO(content)), content, sender)

    def send(self, *contents, sender=1, released=True):
        """All over one association, which then ends."""
        for content in contents:
            self.receive(content, sender)
        self.arrivals.ended(sender, released=released)

    def deliver(self):
        """Hand out what is finished, and take every step that is due."""
        while self.station.finished:
            given_out(read_job(self.spool.job(self.station.finished[0])), {"pacs": self.courier})
            self.station.finished.popleft()
        while self.courier.step():
            pass

    def run(self, seconds=PATIENCE + 1):
        """So much time passes, and all that is to be done is done."""
        self.now += seconds
        self.station.settle()
        while self.station.work():
            pass
        self.deliver()

    def jobs(self):
        """The records by their names."""
        return {p.name: read_job(p) for p in sorted((self.folder / "jobs").iterdir())}

    def only(self):
        """The record of the one job."""
        (job,) = self.jobs().values()
        return job
