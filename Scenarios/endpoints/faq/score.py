"""Finds the frequently asked question that a question is most like, with a pipeline of scikit-learn.

A scoring script of an online endpoint as Azure ML has it: init() once a process, run(raw_data) a request, with the body as text.

    curl 127.0.0.1:8080/score -d '{"question": "how do I get my money back", "top": 2}'
"""

import csv
import json
import os

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import linear_kernel
from sklearn.pipeline import make_union


def init():
    global pairs, vectorizer, known
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "questions.csv"), newline="", encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    # Words for what is asked, and pieces of words for those that are bent or misspelt.
    vectorizer = make_union(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
        TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5)),
    )
    known = vectorizer.fit_transform([pair["question"] for pair in pairs])


def run(raw_data):
    request = json.loads(raw_data)
    similarities = linear_kernel(vectorizer.transform([request["question"]]), known)[0]
    best = sorted(range(len(pairs)), key=lambda index: -similarities[index])[: request.get("top", 1)]
    return [
        {**pairs[index], "similarity": round(float(similarities[index]), 6)} for index in best
    ]
