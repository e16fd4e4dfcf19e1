"""Whether many patients on a Dask cluster take linear time, and survive kills; writes JSON.

    python tools/cluster_stress.py scale FOLDER --workers 1,2,4 --patients 12   seconds a patient
    python tools/cluster_stress.py kills FOLDER --workers 2 --patients 40       kill -9 a worker,
                                          then the scheduler; resume; hold against a calm run
    python tools/cluster_stress.py table FOLDER                                 what was measured

FOLDER is made; it holds the simulated patients, results and a JSON file a run. ``--study`` does the
same with ``bolus study`` in place of ``bolus maps``. A handful of patients is simulated, of
``--matrix`` and ``--frames``, and linked into a dataset of as many participants as are asked for.
``--lean`` deletes the viewer's copy of the series from each result as soon as that is whole. What
follows ``--`` are options of the command. Needs dask. Figures of a run: docs/many.md.
"""

import argparse
import csv
import hashlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

TICKS = os.sysconf("SC_CLK_TCK")
LIGHT = ["--method", "osvd", "--motion", "off", "--no-drift", "--no-unmix"]
SERIES = "series.safetensors"
DISTINCT = 4
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
               "MALLOC_TRIM_THRESHOLD_": "65536"}  # fmt: skip
"""The last is what a Dask nanny sets: without it the C library keeps what a patient gave back."""


def bolus(*words):
    """The command line of ``bolus``."""
    return [sys.executable, "-m", "bolus", *map(str, words)]


def simulated(folder, matrix, frames):
    """The handful of patients with tumour, seed 61: a cohort as ``bolus study`` takes it."""
    made = folder / f"patients-{matrix}-{frames}"
    if not made.exists():
        half = DISTINCT // 2
        subprocess.run(bolus("simulate", "cohort", "-o", made, "--low", half, "--high", half,
                             "--matrix", matrix, "--frames", frames, "--seed", 61, "-q",
                             "--jobs", 1), check=True, env=ENVIRONMENT)  # fmt: skip
    return made


def linked(patients, target, count):
    """A dataset of ``count`` participants, each with the files of one of the patients."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(patients / "dataset_description.json", target)
    with (patients / "participants.tsv").open() as file:
        known = list(csv.DictReader(file, delimiter="\t"))
    lines = []
    for number in range(count):
        one, name = known[number % len(known)], f"sub-{number + 1:05d}"
        old = one["participant_id"]
        (target / name / "perf").mkdir(parents=True)
        for path in (patients / old / "perf").iterdir():
            own = target / name / "perf" / path.name.replace(old, name, 1)
            own.symlink_to(path.resolve())
        lines.append({**one, "participant_id": name})
    with (target / "participants.tsv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows(lines)
    return target


def used(process):
    """CPU seconds of a process and its memory, MB."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    resident = next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return (int(fields[11]) + int(fields[12])) / TICKS, resident / 1024


class Cluster:
    """A scheduler and workers of one thread, processes of this machine, on its loopback."""

    def __init__(self, workers, log):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address, self._log = f"tcp://127.0.0.1:{self._port}", log
        self.workers, self.scheduler = [], self._start(
            "scheduler", "--host", "127.0.0.1", "--port", self._port)  # fmt: skip
        for _ in range(workers):
            self.another()

    def _start(self, role, *words):
        command = [sys.executable, "-m", f"distributed.cli.dask_{role}", *map(str, words),
                   "--no-dashboard"]  # fmt: skip
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT,
                                    cwd=self._log.parent)  # fmt: skip

    def another(self):
        """One more worker."""
        self.workers.append(self._start(
            "worker", self.address, "--nthreads", 1, "--no-nanny", "--memory-limit", 0,
            "--death-timeout", 60))  # fmt: skip

    def stop(self):
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


class Watch(Thread):
    """CPU and memory of workers, scheduler and command, and results that are there, by the second.

    ``whole`` counts the results; ``at(done)`` is called with their number at every look.
    """

    def __init__(self, cluster, command, whole, at=None):
        super().__init__(daemon=True)
        self._cluster, self._command, self._whole, self._at = cluster, command, whole, at
        self.over, self.looks, self.cpu, self._begun = Event(), [], {}, time.monotonic()

    def run(self):
        """Look until it is over."""
        while not self.over.wait(1.0):
            self.look()

    def look(self):
        """One line of ``looks``."""
        own = self._cluster
        memory = {}
        roles = [("scheduler", own.scheduler), ("command", self._command)]
        roles += [(f"worker {n}", one) for n, one in enumerate(own.workers)]
        for role, process in roles:
            if process.poll() is None:
                try:
                    self.cpu[role], memory[role] = used(process)
                except (FileNotFoundError, StopIteration):
                    continue
        done = self._whole()
        spent = sum(own for role, own in self.cpu.items() if "worker" in role)
        self.looks.append({"seconds": time.monotonic() - self._begun, "done": done, "cpu": spent,
                           "load": os.getloadavg()[0], "memory": memory})  # fmt: skip
        if self._at is not None:
            self._at(done)


class Task:
    """``bolus maps`` or ``bolus study`` of a dataset: its command, results and their content."""

    def __init__(self, asked, dataset, out):
        self.out, self._dataset, self._study = out, dataset, asked.study
        self._lean = asked.lean
        self._options = asked.options or (
            ["--methods", "osvd", "--snr", "none,20"] if asked.study else LIGHT
        )

    def command(self, *words):
        """The command line."""
        verb = "study" if self._study else "maps"
        return bolus(verb, self._dataset, "-o", self.out, *self._options, "-q", *words)

    def whole(self):
        """How many patients are done."""
        if self._study:
            kept = self.out.with_name(f"{self.out.name}.work") / "done"
            return len(list(kept.glob("*.json")))
        found = list(self.out.glob("sub-*/summary.json"))
        if self._lean:
            for path in found:
                (path.parent / SERIES).unlink(missing_ok=True)
        return len(found)

    def content(self):
        """Participant → digest of what was found."""
        if self._study:
            return self._rows()
        return {path.name: digest(sorted(path.glob("*.nii.gz")))
                for path in sorted(self.out.glob("sub-*"))}  # fmt: skip

    def _rows(self):
        found = {}
        with (self.out / "patients.csv").open() as file:
            for row in csv.DictReader(file):
                name = row.pop("participant_id")
                told = {k: v for k, v in row.items() if not k.startswith("seconds")}
                found.setdefault(name, []).append(json.dumps(told))
        return {name: hashlib.sha256("".join(rows).encode()).hexdigest()
                for name, rows in found.items()}  # fmt: skip

    def left_behind(self):
        """What killed processes left beside the results."""
        return sorted(path.name for path in self.out.parent.glob(".*partial*")) + sorted(
            path.name for path in self.out.glob(".*"))  # fmt: skip


def digest(paths):
    """Of the bytes of files."""
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def run(task, cluster, *words, at=None):
    """The command on the cluster: its exit status, seconds and what was watched."""
    begun = time.monotonic()
    with (task.out.parent / "command.log").open("ab") as log:
        process = subprocess.Popen(task.command("--dask", cluster.address, *words),
                                   stdout=log, stderr=log, env=ENVIRONMENT)  # fmt: skip
        watch = Watch(cluster, process, task.whole, at)
        watch.start()
        code = process.wait()
    watch.over.set()
    watch.join()
    watch.look()
    return code, time.monotonic() - begun, watch


def quarters(looks, patients):
    """Looks during each quarter of the patients."""
    return [[one for one in looks if min(3, 4 * one["done"] // patients) == part]
            for part in range(4)]  # fmt: skip


def flat(looks, patients):
    """Highest memory of a worker, MB, in each quarter of the patients; of scheduler, of command."""
    told = {"worker": [], "worker_median": []}
    for inside in quarters(looks, patients):
        seen = [m for look in inside for role, m in look["memory"].items() if "worker" in role]
        told["worker"].append(max(seen, default=None))
        told["worker_median"].append(statistics.median(seen) if seen else None)
    for role in ("scheduler", "command"):
        told[role] = max((look["memory"].get(role, 0) for look in looks), default=0)
    return told


def linear(looks, patients):
    """Seconds a patient of the workers' CPU and of the clock, and the load, in each quarter."""
    told = []
    for inside in quarters(looks, patients):
        made = inside[-1]["done"] - inside[0]["done"] if inside else 0
        told.append(None if made == 0 else {
            "patients": made,
            "cpu": (inside[-1]["cpu"] - inside[0]["cpu"]) / made,
            "seconds": (inside[-1]["seconds"] - inside[0]["seconds"]) / made,
            "load": statistics.median(one["load"] for one in inside)})  # fmt: skip
    return told


def scale(asked, patients):
    """The same patients on clusters of growing size."""
    for workers in asked.workers:
        place = fresh(asked.folder / "scale")
        task = Task(asked, linked(patients, place / "data", asked.patients), place / "out")
        cluster = Cluster(workers, place / "cluster.log")
        try:
            code, seconds, watch = run(task, cluster)
        finally:
            cluster.stop()
        cpu = sum(own for role, own in watch.cpu.items() if "worker" in role)
        told = {"workers": workers, "code": code, "seconds": seconds, "cpu": cpu,
                "client_cpu": watch.cpu.get("command"), "load": os.getloadavg()[0],
                "memory": flat(watch.looks, asked.patients),
                "linear": linear(watch.looks, asked.patients), "looks": watch.looks,
                "done": len(task.content())}  # fmt: skip
        record(asked, f"scale-{workers}-{asked.patients}", told)


def kills(asked, patients):
    """A run whose worker, then scheduler, is killed, and that is resumed, against a calm one."""
    calm, place = fresh(asked.folder / "calm"), fresh(asked.folder / "kills")
    whole = min(DISTINCT, asked.patients)
    still = Task(asked, linked(patients, calm / "data", whole), calm / "out")
    subprocess.run(still.command("--jobs", 1), check=True, env=ENVIRONMENT)
    expected = list(still.content().values())
    task = Task(asked, linked(patients, place / "data", asked.patients), place / "out")
    cluster, killed = Cluster(max(asked.workers), place / "cluster.log"), []

    def disturb(done):
        if done >= asked.patients // 4 and not killed:
            killed.append({"worker": done})
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.another()
        if done >= asked.patients // 2 and len(killed) == 1:
            killed.append({"scheduler": done})
            cluster.scheduler.send_signal(signal.SIGKILL)

    try:
        code, seconds, watch = run(task, cluster, at=disturb)
    finally:
        cluster.stop()
    between = task.whole()
    cluster = Cluster(max(asked.workers), place / "again.log")
    try:
        again, more, second = run(task, cluster, "--resume")
    finally:
        cluster.stop()
    found = task.content()
    told = {"killed": killed, "codes": [code, again], "seconds": [seconds, more],
            "done_at_the_end_of_the_first": between, "done": len(found),
            "equal": sum(found[name] == expected[n % whole] for n, name in enumerate(found)),
            "left_behind": task.left_behind(),
            "cpu": [one.looks[-1]["cpu"] for one in (watch, second)],
            "memory": [flat(one.looks, asked.patients) for one in (watch, second)],
            "linear": [linear(one.looks, asked.patients) for one in (watch, second)],
            "looks": watch.looks[::5] + second.looks[::5]}  # fmt: skip
    record(asked, f"kills-{asked.patients}", told)


def fresh(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def record(asked, name, told):
    """Write a run's figures, and say them."""
    own = {"matrix": asked.matrix, "frames": asked.frames, "patients": asked.patients,
           "study": asked.study, "options": asked.options, **told}  # fmt: skip
    verb = "study" if asked.study else "maps"
    path = asked.folder / f"{verb}-{name}-{asked.matrix}.json"
    path.write_text(json.dumps(own, indent=1))
    print(path, {k: v for k, v in told.items() if k != "looks"}, flush=True)


def table(asked):
    """The runs of ``scale`` as a Markdown table."""
    print("| command | size | workers | patients | seconds in all | a patient | CPU a patient | "
          "highest memory of a worker, MB, by quarter of the run | load |")  # fmt: skip
    print("|" + "---|" * 9)
    for path in sorted(asked.folder.glob("*-scale-*.json")):
        one = json.loads(path.read_text())
        n = one["patients"]
        parts = ", ".join("–" if m is None else f"{m:.0f}" for m in one["memory"]["worker"])
        print(f"| {'study' if one['study'] else 'maps'} | {one['matrix']},{one['frames']} | "
              f"{one['workers']} | {n} | {one['seconds']:.0f} | {one['seconds'] / n:.1f} | "
              f"{one['cpu'] / n:.1f} | {parts} | {one['load']:.1f} |")  # fmt: skip
    for path in sorted(asked.folder.glob("*-kills-*.json")):
        disturbed(path, json.loads(path.read_text()))
    spent = [json.loads(p.read_text()) for p in asked.folder.glob("*-scale-*.json")]
    if spent:
        print("median CPU a patient:", statistics.median(s["cpu"] / s["patients"] for s in spent))


HEADS = (
    "part",
    "patients",
    "CPU a patient",
    "seconds a patient",
    "load",
    "median and highest memory of a worker, MB",
)


def disturbed(path, one):
    """What a run of ``kills`` came to, and both of its parts by quarter of the patients."""
    print(
        f"\n{path.name}: of {one['patients']} patients {one['done_at_the_end_of_the_first']} when "
        f"the scheduler was gone, {one['done']} in the end, {one['equal']} equal to a calm run, "
        f"left behind {one['left_behind'] or 'nothing'}; killed at {one['killed']}, exit status "
        f"{one['codes']}, {sum(one['cpu']):.0f} CPU seconds of workers in "
        f"{sum(one['seconds']):.0f} s"
    )
    print(f"| {' | '.join(HEADS)} |")
    print("|" + "---|" * len(HEADS))
    for part, (spent, memory) in enumerate(zip(one["linear"], one["memory"], strict=True)):
        when = f"{'after' if part else 'before'} the scheduler's end"
        for quarter, each in enumerate(spent):
            if each is not None:
                middle, most = memory["worker_median"][quarter], memory["worker"][quarter]
                print(
                    f"| {when}, quarter {quarter + 1} | {each['patients']} | {each['cpu']:.1f} | "
                    f"{each['seconds']:.1f} | {each['load']:.1f} | {middle:.0f}, {most:.0f} |"
                )


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("scale", "kills", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", default="2", type=lambda t: [int(n) for n in t.split(",")])
    parser.add_argument("--patients", type=int, default=12)
    parser.add_argument("--matrix", default="128,128,20")
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--study", action="store_true")
    parser.add_argument("--lean", action="store_true")
    own = sys.argv[1:]
    at = own.index("--") if "--" in own else len(own)
    asked = parser.parse_args(own[:at])
    asked.options, asked.folder = own[at + 1 :], asked.folder.resolve()
    if asked.part == "table":
        table(asked)
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    patients = simulated(asked.folder, asked.matrix, asked.frames)
    {"scale": scale, "kills": kills}[asked.part](asked, patients)


if __name__ == "__main__":
    main()
