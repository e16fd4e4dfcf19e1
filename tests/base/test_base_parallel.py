"""Every task comes back, once, wherever it ran."""

import os
import signal
import threading
import time

import pytest

from bolus.base import parallel
from bolus.base.parallel import run_all
from bolus.data import InputError
from jobs_work import refuse, slow, square, timed, where

TASKS = {f"t{n}": (n,) for n in range(9)}
SQUARES = {f"t{n}": n * n for n in range(9)}


def collected(pairs):
    """The results by name; none may come twice."""
    found = list(pairs)
    assert len({name for name, _ in found}) == len(found)
    return dict(found)


class TestThisMachine:
    @pytest.mark.parametrize("count", [1, 2])
    def test_complete_and_none_doubled(self, count):
        assert collected(run_all(square, TASKS, jobs=count)) == SQUARES

    def test_no_task_no_result(self):
        assert list(run_all(square, {}, jobs=2)) == []

    def test_one_job_stays_in_this_process(self):
        assert collected(run_all(where, {"a": (0,)}, jobs=1))["a"][0] == os.getpid()

    def test_two_jobs_are_two_processes_of_one_core_each(self):
        found = collected(run_all(where, TASKS, jobs=2))
        assert len({process for process, _ in found.values()} - {os.getpid()}) == 2
        assert {held for _, held in found.values()} == {1}

    def test_results_of_one_process_come_as_they_are_made(self):
        made = []
        pairs = run_all(lambda n: made.append(n) or n, TASKS, jobs=1)
        assert next(pairs) == ("t0", 0)
        assert made == [0]

    @pytest.mark.parametrize("count", [1, 2])
    def test_what_is_raised_there_is_raised_here(self, tmp_path, count):
        tasks = {f"t{n}": (str(tmp_path), n) for n in range(40)}
        with pytest.raises(InputError, match="three is refused"):
            list(run_all(refuse, tasks, jobs=count))
        assert len(list(tmp_path.iterdir())) < 12

    def test_no_more_in_flight_than_processes(self, tmp_path):
        tasks = {f"t{n}": (str(tmp_path), n) for n in range(8)}
        spans = collected(run_all(timed, tasks, jobs=2)).values()
        for start, _ in spans:
            assert sum(a <= start < b for a, b in spans) <= 2

    def test_no_more_is_handed_out_than_there_are_processes(self, monkeypatch):
        sent, held = [], parallel.ProcessPoolExecutor.submit
        monkeypatch.setattr(
            parallel.ProcessPoolExecutor,
            "submit",
            lambda *given, **named: sent.append(1) or held(*given, **named),
        )
        for done, _ in enumerate(run_all(square, TASKS, jobs=2)):
            assert len(sent) - done <= 2
        assert len(sent) == len(TASKS)

    def test_leaving_early_starts_no_more(self, tmp_path):
        tasks = {f"t{n}": (str(tmp_path), n) for n in range(40)}
        pairs = run_all(refuse, {k: v for k, v in tasks.items() if k != "t3"}, jobs=2)
        next(pairs)
        pairs.close()
        assert len(list(tmp_path.iterdir())) < 12

    @pytest.mark.parametrize("count", [0, -2])
    def test_less_than_one_job_is_refused(self, count):
        with pytest.raises(InputError, match=f"found {count}"):
            list(run_all(square, TASKS, jobs=count))


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    import dask

    quiet = {"distributed.logging.distributed": "critical", "distributed.worker.daemon": False}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=50,
        ) as made,
    ):
        yield made


class TestDask:
    def test_complete_and_none_doubled(self, cluster):
        found = collected(run_all(square, TASKS, dask=cluster.scheduler_address))
        assert found == SQUARES
        assert list(run_all(square, {}, dask=cluster.scheduler_address)) == []

    def test_what_is_raised_there_is_raised_here_after_one_try(self, cluster, tmp_path):
        tasks = {f"t{n}": (str(tmp_path), n) for n in range(40)}
        with pytest.raises(InputError, match="three is refused"):
            list(run_all(refuse, tasks, dask=cluster.scheduler_address))
        assert (tmp_path / "3").read_text() == "x"
        assert len(list(tmp_path.iterdir())) < 20

    def test_bounded_in_flight(self, cluster, monkeypatch):
        from distributed import Client

        sent, held = [], Client.submit
        monkeypatch.setattr(
            Client, "submit", lambda *given, **named: sent.append(1) or held(*given, **named)
        )
        pairs = run_all(square, TASKS, dask=cluster.scheduler_address)
        for done, _ in enumerate(pairs):
            assert len(sent) - done <= 2 * parallel.AHEAD
        assert len(sent) == len(TASKS)

    def test_a_worker_that_dies_loses_nothing(self, cluster, tmp_path):
        """One of two workers is killed at its second task; all come back, once."""
        tasks = {f"t{n}": (str(tmp_path), n) for n in range(10)}
        killed = []

        def kill():
            while len(list(tmp_path.iterdir())) < 4:
                time.sleep(0.02)
            newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
            killed.append(int(newest.name.split("-")[1]))
            os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        found = collected(run_all(slow, tasks, dask=cluster.scheduler_address))
        thread.join()
        assert found == {f"t{n}": n for n in range(10)}
        runs = [path.name.split("-") for path in tmp_path.iterdir()]
        assert len(runs) > 10, "a task of the killed worker was done again"
        assert str(killed[0]) in {process for _, process in runs}

    def test_no_scheduler_is_said_soon(self, monkeypatch):
        pytest.importorskip("distributed")
        monkeypatch.setattr(parallel, "PATIENCE", 0.5)
        start = time.monotonic()
        with pytest.raises(InputError, match="no Dask scheduler answers"):
            list(run_all(square, TASKS, dask="tcp://127.0.0.1:9"))
        assert time.monotonic() - start < 10
        with pytest.raises(InputError, match="no Dask scheduler answers"):
            list(run_all(square, TASKS, dask="nosuch://place"))

    def test_patience_is_less_than_half_a_minute(self):
        assert parallel.PATIENCE <= 25

    def test_without_dask_it_says_what_to_install(self, monkeypatch):
        import sys

        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(InputError, match=r"bolus\[dask\]"):
            list(run_all(square, TASKS, dask="tcp://127.0.0.1:9"))


def test_cores_are_those_this_process_may_use():
    assert 1 <= parallel.cores() <= (os.cpu_count() or 1)
