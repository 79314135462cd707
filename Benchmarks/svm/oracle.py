"""Trains one-class SVMs with scikit-learn and writes what it decides, for Sonde to be compared with.

    python oracle.py OUT --models 200 --rows 5000 --seed 1     OUT/models.jsonl, OUT/<i>.rows, OUT/<i>.decisions
    python oracle.py OUT --models 16 --inline                  OUT/models.jsonl alone, rows and decisions in it

Kernels go round; the number of features goes up to 64. Rows are drawn like the training data, wider, far away, and
from the training data itself, whose support vectors lie on the boundary. Binary files hold little-endian doubles.
The fixture in Tests/OneClassSVMTests/Fixtures was made with "--models 12 --rows 8 --inline --small".
"""

import argparse
import json
import pathlib

import numpy
import sklearn
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

KERNELS = ["rbf", "linear", "poly", "sigmoid"]


def one_model(index, rows, seed, small):
    random = numpy.random.RandomState([seed, index])
    kernel = KERNELS[index % 4]
    features = [1, 2, 3, 5, 8, 12, 17, 32, 64][random.randint(9)] if index % 8 else 64
    count = random.randint(20, 40) if small else random.randint(100, 500)
    nu = float(random.choice([0.1, 0.2] if small else [0.01, 0.05, 0.2, 0.5]))
    mixing = random.randn(features, features) / numpy.sqrt(features)
    center = 10 * random.randn(features)

    def draw(number, spread):
        return center + spread * random.randn(number, features) @ mixing

    train = draw(count, 1.0)
    scaler = StandardScaler().fit(train) if random.rand() < 0.8 or kernel != "rbf" else None
    scaled = scaler.transform(train) if scaler else train
    gamma = "scale" if random.rand() < 0.7 else float(numpy.exp(random.uniform(-3, 1)) / features)
    model = OneClassSVM(
        kernel=kernel, nu=nu, gamma=gamma, degree=int(random.randint(2, 5)), coef0=float(random.uniform(-1, 1)),
        tol=1e-6, max_iter=100_000)
    model.fit(scaled)

    quarter = rows // 4
    x = numpy.vstack([
        draw(rows - 3 * quarter, 1.0), draw(quarter, 2.0), draw(quarter, 6.0),
        train[random.randint(count, size=quarter)]])
    decisions = model.decision_function(scaler.transform(x) if scaler else x)
    card = {
        "index": index, "kernel": kernel, "gamma": float(model._gamma), "coef0": model.coef0,
        "degree": model.degree, "rho": float(-model.intercept_[0]), "features": features,
        "coefficients": model.dual_coef_[0].tolist(), "support_vectors": model.support_vectors_.ravel().tolist(),
        "mean": scaler.mean_.tolist() if scaler else None, "scale": scaler.scale_.tolist() if scaler else None,
        "source": f"scikit-learn {sklearn.__version__}",
    }
    return card, x, decisions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inline", action="store_true")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with open(arguments.out / "models.jsonl", "w") as lines:
        for index in range(arguments.models):
            card, rows, decisions = one_model(index, arguments.rows, arguments.seed, arguments.small)
            if arguments.inline:
                card["rows"] = rows.ravel().tolist()
                card["decisions"] = decisions.tolist()
            else:
                rows.astype("<f8").tofile(arguments.out / f"{index}.rows")
                decisions.astype("<f8").tofile(arguments.out / f"{index}.decisions")
            lines.write(json.dumps(card) + "\n")


if __name__ == "__main__":
    main()
