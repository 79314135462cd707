"""Times the tasks of a scoring script, and what of each was the script's own time.

    overhead.py FOLDER SONDE RESULT

A task's time is what its worker says, from the request to the reply: it reads windows from SQLite, writes them as CSV, asks the script, reads
its rows and writes the part of the prediction file. The first task, in which the script starts, is told by itself.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROUNDS = 5


def job(folder, program, *arguments, **environment):
    """The tasks of one job, in order, in milliseconds."""
    for name in ["jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"]:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "predictions", ignore_errors=True)
    subprocess.run([program, "score", folder, "--nodes", "1", *arguments], check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | environment)
    (output,) = (folder / "predictions").iterdir()
    text = subprocess.run([program, "jobs", "show", folder, output.name, "--format", "json"], check=True, capture_output=True).stdout
    tasks = json.loads(text)["tasks"]
    return [task["busy_ms"] for task in sorted(tasks, key=lambda task: task["started_at"])]


def main(folder, program, result):
    folder = pathlib.Path(folder)
    endpoint = folder / "endpoint.yaml"
    code = pathlib.Path(__file__).parent / "code"
    endpoint.write_text(f"name: bench\ndeployments:\n  script:\n    code_configuration: {{ code: {code}, scoring_script: score.py }}\n")
    times = folder / "times"
    figures = {}
    for size in ["1", "10"]:
        overheads, own, starts, svm = [], [], [], []
        for _ in range(ROUNDS):
            times.unlink(missing_ok=True)
            tasks = job(folder, program, "--endpoint", endpoint, "--mini-batch-size", size, SONDE_BENCHMARK_TIMES=str(times))
            script = [1000 * float(line) for line in times.read_text().split()]
            assert len(tasks) == len(script), (len(tasks), len(script))
            # One worker, so tasks and the script's own times are in the same order.
            overheads += [task - own for task, own in zip(tasks[1:], script[1:])]
            own += script[1:]
            starts.append(tasks[0] - script[0])
            svm += job(folder, program, "--mini-batch-size", size)[1:]
        prefix = f"devices_a_task_{size}"
        figures[f"{prefix}_overhead_ms_median"] = statistics.median(overheads)
        figures[f"{prefix}_overhead_ms_p99"] = statistics.quantiles(overheads, n=100)[98]
        figures[f"{prefix}_script_ms_median"] = statistics.median(own)
        figures[f"{prefix}_start_ms_median"] = statistics.median(starts)
        figures[f"{prefix}_svm_task_ms_median"] = statistics.median(svm)
    figures["load_average"] = os.getloadavg()[0]
    pathlib.Path(result).write_text(json.dumps(figures, indent=2) + "\n")
    for name, value in figures.items():
        print(f"{name:40} {value:.4g}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
