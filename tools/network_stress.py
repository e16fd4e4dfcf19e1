"""What the listener keeps of its promises under stress, with a real PACS; writes JSON.

    python tools/network_stress.py kills     30 studies, three senders, kill -9, the PACS stopped
    python tools/network_stress.py latency   from the last image to results, beside bolus maps
    python tools/network_stress.py memory    the listener's memory over 100 studies; with --copied
                                             the maps of the first stand in for those of the others

Needs Debian's orthanc and orthanc-dicomweb. Figures of a run are in docs/network.md.
"""

import argparse
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from copy import deepcopy
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pydicom
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import MRImageStorage

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests" / name)
                for name in ("network", "")]  # fmt: skip

from orthanc import Orthanc  # noqa: E402

from bolus.cli import main as bolus_main  # noqa: E402
from bolus.io import write_dicom_series  # noqa: E402
from bolus.network import State  # noqa: E402
from bolus.network import listener as listener_module  # noqa: E402
from bolus.network.records import read_job  # noqa: E402
from fuzz.small_head import small_head  # noqa: E402

FLAGS = ["--method", "osvd", "--motion", "off", "--no-drift"]
RULES = """
[listen]
quiet-time = {quiet}
patience = 5
retry = 4
port = {port}
[destinations.pacs]
ae = "ORTHANC"
host = "127.0.0.1"
port = {dicom}
[[rules]]
name = "perfusion"
description = "DSC*"
send = ["pacs"]
options = {{ method = "osvd", motion = "off", drift = false }}
"""


class Listener:
    """``bolus listen`` as a process that can be killed and started again."""

    def __init__(self, folder, orthanc, quiet=3.0, copied=None):
        self._copied = copied
        self.out, self.port = folder / "station", orthanc.bolus_port
        self.rules, self._log = folder / "rules.toml", folder / "listen.log"
        self.rules.write_text(RULES.format(port=self.port, dicom=orthanc.dicom, quiet=quiet))
        self.process = None

    def start(self):
        """Begin it; it may listen only later."""
        command = [sys.executable, "-m", "bolus", "listen", "--rules", str(self.rules),
                   "-o", str(self.out)]  # fmt: skip
        if self._copied is not None:
            command[1:4] = [__file__, "listen", str(self._copied)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log)

    def kill(self):
        """As a power cut ends it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an operator ends it."""
        self.process.terminate()
        self.process.wait()

    def check(self):
        """Raise where it has ended by itself."""
        if self.process.poll() is not None:
            raise SystemExit(self._log.read_text()[-2000:])

    def jobs(self):
        """The records of its jobs."""
        found = (p for p in (self.out / "jobs").glob("*") if (p / "job.json").exists())
        return [read_job(p) for p in found]

    def busy(self):
        """What it was at when it ended."""
        jobs = self.jobs()
        if any((self.out / "incoming").rglob("*.dcm")):
            yield "receiving"
        if any((self.out / "jobs").glob("*/maps.log")) and any(j.state == "queued" for j in jobs):
            yield "making maps"
        if any(j.state == "done" and not j.settled for j in jobs):
            yield "sending"

    def resident(self):
        """MB of memory that the process has."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def studies(count, folder):
    """Studies as lists of DICOM objects; they differ in their UIDs."""
    write_dicom_series(folder, small_head())
    files = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    for number in range(count):
        uids = [generate_uid(entropy_srcs=["stress", str(number), w]) for w in ("study", "series")]
        made = []
        for n, ds in enumerate(files):
            one = deepcopy(ds)
            one.StudyInstanceUID, one.SeriesInstanceUID = uids
            one.SOPInstanceUID = generate_uid(entropy_srcs=["stress", str(number), str(n)])
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
            made.append(one)
        yield made


def push(images, port, calling="SCANNER"):
    """Send all, again and again what was not acknowledged; how many associations it took."""
    left, tried = list(images), 0
    while left:
        tried += 1
        caller = AE(ae_title=calling)
        caller.connection_timeout = caller.acse_timeout = caller.dimse_timeout = 5
        caller.add_requested_context(MRImageStorage)
        made = caller.associate("127.0.0.1", port, ae_title="BOLUS")
        try:
            while left and made.is_established:
                status = made.send_c_store(left[0])
                if getattr(status, "Status", None) != 0:
                    break
                left.pop(0)
        except RuntimeError:  # the association is gone
            pass
        if made.is_established:
            made.release() if not left else made.abort()
        if left:
            time.sleep(random.uniform(0.1, 1.0))
    return tried


def kills(folder, count, least):
    """Lost and doubled results of studies that three senders push while processes are killed."""
    orthanc = Orthanc(folder / "orthanc")
    orthanc.start()
    listener = Listener(folder, orthanc)
    listener.start()
    sent = list(studies(count, folder / "source"))
    rng, tries, over = random.Random(1), [], Event()

    def sender(mine):
        tries.extend(push(images, listener.port) for images in mine)

    def pacs():
        while not over.wait(rng.uniform(20, 40)):
            orthanc.stop()
            stops.append(time.monotonic())
            time.sleep(rng.uniform(3, 10))
            orthanc.start()

    stops, killed, met, began = [], 0, Counter(), time.monotonic()
    senders = [Thread(target=sender, args=(sent[k::3],)) for k in range(3)]
    outage = Thread(target=pacs)
    for thread in (*senders, outage):
        thread.start()
    while killed < least or sum(job.settled for job in listener.jobs()) < count * 2 // 3:
        time.sleep(rng.choice((rng.uniform(0.5, 4), rng.uniform(4, 30), rng.uniform(20, 60))))
        listener.kill()
        killed += 1
        met.update(listener.busy())
        listener.start()
    hit = time.monotonic() - began
    while sum(job.settled for job in listener.jobs()) < count and time.monotonic() - began < 3600:
        time.sleep(1)
    over.set()
    outage.join()
    time.sleep(10)  # what would be sent twice is sent now
    listener.stop()
    figures = counted(listener, orthanc, sent)
    orthanc.stop()
    seconds = time.monotonic() - began
    return {"kills": killed, "pacs_stopped": len(stops), "associations": sum(tries),
            "killed_while": dict(met), "kills_until_s": round(hit),
            "seconds": round(seconds), **figures}  # fmt: skip


def counted(listener, orthanc, sent):
    """Results in the PACS, beside those that there should be."""
    held = {}
    for one in orthanc.ask("instances?expand"):
        tags = one["MainDicomTags"]
        held.setdefault(orthanc.ask(f"instances/{one['ID']}/study")["MainDicomTags"]
                        ["StudyInstanceUID"], []).append(tags["SOPInstanceUID"])  # fmt: skip
    lost = doubled = 0
    for images in sent:
        uid = images[0].StudyInstanceUID
        jobs = [j for j in listener.jobs() if j.study == uid]
        results = [listener.out / "results" / job.name / "dicom" for job in jobs]
        paths = [path for result in results for path in result.glob("*.dcm")]
        objects = {pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID for p in paths}
        found = held.get(uid, [])
        lost += not objects or not objects <= set(found)
        doubled += len(found) > len(objects) or len(jobs) != 1
    states = [job.state for job in listener.jobs()]
    log = listener._log.read_text()
    return {"studies": len(sent), "lost": lost, "doubled": doubled,
            "objects_in_pacs": sum(map(len, held.values())),
            "failed": states.count(State.FAILED), "done": states.count(State.DONE),
            "maps_made": log.count(": done after"), "spool_bytes_left":
            sum(p.stat().st_size for p in listener.out.rglob("images/*.dcm"))}  # fmt: skip


def latency(folder, count):
    """Seconds from the last image to the last result in the PACS, and those of bolus maps."""
    orthanc = Orthanc(folder / "orthanc")
    orthanc.start()
    listener = Listener(folder, orthanc)
    listener.start()
    waits, alone = [], []
    try:
        for number, images in enumerate(studies(count, folder / "source")):
            out = folder / f"maps-{number}"
            command = [sys.executable, "-m", "bolus", "maps", str(folder / "source"), "-o",
                       str(out), "--dicom", "-q", *FLAGS]  # fmt: skip
            began = time.monotonic()
            subprocess.run(command, check=True)
            alone.append(time.monotonic() - began)
            wanted = len(list((out / "dicom").iterdir()))
            before = len(orthanc.ask("instances"))
            push(images, listener.port)
            began = time.monotonic()
            while len(orthanc.ask("instances")) < before + wanted:
                time.sleep(0.05)
            waits.append(time.monotonic() - began)
    finally:
        listener.stop()
        orthanc.stop()
    more = [wait - own for wait, own in zip(waits, alone, strict=True)]
    return {"studies": count, "bolus_maps_s": rounded(alone), "to_results_s": rounded(waits),
            "more_s": rounded(more), "median_more_s": round(statistics.median(more), 2),
            "most_more_s": round(max(more), 2)}  # fmt: skip


def memory(folder, count, copied):
    """MB of the listener after each tenth of the studies."""
    once = made_once(folder) if copied else None
    orthanc = Orthanc(folder / "orthanc")
    orthanc.start()
    listener = Listener(folder, orthanc, quiet=0.3, copied=once)
    listener.start()
    sizes = []
    try:
        for images in studies(count, folder / "source"):
            listener.check()
            push(images, listener.port)
            before = len(sizes)
            while sum(job.settled for job in listener.jobs()) <= before:
                listener.check()
                time.sleep(0.1)
            sizes.append(listener.resident())
    finally:
        listener.stop()
        orthanc.stop()
    slope = float(np.polyfit(np.arange(count // 10, count), sizes[count // 10 :], 1)[0])
    return {"studies": count, "resident_mb": rounded([sizes[0], *sizes[9::10]]),
            "mb_per_study_after_a_tenth": round(slope, 4)}  # fmt: skip


def copied_maps(source):
    """What stands in for maps: a result that was made before, under the study of the images."""

    class Copied:
        def __init__(self, timeout):
            pass

        def __call__(self, images, result, options):
            study = pydicom.dcmread(next(images.iterdir()), stop_before_pixels=True)
            shutil.copytree(source, result)
            for path in (result / "dicom").iterdir():
                ds = pydicom.dcmread(path)
                ds.StudyInstanceUID = study.StudyInstanceUID
                for name in ("SeriesInstanceUID", "SOPInstanceUID"):
                    seed = [study.StudyInstanceUID, str(ds[name].value)]
                    setattr(ds, name, generate_uid(entropy_srcs=seed))
                ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
                ds.save_as(path)

        def stop(self):
            pass

    return Copied


def made_once(folder):
    """A result, made by bolus maps."""
    write_dicom_series(folder / "once", small_head())
    command = [sys.executable, "-m", "bolus", "maps", str(folder / "once"), "-o",
               str(folder / "result"), "--dicom", "-q", *FLAGS]  # fmt: skip
    subprocess.run(command, check=True)
    return folder / "result"


def rounded(values):
    """To a tenth."""
    return [round(value, 1) for value in values]


def main():
    """Run one of them and print its figures."""
    if sys.argv[1:2] == ["listen"]:  # the listener of memory --copied
        listener_module.ChildMaps = copied_maps(Path(sys.argv[2]))
        bolus_main(["listen", *sys.argv[3:]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("kills", "latency", "memory"))
    parser.add_argument("--copied", action="store_true", help="maps are made once only")
    parser.add_argument("--studies", type=int, help="30, 5 and 100 unless said")
    parser.add_argument("--kills", type=int, default=20, help="the fewest kills")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bolus-stress-") as name:
        folder = Path(name)
        if given.what == "kills":
            figures = kills(folder, given.studies or 30, given.kills)
        elif given.what == "latency":
            figures = latency(folder, given.studies or 5)
        else:
            figures = memory(folder, given.studies or 100, given.copied)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
