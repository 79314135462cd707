"""The batch job as a Python team writes it: sqlite3, scikit-learn, joblib over all cores.

    score.py prepare FOLDER    fits the model of FOLDER/training.csv, and dumps it once a device
    score.py score FOLDER JOBS scores every window into FOLDER/python.csv, and prints seconds and rows as JSON
    score.py measure FOLDER SONDE RESULT    times this beside SONDE, compares every score, prints ratios and writes JSON

Both sides are timed as whole commands, from the start of their process to its end, as a scheduler starts them. The programs and the
files that they read are in memory by then.

How much faster two nodes are than one depends on what the machine's second processor is worth, which in a virtual machine is not
always one: so each round also times a loop that needs nothing but a processor, alone and two at once.
"""

import csv
import datetime
import hashlib
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

# Before numpy is imported: joblib's processes are the parallelism.
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"

import joblib
import numpy
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

SENSORS = ["pressure", "temperature", "vibration"]
# Each side takes its turn so often; the median counts.
ROUNDS = 5
# Half a second of work.
LOOP = [sys.executable, "-c", "x = 0\nfor i in range(6_000_000): x += i * i % 7"]
IMPORTS = [sys.executable, "-c", "import joblib, numpy, sklearn.pipeline, sklearn.svm"]


def devices(folder):
    with sqlite3.connect(f"file:{folder}/sonde.sqlite?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT name FROM devices ORDER BY name")]


def prepare(folder):
    rows = numpy.loadtxt(folder / "training.csv", delimiter=",")
    nu = (len(rows) - 0.5) / len(rows)
    model = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf", nu=nu, gamma="scale"))
    model.fit(rows)
    assert len(model[-1].support_) == len(rows)
    target = folder / "joblib"
    target.mkdir(exist_ok=True)
    for device in devices(folder):
        joblib.dump(model, target / f"{device}.joblib")


def instant(milliseconds):
    time = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def score_chunk(folder, chunk):
    database = sqlite3.connect(f"file:{folder}/sonde.sqlite?mode=ro", uri=True)
    lines = []
    for device in chunk:
        windows = {}
        # Straight from the tables and by their index: the public view would be slower.
        for sensor, start, end, *values in database.execute(
            "SELECT s.name, w.start_ms, w.end_ms, w.mean, w.stddev, w.min, w.max, w.revision FROM windows w "
            "JOIN sensors s ON s.id = w.sensor WHERE w.device = (SELECT id FROM devices WHERE name = ?)",
            (device,),
        ):
            windows.setdefault((start, end), {})[sensor] = values
        starts = sorted(windows)
        rows = numpy.array([[v for s in SENSORS for v in windows[key][s][:4]] for key in starts])
        model = joblib.load(folder / "joblib" / f"{device}.joblib")
        for (start, end), score in zip(starts, model.decision_function(rows)):
            revision = max(values[4] for values in windows[(start, end)].values())
            prediction = 1 if score < 0 else 0
            lines.append(f"{device},*,{instant(start)},{instant(end)},{float(score)!r},{prediction},sklearn,{revision}\n")
    return lines, os.getpid(), time.process_time()


def score(folder, jobs):
    begin = time.perf_counter()
    names = devices(folder)
    # Several chunks a process, so that the last one does not wait; few enough to keep their cost down.
    size = max(1, len(names) // (jobs * 8))
    chunks = [names[i : i + size] for i in range(0, len(names), size)]
    parts = joblib.Parallel(n_jobs=jobs)(joblib.delayed(score_chunk)(folder, chunk) for chunk in chunks)
    rows = 0
    with open(folder / "python.csv", "w") as file:
        file.write("device,sensor,window_start,window_end,score,prediction,model_version,revision\n")
        for lines, _, _ in parts:
            file.writelines(lines)
            rows += len(lines)
        file.flush()
        os.fsync(file.fileno())
    seconds = time.perf_counter() - begin
    # What every process has used since its start, this one included.
    cpu = {}
    for _, process, used in parts:
        cpu[process] = max(used, cpu.get(process, 0))
    cpu[os.getpid()] = time.process_time()
    print(json.dumps({"seconds": seconds, "cpu_seconds": sum(cpu.values()), "rows": rows}))


def compare(folder, path):
    worst, rows = 0.0, 0
    with open(folder / "python.csv") as left, open(path) as right:
        for a, b in zip(csv.DictReader(left), csv.DictReader(right), strict=True):
            assert (a["device"], a["window_start"]) == (b["device"], b["window_start"])
            value_a = float(a["score"])
            worst = max(worst, abs(value_a - float(b["score"])))
            rows += 1
    return {"rows": rows, "largest_difference": worst}


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sonde(program, folder, *arguments):
    """Seconds of the whole command and of its processors, the job's record, and the prediction file."""
    for name in ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"]:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "predictions", ignore_errors=True)
    begin, cpu = time.perf_counter(), children_cpu()
    subprocess.run([program, "score", folder, *arguments], check=True, stdout=subprocess.DEVNULL)
    seconds, cpu = time.perf_counter() - begin, children_cpu() - cpu
    (output,) = (folder / "predictions").iterdir()
    text = subprocess.run(
        [program, "jobs", "show", folder, output.name, "--format", "json"], check=True, capture_output=True).stdout
    return seconds, cpu, json.loads(text), output / "predictions.csv"


def warm(*paths):
    """Reads files into the system's memory, so that nobody is timed while he waits for the disk."""
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            with open(file, "rb", buffering=0) as stream:
                while stream.read(1 << 20):
                    pass


def loops(count):
    """Seconds of so many loops at once."""
    begin = time.perf_counter()
    for process in [subprocess.Popen(LOOP) for _ in range(count)]:
        process.wait()
    return time.perf_counter() - begin


def measure(folder, program, result):
    program = pathlib.Path(program)
    cores = os.cpu_count()
    times, digests = {}, set()

    def note(name, seconds, cpu):
        times.setdefault(f"{name}_seconds", []).append(seconds)
        times.setdefault(f"{name}_cpu_seconds", []).append(cpu)

    store, models = folder / "sonde.sqlite", folder / "models"
    pack, aside = folder / "models.sqlite", folder / "aside.sqlite"
    for turn in range(ROUNDS):
        for count in [1, 2]:
            times.setdefault(f"loops_{count}_seconds", []).append(loops(count))
        subprocess.run(IMPORTS, check=True)
        warm(store, folder / "joblib")
        begin = time.perf_counter()
        peer = json.loads(subprocess.run(
            [sys.executable, __file__, "score", folder, str(cores)], check=True, capture_output=True).stdout)
        note("python", time.perf_counter() - begin, peer["cpu_seconds"])
        times.setdefault("python_after_imports_seconds", []).append(peer["seconds"])
        # Each comes first in turn: that one finds the machine as Python has left it.
        for nodes in [1, 2] if turn % 2 == 0 else [2, 1]:
            warm(store, pack, program)
            seconds, cpu, _, path = sonde(program, folder, "--nodes", str(nodes))
            note(f"sonde_{nodes}_nodes", seconds, cpu)
            digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        # Models as text alone, as they are where nobody has packed them.
        pack.rename(aside)
        for nodes in [1, 2] if turn % 2 == 0 else [2, 1]:
            warm(store, models, program)
            seconds, cpu, _, path = sonde(program, folder, "--nodes", str(nodes))
            note(f"sonde_{nodes}_nodes_text", seconds, cpu)
            digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        aside.rename(pack)
    figures = {"cores": cores, "rows": peer["rows"]}
    figures.update((name, statistics.median(values)) for name, values in times.items())
    figures["difference_to_python"] = compare(folder, path)["largest_difference"]
    # A task a device: what it takes beyond a few large tasks is overhead, on two workers side by side.
    warm(store, pack, program)
    seconds, _, job, path = sonde(program, folder, "--nodes", "2", "--mini-batch-size", "1")
    digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    tasks = job["progress"]["tasks"]
    figures["overhead_per_task_ms"] = (seconds - figures["sonde_2_nodes_seconds"]) / tasks * 2 * 1000
    figures["bytes_are_equal"] = len(digests) == 1
    figures["ratio_to_python"] = figures["python_seconds"] / figures["sonde_2_nodes_seconds"]
    figures["ratio_to_python_text"] = figures["python_seconds"] / figures["sonde_2_nodes_text_seconds"]
    figures["ratio_to_python_cpu"] = figures["python_cpu_seconds"] / figures["sonde_2_nodes_cpu_seconds"]
    figures["ratio_of_two_nodes_to_one"] = figures["sonde_1_nodes_seconds"] / figures["sonde_2_nodes_seconds"]
    figures["ratio_of_two_nodes_to_one_text"] = figures["sonde_1_nodes_text_seconds"] / figures["sonde_2_nodes_text_seconds"]
    figures["ratio_of_two_processors_to_one"] = 2 * figures["loops_1_seconds"] / figures["loops_2_seconds"]
    figures["load_average"] = os.getloadavg()[0]
    pathlib.Path(result).write_text(json.dumps(figures | {"rounds": times}, indent=2) + "\n")
    for name, value in figures.items():
        print(f"{name:30} {value:.4g}" if isinstance(value, float) else f"{name:30} {value}")


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    {"prepare": lambda: prepare(folder), "score": lambda: score(folder, int(sys.argv[3])),
     "measure": lambda: measure(folder, *sys.argv[3:5])}[sys.argv[1]]()
