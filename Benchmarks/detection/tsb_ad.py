"""Lets TSB-AD compute the figures of seeded cases, for Sonde's to be compared with.

    git clone https://github.com/TheDatumOrg/TSB-AD && git -C TSB-AD checkout 87630099
    python tsb_ad.py TSB-AD > Tests/DetectionTests/Fixtures/tsb-ad.jsonl

The fixture was made with TSB-AD 1.5 (commit 87630099ea8d0dafe89a957e31ed9720e88479eb), numpy 2.4.6 and scikit-learn 1.9.1. Of TSB-AD only
the folder TSB_AD/evaluation is imported, which needs nothing else.

A line is a case: the labels and what is flagged as a text of ones and zeros, the scores (the higher, the more anomalous), and each figure
as TSB-AD has it, null where it raises an error or gives no number. "padded" has the figures of ranges and events for the same series
between two normal windows that are not flagged, where they differ: by definition those change nothing.
"""

import json
import math
import pathlib
import random
import sys
import warnings

import numpy

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "TSB_AD"))
from evaluation.affiliation.generics import convert_vector_to_events  # noqa: E402
from evaluation.affiliation.metrics import pr_from_events  # noqa: E402
from evaluation.basic_metrics import basic_metricor, generate_curve  # noqa: E402

# Sonde's greatest tolerance, and the thresholds of both.
WIDEST = 10
THRESHOLDS = 250


def attempt(figure):
    """A figure as a number; None where there is none."""
    try:
        value = float(figure())
    except (ValueError, IndexError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def stretches(labels, flagged, scores):
    grader = basic_metricor()
    return {
        "range_precision": attempt(lambda: grader.range_recall_new(flagged, labels, 0)[0]),
        "range_recall": attempt(lambda: grader.range_recall_new(labels, flagged, 0.2)[0]),
        "range_f1": attempt(lambda: grader.metric_RF1(labels, scores, preds=flagged)),
        "event_f1": attempt(lambda: grader.metric_EventF1PA(labels, scores, preds=flagged)),
    }


def figures(labels, flagged, scores):
    grader = basic_metricor()
    volumes = attempt_pair(lambda: generate_curve(labels, scores, WIDEST, "opt", THRESHOLDS)[6:8])

    def affiliation(name):
        result = pr_from_events(
            convert_vector_to_events(flagged), convert_vector_to_events(labels), (0, len(labels)))
        return result[name]

    result = {
        "auc_pr": attempt(lambda: grader.metric_PR(labels, scores)),
        "auc_roc": attempt(lambda: grader.metric_ROC(labels, scores)),
        "vus_pr": volumes[1],
        "vus_roc": volumes[0],
        "affiliation_precision": attempt(lambda: affiliation("Affiliation_Precision")),
        "affiliation_recall": attempt(lambda: affiliation("Affiliation_Recall")),
        "affiliation_f1": attempt(lambda: grader.metric_Affiliation(labels, scores, preds=flagged)),
    }
    result.update(stretches(labels, flagged, scores))
    return result


def attempt_pair(figure):
    try:
        values = [float(value) for value in figure()]
    except (ValueError, IndexError, ZeroDivisionError):
        return [None, None]
    return [value if math.isfinite(value) else None for value in values]


def line(name, labels, flagged, scores):
    labels, flagged = numpy.array(labels, dtype=int), numpy.array(flagged, dtype=int)
    values = numpy.array(scores, dtype=float)
    plain = figures(labels, flagged, values)
    padded = stretches(
        numpy.pad(labels, 1), numpy.pad(flagged, 1), numpy.pad(values, 1, constant_values=values.min()))
    case = {
        "name": name,
        "labels": "".join(map(str, labels)),
        "flagged": "".join(map(str, flagged)),
        "scores": scores,
        "figures": plain,
    }
    different = {key: value for key, value in padded.items() if value != plain[key]}
    if different:
        case["padded"] = different
    print(json.dumps(case, separators=(",", ":")))


def drawn(seed):
    """Anomalies of all lengths, scores with many ties or none, alarms that follow the scores or nothing."""
    source = random.Random(seed)
    count = source.choice([2, 5, 17, 40, 40, 40, 90, 90, 300])
    labels = [0] * count
    for _ in range(source.randint(1, max(1, count // 15))):
        first = source.randrange(count)
        for index in range(first, min(count, first + source.choice([1, 2, 5, 12]))):
            labels[index] = 1
    levels = source.choice([2, 4, 10, 1000])
    gain = source.choice([0, 0.3, 1])
    scores = [int(levels * (source.random() + gain * label)) for label in labels]
    if source.random() < 0.5:
        threshold = sorted(scores)[int(count * source.uniform(0.5, 0.99))]
        flagged = [int(score >= threshold) for score in scores]
    else:
        share = source.choice([0.05, 0.3, 0.7])
        flagged = [int(source.random() < share) for _ in labels]
    return labels, flagged, scores


def edges():
    twelve = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
    middle = [0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0]
    ends = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    some = [0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 1]
    none, all_ = [0] * 12, [1] * 12
    yield "no anomaly", none, some, twelve
    yield "no anomaly, nothing flagged", none, none, twelve
    yield "all anomalous", all_, some, twelve
    yield "all anomalous, all flagged", all_, all_, twelve
    yield "nothing flagged", middle, none, twelve
    yield "all flagged", middle, all_, twelve
    yield "what is anomalous is flagged", middle, middle, [10 * label for label in middle]
    yield "what is normal is flagged", middle, [1 - label for label in middle], [-label for label in middle]
    yield "constant scores", middle, some, [7] * 12
    yield "constant scores, nothing flagged", middle, none, [7] * 12
    yield "anomalies at both ends", ends, some, twelve
    yield "anomalies at both ends, both found", ends, ends, twelve
    yield "only the last window is flagged, and anomalous", ends, [0] * 11 + [1], twelve
    yield "only the first window is flagged, and anomalous", ends, [1] + [0] * 11, twelve
    yield "anomaly of one window at the end", [0] * 11 + [1], [0] * 10 + [1, 1], twelve
    yield "one normal window", [0], [0], [5]
    yield "one normal window, flagged", [0], [1], [5]
    yield "one anomalous window", [1], [0], [5]
    yield "one anomalous window, flagged", [1], [1], [5]
    yield "two windows", [0, 1], [1, 0], [1, 2]
    yield "every other window", [0, 1] * 6, [1, 0] * 6, twelve
    yield "one alarm over three anomalies", [0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0], [1] * 7 + [0] * 5, twelve
    yield "many alarms in one anomaly", [0] + [1] * 10 + [0], [0, 1] * 6, twelve


warnings.filterwarnings("ignore")
for name, labels, flagged, scores in edges():
    line(name, labels, flagged, scores)
for seed in range(1, 201):
    line(f"seed {seed}", *drawn(seed))
