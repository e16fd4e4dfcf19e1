"""From images to results: each series once, whatever happens on the way, and when."""

import logging
import random
from itertools import pairwise

import pydicom
import pytest
from network_cases import NAMES, PATIENCE, QUIET, World, fake_maps, instance

from bolus.cli import main
from bolus.data import InputError, OutputError
from bolus.network import Arrival, State, durable, read_jobs, station
from bolus.network.spool import SpoolFullError

STUDIES = [[instance(study, 1, n) for n in range(3)] for study in (1, 2)]
OTHER = instance(2, 2, 1, description="localizer")
CHANGES = ("write_new", "move", "make", "remove")


class Killed(BaseException):
    """The process ends here."""


class Killer:
    """Ends the process at some of the changes on disk: after it, or halfway."""

    def __init__(self, monkeypatch, when):
        self.names, self._when = [], when
        for name in CHANGES:
            monkeypatch.setattr(durable, name, self._dangerous(getattr(durable, name)))

    def _dangerous(self, change):
        def call(path, *more):
            self.names.append(change.__name__)
            how = self._when(len(self.names))
            if how == "half":
                self._half(change, path, *more)
                raise Killed
            change(path, *more)
            if how == "after":  # and before the next
                raise Killed

        return call

    def _half(self, change, path, *more):
        if change.__name__ == "write_new":
            path.write_bytes(more[0][: len(more[0]) // 2])
        elif change.__name__ == "remove" and path.is_dir():
            next((one.unlink() for one in path.rglob("*") if one.is_file()), None)


def live(world, *batches):
    """Senders send until all is acknowledged; the listener is started again when it is killed.

    A batch is sent when all that was to be done for the one before is done.
    """
    waiting = [list(batch) for batch in batches]
    running, kills = False, 0
    while waiting:
        try:
            if not running:
                world.start()
                running = True
            while waiting[0]:
                world.receive(waiting[0][0])
                waiting[0].pop(0)  # acknowledged: it is not sent again
            world.arrivals.ended(1, released=True)
            world.run()
            waiting.pop(0)
        except Killed:
            running, kills = False, kills + 1
            assert kills < 500
    return kills


def check(world, *studies):
    """All was mapped once and sent; nothing is left over."""
    jobs = world.jobs()
    series = {f"1.2.{n}.1" for n in range(1, len(studies) + 1)}
    done = {name: State.DONE for name in series}
    assert {j.series: j.state for j in jobs.values()} == {**done, "1.2.2.2": State.LEFT}
    assert len(jobs) == len(studies) + 1
    assert set(world.pacs.held) == {f"{name}.99" for name in series}
    assert all(len(j.images) == (1 if j.state is State.LEFT else 3) for j in jobs.values())
    assert all(d.state is Arrival.SENT for j in jobs.values() for d in j.destinations.values())
    assert len(list(world.spool.results.iterdir())) == len(studies)
    world.start()  # and once more there is nothing to do
    world.run()
    assert world.jobs() == jobs
    assert [*world.folder.rglob("*.partial"), *world.spool.incoming.iterdir()] == []
    assert list(world.folder.glob("jobs/*/images")) == []
    assert world.spool.held == 0


@pytest.fixture
def dynamic(monkeypatch, no_sync):
    monkeypatch.setattr(station, "why_not_dynamic", lambda images: None)


def test_a_kill_at_any_change_loses_and_doubles_nothing(tmp_path, dynamic):
    with pytest.MonkeyPatch.context() as patch:
        killer = Killer(patch, lambda count: None)
        assert live(World(tmp_path / "whole"), [OTHER, *STUDIES[0]]) == 0
    assert len(killer.names) > 30
    for at, name in enumerate(killer.names, 1):
        for how in ("half", "after") if name in ("write_new", "remove") else ("after",):
            world = World(tmp_path / f"{how}-{at}")
            with pytest.MonkeyPatch.context() as patch:
                Killer(patch, lambda count, at=at, how=how: how if count == at else None)
                assert live(world, [OTHER, *STUDIES[0]]) == 1
            check(world, STUDIES[0])


def picky(images, result, options):
    """Maps of three images, and of fewer none."""
    if len(list(images.iterdir())) < 3:
        raise InputError("images are missing")
    fake_maps(images, result, options)


def test_a_kill_while_a_failed_series_is_completed_loses_nothing(tmp_path, dynamic):
    batches = STUDIES[0][:2], STUDIES[0][2:]
    with pytest.MonkeyPatch.context() as patch:
        killer = Killer(patch, lambda count: None)
        assert live(World(tmp_path / "whole", picky), *batches) == 0
    for at in range(1, len(killer.names) + 1):
        world = World(tmp_path / f"{at}", picky)
        with pytest.MonkeyPatch.context() as patch:
            Killer(patch, lambda count, at=at: "after" if count == at else None)
            assert live(world, *batches) == 1
        assert (world.only().state, len(world.only().images)) == (State.DONE, 3)
        assert list(world.pacs.held) == ["1.2.1.1.99"]


@pytest.mark.parametrize("seed", range(4))
def test_many_kills_lose_and_double_nothing(tmp_path, dynamic, seed):
    rng = random.Random(seed)
    world = World(tmp_path / "station")

    def when(count):
        return rng.choice(("half", "after")) if rng.random() < 0.2 else None

    with pytest.MonkeyPatch.context() as patch:
        Killer(patch, when)
        assert live(world, [OTHER, *STUDIES[0], *STUDIES[1]]) > 1
    check(world, *STUDIES)


def test_a_study_is_complete_after_a_quiet_time(world):
    world.send(*STUDIES[0][:2])
    world.run(QUIET - 0.1)
    assert world.jobs() == {}
    world.send(STUDIES[0][2])
    world.run(QUIET - 0.1)
    assert world.jobs() == {}
    world.run(0.2)
    assert world.only().state is State.DONE
    assert len(world.only().images) == 3


def test_a_study_is_not_complete_while_it_is_sent(world):
    world.receive(STUDIES[0][0])
    world.run(10 * PATIENCE)
    assert world.jobs() == {}
    world.arrivals.only(set())  # its association is gone, and nobody said how
    world.run(PATIENCE - 1)
    assert world.jobs() == {}
    world.run(2)
    assert world.only().state is State.DONE


def test_a_sender_that_was_cut_off_may_send_the_rest(world):
    world.send(*STUDIES[0][:1], released=False)
    world.run(PATIENCE - 1)
    assert world.jobs() == {}
    world.send(*STUDIES[0][1:], sender=2)
    world.run(QUIET)
    assert len(world.only().images) == 3


def test_images_sent_again_are_passed_over(world):
    world.send(*STUDIES[0])
    world.run()
    before = world.only()
    world.send(*STUDIES[0])
    world.run()
    assert world.only() == before
    assert world.pacs.came == ["1.2.1.1.99"]
    assert world.spool.held == 0


def test_images_that_come_too_late_are_kept_and_named(world, caplog):
    world.send(*STUDIES[0][:2])
    world.run()
    world.send(STUDIES[0][2])
    world.run()
    first, late = world.jobs().values()
    assert (first.state, late.state) == (State.DONE, State.FAILED)
    assert late.reason == "1 images came after the maps of their series had been made"
    assert len(list(world.spool.images(late.name).iterdir())) == 1
    assert "failed" in caplog.text


def test_a_failed_series_is_tried_again_with_what_comes_later(world):
    world.maps = picky
    world.start()
    world.send(*STUDIES[0][:2])
    world.run()
    assert (world.only().state, world.only().reason) == (State.FAILED, "images are missing")
    world.send(STUDIES[0][2])
    world.run()
    assert world.only().state is State.DONE
    assert list(world.pacs.held) == ["1.2.1.1.99"]


def test_one_bad_series_never_stops_the_next(world, caplog):
    def bad_first(images, result, options):
        if "1" in (images.parent / "job.json").read_text().split('"study": "1.2.')[1][:1]:
            raise InputError(
                f"of {NAMES['PatientName']}, id {NAMES['PatientID'].lower()}: no bolus"
            )
        fake_maps(images, result, options)

    world.maps = bad_first
    world.start()
    with caplog.at_level(logging.DEBUG):
        world.send(*STUDIES[0], *STUDIES[1])
        world.run()
    bad, good = sorted(world.jobs().values(), key=lambda job: job.study)
    assert (bad.state, good.state) == (State.FAILED, State.DONE)
    assert bad.reason == "of …, id …: no bolus"
    assert len(list(world.spool.images(bad.name).iterdir())) == 3
    assert "no bolus" in caplog.text
    written = [p.read_text() for p in world.folder.glob("jobs/*/job.json")]
    for name in ("Wallace", "Grommit", "4711", "0815"):
        assert all(name not in text for text in (caplog.text, *written))


def test_the_queue_is_listed_without_names(world, capsys):
    world.maps = picky
    world.start()
    world.send(*STUDIES[0], *STUDIES[1][:2], OTHER)
    world.run()
    with pytest.raises(SystemExit):
        main(["queue", str(world.folder)])
    said = capsys.readouterr().out
    for words in ("done", "failed", "images are missing", "left", "pacs: sent"):
        assert words in said
    with pytest.raises(SystemExit):
        main(["queue", str(world.folder), "--unfinished"])
    said = capsys.readouterr().out
    assert "images are missing" in said
    assert "done" not in said
    assert not any(name in said for name in (*NAMES.values(), "perf"))
    with pytest.raises(InputError, match="no listener has written here"):
        read_jobs(world.folder / "jobs")


def test_a_bug_in_one_series_is_a_failure_of_that_one(world):
    def broken(images, result, options):
        raise ZeroDivisionError(NAMES["PatientName"])

    world.maps = broken
    world.start()
    world.send(*STUDIES[0])
    world.run()
    assert (world.only().state, world.only().reason) == (State.FAILED, "ZeroDivisionError")


def test_a_full_disk_is_no_fault_of_the_series(world):
    def full(images, result, options):
        raise OutputError("no space left")

    world.maps = full
    world.start()
    world.send(*STUDIES[0])
    with pytest.raises(OutputError, match="no space"):
        world.run()
    assert world.only().state is State.QUEUED
    world.station._maps = fake_maps
    world.run()
    assert world.only().state is State.DONE


def test_other_series_are_left_alone_for_a_reason(world):
    world.send(OTHER, instance(2, 3, 1, modality="CT"))
    world.run()
    assert {job.reason for job in world.jobs().values()} == {
        "no rule for modality MR with this description",
        "no rule for modality CT with this description",
    }
    assert world.spool.held == 0


def test_series_that_are_not_dynamic_are_left_alone(tmp_path, no_sync):
    world = World(tmp_path / "station")
    world.start()
    placed = instance(1, 1, 1)
    world.send(placed)
    world.run()
    assert world.only().state is State.FAILED  # nowhere in space: no image that is understood
    assert "no DICOM MR images" in world.only().reason


def test_images_stay_where_they_are_to_be_kept(tmp_path, dynamic):
    world = World(tmp_path / "station", keep=True)
    world.start()
    world.send(*STUDIES[0])
    world.run()
    assert len(list(world.spool.images(world.only().name).iterdir())) == 3


def test_a_spool_takes_no_more_than_it_may(world):
    content = instance(3, 1, 1)
    world.spool.most = 2 * len(content)
    for _ in range(3):
        world.receive(content)  # it replaces itself
    world.spool.most = len(content)
    with pytest.raises(SpoolFullError, match="may hold"):
        world.receive(instance(3, 1, 2))
    world.arrivals.ended(1, released=True)
    world.run()
    world.receive(instance(3, 1, 2))


def test_results_go_again_and_again_to_a_destination_that_is_down(world):
    world.pacs.down = True
    world.send(*STUDIES[0])
    world.run()
    tries = []
    send = world.pacs.send
    world.pacs.send = lambda files: tries.append(world.now) or send(files)
    for _ in range(400):
        world.now += 0.1
        world.deliver()
    gaps = [round(b - a) for a, b in pairwise(tries)]
    assert gaps[:2] == [2, 4][: len(gaps[:2])]
    assert max(gaps) == 8
    world.start()  # and after a start, too
    world.pacs.down = False
    world.deliver()
    assert world.only().destinations["pacs"].state is Arrival.SENT
    assert list(world.pacs.held) == ["1.2.1.1.99"]


def test_a_result_that_cannot_be_sent_does_not_stop_the_next(world):
    send = world.pacs.send

    def picky_send(files):
        if "1.2.1.1.99" in [pydicom.dcmread(path).SOPInstanceUID for path in files]:
            raise ZeroDivisionError(NAMES["PatientName"])
        return send(files)

    world.pacs.send = picky_send
    world.send(*STUDIES[0], *STUDIES[1])
    for _ in range(4):
        world.run()
    assert list(world.pacs.held) == ["1.2.2.1.99"]
    (first,) = (job for job in world.jobs().values() if job.study == "1.2.1")
    assert first.destinations["pacs"].state is Arrival.REFUSED
    assert first.destinations["pacs"].reason == "cbf.dcm: ZeroDivisionError (1 objects)"


def test_a_destination_that_refuses_is_given_up_by_name(world):
    world.pacs.refuses = 1
    world.send(*STUDIES[0])
    world.run()
    delivery = world.only().destinations["pacs"]
    assert (delivery.state, delivery.attempts) == (Arrival.WAITING, 1)
    assert delivery.reason == "cbf.dcm: status A700 (1 objects)"
    world.now += 1
    world.deliver()
    assert world.only().destinations["pacs"].state is Arrival.SENT
    world.pacs.refuses = 99
    world.send(*STUDIES[1])
    for _ in range(5):
        world.run()
    (second,) = (job for job in world.jobs().values() if job.study == "1.2.2")
    assert second.destinations["pacs"].state is Arrival.REFUSED
    assert second.destinations["pacs"].attempts == 3
