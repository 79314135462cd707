"""The model behind Flask. Started by compare.py through gunicorn, with one process of several threads, so that connections are kept."""
import os

import joblib
import numpy
from flask import Flask, jsonify, request

app = Flask(__name__)
model = joblib.load(os.environ["MODEL"])


@app.post("/v2/models/pump/infer")
def infer():
    tensor = request.get_json()["inputs"][0]
    rows = numpy.array(tensor["data"]).reshape(tensor["shape"])
    scores = model.decision_function(rows)
    return jsonify(
        model_name="pump",
        outputs=[{"name": "score", "datatype": "FP64", "shape": [len(scores)], "data": scores.tolist()}])
