"""Times the peers of Sonde's one-class SVMs: scikit-learn and ONNX Runtime, one thread each, and scikit-learn's
training in as many processes as there are cores.

    python peers.py OUT [--quick]

Writes the models and rows that svm-benchmark times next, in the same run, and peers.json with what was measured here.
A model of n support vectors is one that was trained on n rows with nu = (n - 1/2) / n: none of them can be left out.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import time

# Before numpy is imported: one thread.
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"

import numpy
import onnxruntime
import sklearn
import skl2onnx
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

FEATURES = [1, 4, 12, 32]
VECTORS = [2, 50, 300, 2000]
BATCHES = [1, 24, 100_000]
DEVICES, WINDOWS, TRAINING_FEATURES, NU = 1000, 1000, 4, 0.01


def typical_seconds(call, budget, rows):
    """The CPU time that one call in ten stays under. Other processes only ever make a call slower; the very fastest is
    not taken, because a virtual machine now and then counts a call's time as somebody else's."""
    # A call of few rows is shorter than what reading the clock costs: many are timed together.
    repeats = max(1, 240 // rows)
    samples = []
    while len(samples) < 3 or sum(samples) < budget:
        start = time.process_time()
        for _ in range(repeats):
            call()
        samples.append(time.process_time() - start)
    return sorted(samples)[len(samples) // 10] / repeats


def write_model(folder, stem, pipeline):
    scaler, svm = pipeline[0], pipeline[1]
    lines = ["svm_type one_class", "kernel_type rbf", f"gamma {svm._gamma!r}".replace("np.float64(", "").rstrip(")"),
             "nr_class 2", f"total_sv {len(svm.support_vectors_)}", f"rho {float(-svm.intercept_[0])!r}", "SV"]
    for coefficient, vector in zip(svm.dual_coef_[0], svm.support_vectors_):
        values = " ".join(f"{i + 1}:{float(v)!r}" for i, v in enumerate(vector))
        lines.append(f"{float(coefficient)!r} {values} ")
    (folder / f"{stem}.model").write_text("\n".join(lines) + "\n")
    card = {"scaler": {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}}
    (folder / f"{stem}.json").write_text(json.dumps(card))


def scoring(out, quick):
    results = []
    models = out / "models"
    models.mkdir(parents=True, exist_ok=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    for features in FEATURES:
        random = numpy.random.RandomState(features)
        rows = 3 + 2 * random.randn(BATCHES[-1], features)
        rows.astype("<f8").tofile(out / f"rows_{features}")
        narrow_rows = rows.astype(numpy.float32)
        for vectors in VECTORS:
            pipeline = make_pipeline(StandardScaler(), OneClassSVM(nu=(vectors - 0.5) / vectors, gamma="scale"))
            pipeline.fit(3 + 2 * random.randn(vectors, features))
            assert len(pipeline[1].support_vectors_) == vectors
            write_model(models, f"d{features}_n{vectors}", pipeline)
            onnx = skl2onnx.to_onnx(pipeline, narrow_rows[:1])
            session = onnxruntime.InferenceSession(
                onnx.SerializeToString(), options, providers=["CPUExecutionProvider"])
            for batch in BATCHES:
                taken = min(batch, 5_000) if quick else batch
                wide, narrow = rows[:taken], narrow_rows[:taken]
                budget = 0.1 if quick else 1.5 if batch == BATCHES[-1] else 0.4
                for name, call in [
                    ("scikit-learn", lambda: pipeline.decision_function(wide)),
                    ("ONNX Runtime", lambda: session.run(["scores"], {"X": narrow})),
                ]:
                    results.append({
                        "peer": name, "features": features, "vectors": vectors, "batch": batch,
                        "rows_timed": taken, "ns_per_row": typical_seconds(call, budget, taken) / taken * 1e9})
    return results


def fit(device):
    rows = TRAINING_ROWS[device]
    model = OneClassSVM(nu=NU, gamma="scale", tol=1e-5 * NU * len(rows), cache_size=100)
    pipeline = make_pipeline(StandardScaler(), model).fit(rows)
    return len(pipeline[1].support_vectors_)


def training(out, devices):
    global TRAINING_ROWS
    random = numpy.random.RandomState(7)
    # What windows of a sine with noise look like: mean, standard deviation, minimum, maximum.
    angle = random.uniform(0, 2 * numpy.pi, (devices, WINDOWS))
    mean = 60 + 4 * numpy.sin(angle) + 0.1 * random.randn(devices, WINDOWS)
    stddev = 0.5 + 0.07 * numpy.abs(random.randn(devices, WINDOWS))
    low = mean - stddev * (2 + 0.3 * random.randn(devices, WINDOWS))
    high = mean + stddev * (2 + 0.3 * random.randn(devices, WINDOWS))
    TRAINING_ROWS = numpy.stack([mean, stddev, low, high], axis=2)
    TRAINING_ROWS.astype("<f8").tofile(out / "training_rows")
    processes = multiprocessing.cpu_count()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        seconds = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            vectors = pool.map(fit, range(devices), chunksize=10)
            seconds = min(seconds, time.perf_counter() - start)
    return {"devices": devices, "windows": WINDOWS, "features": TRAINING_FEATURES, "nu": NU,
            "processes": processes, "seconds": seconds, "support_vectors": int(numpy.sum(vectors))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    result = {
        "versions": {"scikit-learn": sklearn.__version__, "ONNX Runtime": onnxruntime.__version__},
        "training": training(arguments.out, DEVICES // 10 if arguments.quick else DEVICES),
        "scoring": scoring(arguments.out, arguments.quick),
    }
    (arguments.out / "peers.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
