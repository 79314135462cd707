"""The model behind FastAPI, as lean as it can be written: no schema, orjson for both bodies.
Started by compare.py through uvicorn, with uvloop and httptools."""
import os

import joblib
import numpy
import orjson
from fastapi import FastAPI, Request, Response

app = FastAPI()
model = joblib.load(os.environ["MODEL"])


@app.post("/v2/models/pump/infer")
async def infer(request: Request):
    tensor = orjson.loads(await request.body())["inputs"][0]
    rows = numpy.array(tensor["data"]).reshape(tensor["shape"])
    scores = model.decision_function(rows)
    answer = {
        "model_name": "pump",
        "outputs": [{"name": "score", "datatype": "FP64", "shape": [len(scores)], "data": scores.tolist()}],
    }
    return Response(orjson.dumps(answer), media_type="application/json")
