"""The door, over real associations on loopback: who may come in, with how much, and when not."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from io import BytesIO

import pydicom
import pytest
from network_cases import NAMES, free_port, instance, write_instances
from pynetdicom import AE, evt
from pynetdicom.sop_class import MRImageStorage, Verification

from bolus.data import InputError, NetworkError, OutputError
from bolus.io.dicom.silence import no_remarks
from bolus.network import Door, Entity, Limits, send
from bolus.network.door import MB, Throttle
from bolus.network.header import read_header
from bolus.network.server import Server
from bolus.network.spool import Spool, SpoolFullError


class Taken:
    """What a server hands on."""

    def __init__(self, error=None):
        self.headers, self.ends, self.error = [], [], error

    def receive(self, header, content, sender):
        if self.error is not None:
            raise self.error
        assert read_header(BytesIO(content)) == header
        self.headers.append(header)

    def ended(self, sender, *, released):
        self.ends.append(released)


@contextmanager
def serving(taken, **door):
    made = Door(port=free_port(), **door)
    server = Server(made, taken.receive, taken.ended)
    server.start()
    try:
        yield Entity(ae=made.ae, host=made.host, port=made.port), server
    finally:
        server.stop()


def wait_for(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("not within 20 s")


def raw(entity, calling="BOLUS", called=None):
    caller = AE(ae_title=calling)
    caller.add_requested_context(MRImageStorage)
    caller.add_requested_context(Verification)
    return caller.associate(entity.host, entity.port, ae_title=called or entity.ae)


def test_what_is_sent_arrives_and_the_end_is_told(tmp_path):
    taken = Taken()
    paths = write_instances(tmp_path / "in", *(instance(1, 1, n) for n in range(3)))
    with serving(taken) as (entity, server):
        assert send(entity, paths) == 3
        wait_for(lambda: taken.ends)
        made = raw(entity)
        assert server.alive()
        assert made.send_c_echo().Status == 0
        made.abort()
        wait_for(lambda: len(taken.ends) == 2)
        wait_for(lambda: not server.alive())
    assert [header.instance for header in taken.headers] == ["1.2.1.1.0", "1.2.1.1.1", "1.2.1.1.2"]
    assert taken.ends == [True, False]


def test_success_is_told_once_the_image_is_on_disk(tmp_path, monkeypatch):
    """By the order of events: synced, put in place, its folder synced, and then the answer."""
    events = []
    sync, replace = os.fsync, type(tmp_path).rename
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append("sync"), sync(handle))[1])
    monkeypatch.setattr(
        type(tmp_path), "rename", lambda path, to: (events.append("place"), replace(path, to))[1]
    )
    spool = Spool(tmp_path / "station", 10**6)
    spool.prepare()
    taken = Taken()
    taken.receive = lambda header, content, sender: spool.take(header, content)
    with serving(taken) as (entity, _):
        made = raw(entity)
        ds = pydicom.dcmread(BytesIO(instance(1, 1, 1)))
        made.send_c_store(ds)  # makes the folders
        events.clear()
        status = made.send_c_store(pydicom.dcmread(BytesIO(instance(1, 1, 2))))
        events.append("answer")
        made.release()
    assert status.Status == 0
    assert events[:3] == ["sync", "place", "sync"]
    assert events[-1] == "answer"
    kept = {pydicom.dcmread(path).SOPInstanceUID for path in spool.incoming.rglob("*.dcm")}
    assert kept == {"1.2.1.1.1", "1.2.1.1.2"}


@pytest.mark.parametrize(
    ("calling", "called", "welcome"),
    [("SCANNER1", None, True), ("SCANNER2", None, False), ("SCANNER1", "OTHER", False)],
)
def test_only_who_is_on_the_list_may_call(calling, called, welcome):
    with serving(Taken(), callers=("SCANNER1",)) as (entity, _):
        made = raw(entity, calling, called)
        assert (made.is_established, made.is_rejected) == (welcome, not welcome)
        if welcome:
            made.release()


def test_a_refused_caller_is_told_so(tmp_path):
    paths = write_instances(tmp_path / "in", instance())
    with (
        serving(Taken(), callers=("SCANNER1",)) as (entity, _),
        pytest.raises(NetworkError, match="refuses the association"),
    ):
        send(entity, paths)


def test_other_machines_come_in_only_by_a_list():
    with pytest.raises(InputError, match="name the AE titles that may call"):
        Door(port=104, host="0.0.0.0")
    Door(port=104, host="0.0.0.0", callers=("SCANNER1",))
    for host in ("127.0.0.1", "::1", "localhost"):
        Door(port=104, host=host)
    for wrong in ({"port": 0}, {"ae": "x" * 17}, {"ae": " "}, {"callers": ("a\\b",)}):
        with pytest.raises(InputError):
            Door(**{"port": 104, **wrong})
    with pytest.raises(InputError, match="certificate"):
        Door(port=104, tls_ca="ca.pem")


def test_an_object_that_is_too_large_ends_its_association(tmp_path):
    taken = Taken()
    paths = write_instances(tmp_path / "in", instance(rows=300))
    small = write_instances(tmp_path / "small", *(instance(number=n, rows=100) for n in range(9)))
    with serving(taken, limits=Limits(instance=0.1)) as (entity, _):
        with pytest.raises(NetworkError):
            send(entity, paths)
        assert taken.headers == []
        assert send(entity, small) == 9  # together they are larger
    assert taken.ends[0] is False


def test_more_associations_than_allowed_are_rejected():
    with serving(Taken(), limits=Limits(associations=2)) as (entity, _):
        made = [raw(entity) for _ in range(3)]
        assert [one.is_established for one in made] == [True, True, False]
        made[0].release()
        wait_for(lambda: (again := raw(entity)).is_established and again.release() is None)
        made[1].release()


def test_what_cannot_be_taken_is_refused_by_its_status(caplog):
    taken = Taken()

    def status(error=None, **changed):
        taken.error = error
        ds = pydicom.dcmread(BytesIO(instance()))
        for name, value in changed.items():
            with no_remarks():
                setattr(ds, name, value)
        return int(made.send_c_store(ds).Status)

    with serving(taken) as (entity, _):
        made = raw(entity)
        assert status() == 0
        assert status(SpoolFullError("full")) == 0xA700
        assert status(OutputError("disk")) == 0xA700
        assert status(StudyInstanceUID="") == 0xC000
        assert status(SeriesInstanceUID="../../etc") == 0xC000
        made.release()
    assert len(taken.headers) == 1
    assert not any(name in caplog.text for name in NAMES.values())


def test_senders_wait_where_they_bring_more_than_may_come():
    now, waits = [0.0], []

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    throttle = Throttle(10 * MB, lambda: now[0], sleep)
    for _ in range(20):
        throttle.passed(MB)
    assert now[0] == pytest.approx(2.0)
    now[0] = 100.0
    throttle.passed(MB)
    assert waits[-1] == pytest.approx(0.1)  # what was not used before is not saved up
    free = Throttle(None, lambda: now[0], sleep)
    free.passed(10**12)
    assert now[0] == pytest.approx(100.1)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate of this machine that signed itself, and a stranger's."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificates, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("own", "other"):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
    return folder


def test_tls_takes_those_who_know_each_other_and_nobody_else(tmp_path, certificates):
    own, key, other = (certificates / name for name in ("own.pem", "own.key", "other.pem"))
    paths = write_instances(tmp_path / "in", instance())
    taken = Taken()
    with serving(taken, tls_cert=own, tls_key=key, tls_ca=own) as (plain, _):
        place = {"ae": plain.ae, "host": plain.host, "port": plain.port}
        known = Entity(**place, tls=True, tls_ca=own, tls_cert=own, tls_key=key)
        assert send(known, paths) == 1
        for stranger in (
            plain,
            Entity(**place, tls=True, tls_ca=own),  # shows no certificate
            Entity(**place, tls=True, tls_ca=other, tls_cert=own, tls_key=key),
        ):
            with pytest.raises(NetworkError):
                send(stranger, paths)
    assert len(taken.headers) == 1
    with pytest.raises(InputError, match="PEM"):
        Entity(**place, tls=True, tls_ca=paths[0]).context()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # at the stop
def test_who_connects_and_says_nothing_keeps_nobody_waiting(tmp_path, certificates):
    own, key = certificates / "own.pem", certificates / "own.key"
    paths = write_instances(tmp_path / "in", instance())
    with serving(Taken(), tls_cert=own, tls_key=key) as (plain, _):
        place = {"ae": plain.ae, "host": plain.host, "port": plain.port}
        with socket.create_connection((plain.host, plain.port)):
            assert send(Entity(**place, tls=True, tls_ca=own), paths) == 1


def test_a_port_that_is_taken_is_named():
    with serving(Taken()) as (entity, _):
        second = Server(Door(port=entity.port), None, None)
        with pytest.raises(NetworkError, match=f"127.0.0.1:{entity.port}: cannot be listened at"):
            second.start()


def test_nobody_answers():
    with pytest.raises(NetworkError, match="cannot be reached"):
        list(Entity(ae="PACS", host="127.0.0.1", port=free_port()).find("STUDY", {}))


def test_a_peer_that_does_not_take_an_object_is_named(tmp_path):
    other = AE(ae_title="PACS")
    other.add_supported_context(MRImageStorage)
    port = free_port()
    paths = write_instances(tmp_path / "in", instance(number=1), instance(number=2))
    answers = iter([0x0000, 0xA701])
    handlers = [(evt.EVT_C_STORE, lambda event: next(answers))]
    other.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        with pytest.raises(NetworkError, match=r"1 of 2 objects were not taken; .*status A701"):
            send(Entity(ae="PACS", host="127.0.0.1", port=port), paths)
    finally:
        other.shutdown()
