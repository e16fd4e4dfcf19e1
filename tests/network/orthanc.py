"""A real PACS: Debian's Orthanc with its DICOMweb plugin, on loopback, in a folder of its own.

Skips where it is not installed, unless BOLUS_REQUIRE_ORTHANC=1 asks for failure instead.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from network_cases import free_port

from bolus.network import Entity, Web

PROGRAM = "Orthanc"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AE = "ORTHANC"


def missing():
    """Why there is no Orthanc, None where there is."""
    if shutil.which(PROGRAM) is None:
        return "Orthanc is not installed (Debian: orthanc)"
    return None if PLUGIN.exists() else "Orthanc has no DICOMweb (Debian: orthanc-dicomweb)"


class Orthanc:
    """A PACS that can be stopped and started; ``bolus_port`` is where it knows a listener."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.http, self.dicom, self.bolus_port = free_port(), free_port(), free_port()
        self._process = None
        store = str(self.folder / "store")
        configuration = {
            "StorageDirectory": store,
            "IndexDirectory": store,
            "HttpPort": self.http,
            "HttpBindAddresses": ["127.0.0.1"],
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAet": AE,
            "DicomPort": self.dicom,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {"bolus": ["BOLUS", "127.0.0.1", self.bolus_port]},
            "OverwriteInstances": False,
            "SyncStorageArea": False,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        (self.folder / "orthanc.json").write_text(json.dumps(configuration))

    @property
    def entity(self):
        """As a destination of DIMSE."""
        return Entity(ae=AE, host="127.0.0.1", port=self.dicom)

    @property
    def web(self):
        """As a destination of DICOMweb."""
        return Web(url=f"http://127.0.0.1:{self.http}/dicom-web")

    def start(self):
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            command = [PROGRAM, str(self.folder / "orthanc.json")]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(300):
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            try:
                self.ask("system")
                return
            except URLError:
                time.sleep(0.1)
        raise AssertionError("Orthanc does not answer within 30 s")

    def stop(self):
        """Stop it; what it holds stays."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def ask(self, path, body=None):
        """What it says at an address of its own protocol."""
        request = Request(
            f"http://127.0.0.1:{self.http}/{path}", data=None if body is None else body.encode()
        )
        with urlopen(request) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """A PACS that runs, and holds nothing."""
    why = missing()
    if why is not None:
        if os.environ.get("BOLUS_REQUIRE_ORTHANC") == "1":
            pytest.fail(why)
        pytest.skip(why)
    made = Orthanc(tmp_path_factory.mktemp("pacs") / "orthanc")
    made.start()
    yield made
    made.stop()
