"""Asks Sonde with others' clients, and holds what they read against the batch predictions of a finished run, bit by bit.

  check.py SONDE RUN_DIR

The windows come out of the run's view window_values, the expected scores out of its prediction files. The clients are KServe's and
Triton's for the Open Inference Protocol, and requests in the forms that Azure's documentation shows; all with a key. Leaves with 1 at the
first difference.
"""
import asyncio
import csv
import datetime
import glob
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

import kserve
import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException


class Window:
    def __init__(self, device, values, score, prediction, version):
        self.device, self.values, self.score = device, values, score
        self.prediction, self.version = prediction, version


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def windows(run):
    """Every window that a job of the run has scored, and the features of each device's model in the model's order."""
    features = {}
    for path in glob.glob(os.path.join(run, "models", "*.json")):
        with open(path) as f:
            described = json.load(f)
        if "features" in described:
            features[described["device"]] = described["features"]
    values = {}
    with sqlite3.connect(f"file:{run}/sonde.sqlite?mode=ro", uri=True) as db:
        rows = db.execute("SELECT device, sensor, window_start_ms, mean, stddev, min, max, count FROM window_values")
        for device, sensor, start, mean, stddev, least, most, count in rows:
            window = values.setdefault((device, start), {})
            for name, value in zip(("mean", "stddev", "min", "max", "count"), (mean, stddev, least, most, count)):
                window[f"{sensor}.{name}"] = value
    found = []
    for path in sorted(glob.glob(os.path.join(run, "predictions", "*", "predictions.csv"))):
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                window = values[row["device"], milliseconds(row["window_start"])]
                found.append(
                    Window(
                        row["device"], [window[name] for name in features[row["device"]]], float(row["score"]),
                        int(row["prediction"]), row["model_version"]))
    return found, features


def check(what, condition, detail=""):
    if not condition:
        sys.exit(f"{what}: wrong {detail}")


def same(what, windows, scores, predictions, versions=None):
    scores = [float(score) for score in scores]
    check(what, len(scores) == len(windows), f"{len(scores)} scores for {len(windows)} windows")
    for window, score, prediction in zip(windows, scores, predictions):
        # Not “near”: the same double.
        check(what, score.hex() == window.score.hex(), f"{window.device}: {score!r}, and the batch job said {window.score!r}")
        check(what, int(prediction) == window.prediction, f"{window.device}: {prediction}")
    for window, version in zip(windows, versions or []):
        version = version.decode() if isinstance(version, bytes) else version
        check(what, version == window.version, f"{version}, and the batch job said {window.version}")


def by_device(windows):
    groups = {}
    for window in windows:
        groups.setdefault(window.device, []).append(window)
    return groups


# KServe's client.

async def kserve_checks(url, key, endpoint, windows, features):
    device = windows[0].device
    async with kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2")) as client:
        check("kserve, server live", await client.is_server_live(url, headers=key) is True)
        check("kserve, server ready", await client.is_server_ready(url, headers=key) is True)
        check("kserve, model ready", await client.is_model_ready(url, device, headers=key) is True)
        check("kserve, no such model", await client.is_model_ready(url, "no-such", headers=key) is False)
        for is_binary in (False, True):
            what = f"kserve, {'binary' if is_binary else 'JSON'}"

            async def ask(model, group, names=False, **more):
                tensor = kserve.InferInput("features", [len(group), len(group[0].values)], "FP64")
                tensor.set_data_from_numpy(np.array([window.values for window in group]), binary_data=is_binary)
                tensors = [tensor]
                if names:
                    devices = kserve.InferInput("device", [len(group)], "BYTES")
                    devices.set_data_from_numpy(np.array([window.device for window in group], dtype=object), binary_data=is_binary)
                    tensors.append(devices)
                request = kserve.InferRequest(model, tensors, request_id="id-1", **more)
                answer = await client.infer(url, request, model_name=model, headers=dict(key))
                check(what, answer.id == "id-1" and answer.model_name == model, f"{answer.id}, {answer.model_name}")
                return {output.name: output.as_numpy() for output in answer.outputs}

            for window in windows:
                got = await ask(window.device, [window])
                same(what + ", a row", [window], got["score"], got["prediction"])
            for name, group in by_device(windows).items():
                got = await ask(name, group)
                same(what + ", a device's rows", group, got["score"], got["prediction"])
            got = await ask(endpoint, windows, names=True)
            same(what + ", all devices", windows, got["score"], got["prediction"], list(got["model_version"]))
            wanted = [
                kserve.protocol.infer_type.RequestedOutput("prediction", {"binary_data": True}),
                kserve.protocol.infer_type.RequestedOutput("score", {"binary_data": False})]
            got = await ask(device, windows[:1], request_outputs=wanted)
            check(what + ", outputs", list(got) == ["prediction", "score"], list(got))
            same(what + ", outputs", windows[:1], got["score"], got["prediction"])
            # A feature a tensor, in any order and of any type that holds it.
            tensors = []
            for index in reversed(range(len(features[device]))):
                tensor = kserve.InferInput(features[device][index], [1], "FP64")
                tensor.set_data_from_numpy(np.array([windows[0].values[index]]), binary_data=is_binary)
                tensors.append(tensor)
            answer = await client.infer(url, kserve.InferRequest(device, tensors), model_name=device, headers=dict(key))
            got = {output.name: output.as_numpy() for output in answer.outputs}
            same(what + ", a tensor a feature", windows[:1], got["score"], got["prediction"])
        for bad, headers, status in ((("no-such", 12), key, 404), ((device, 11), key, 400), ((device, 12), {}, 401)):
            tensor = kserve.InferInput("features", [1, bad[1]], "FP64", data=[1.0] * bad[1])
            try:
                await client.infer(url, kserve.InferRequest(bad[0], [tensor]), model_name=bad[0], headers=dict(headers))
                sys.exit(f"kserve: {bad} was answered")
            except Exception as error:
                check("kserve, a bad request", getattr(error, "response", None) is not None and error.response.status_code == status, repr(error))
                check("kserve, the error's text", "error" in error.response.json() and str(error).startswith(error.response.json()["error"][:20]), str(error))


# Triton's client, which sends and asks for binary tensors unless it is told otherwise, and writes into the headers that it is given.

def triton_checks(address, key, endpoint, windows, features):
    with triton.InferenceServerClient(address) as client:
        device = windows[0].device
        check("triton, server live", client.is_server_live(headers=key))
        check("triton, server ready", client.is_server_ready(headers=key))
        check("triton, model ready", client.is_model_ready(device, headers=key))
        check("triton, model of a version", client.is_model_ready(device, windows[0].version, headers=key))
        check("triton, no such model", not client.is_model_ready("no-such", headers=key))
        check("triton, server metadata", client.get_server_metadata(headers=key)["name"] == "sonde")
        metadata = client.get_model_metadata(device, headers=key)
        check("triton, model metadata", metadata["inputs"][0]["shape"] == [-1, len(features[device])], metadata)
        check("triton, model metadata", {output["name"] for output in metadata["outputs"]} >= {"score", "prediction"}, metadata)

        def ask(model, group, names=False, outputs=None, binary=True, kind=("FP64", np.float64), **more):
            tensor = triton.InferInput("features", [len(group), len(group[0].values)], kind[0])
            tensor.set_data_from_numpy(np.array([window.values for window in group], dtype=kind[1]), binary_data=binary)
            tensors = [tensor]
            if names:
                devices = triton.InferInput("device", [len(group)], "BYTES")
                devices.set_data_from_numpy(np.array([window.device.encode() for window in group], dtype=object), binary_data=binary)
                tensors.insert(0, devices)
            return client.infer(model, tensors, outputs=outputs, request_id="id-2", headers=dict(key), **more)

        for binary in (True, False):
            what = f"triton, {'binary' if binary else 'JSON'}"
            for window in windows:
                got = ask(window.device, [window], binary=binary)
                same(what + ", a row", [window], got.as_numpy("score"), got.as_numpy("prediction"))
            for name, group in by_device(windows).items():
                got = ask(name, group, binary=binary, model_version=group[0].version)
                same(what + ", a device's rows", group, got.as_numpy("score"), got.as_numpy("prediction"))
                check(what, got.get_response()["id"] == "id-2" and got.get_response()["model_version"] == group[0].version, got.get_response())
            got = ask(endpoint, windows, names=True, binary=binary)
            same(what + ", all devices", windows, got.as_numpy("score"), got.as_numpy("prediction"), list(got.as_numpy("model_version")))
            outputs = [triton.InferRequestedOutput("prediction", binary_data=not binary), triton.InferRequestedOutput("score", binary_data=binary)]
            got = ask(device, windows[:1], outputs=outputs, binary=binary)
            same(what + ", outputs", windows[:1], got.as_numpy("score"), got.as_numpy("prediction"))
            got = ask(device, windows[:1], outputs=outputs[1:], binary=binary)
            check(what + ", one output", got.as_numpy("prediction") is None and got.as_numpy("score")[0] == windows[0].score)
        for compression in ("gzip", "deflate"):
            try:
                ask(device, windows[:1], request_compression_algorithm=compression)
                sys.exit("triton: a packed body was answered")
            except InferenceServerException as error:
                check("triton, a packed body", "415" in str(error.status()), f"{error.status()} {error}")
            got = ask(device, windows[:1], response_compression_algorithm=compression)
            same("triton, a packed answer", windows[:1], got.as_numpy("score"), got.as_numpy("prediction"))
        # Numbers of 32 bits are others: what comes back is the score of those, and the same for every way to write them.
        scores = {float(ask(device, windows[:1], binary=binary, kind=("FP32", np.float32)).as_numpy("score")[0]).hex() for binary in (True, False)}
        check("triton, 32 bits", len(scores) == 1, scores)
        for model, columns, headers, status in (("no-such", 12, key, "404"), (device, 11, key, "400"), (device, 12, {}, "401")):
            tensor = triton.InferInput("features", [1, columns], "FP64")
            tensor.set_data_from_numpy(np.ones((1, columns)))
            try:
                client.infer(model, [tensor], headers=dict(headers))
                sys.exit("triton: a bad request was answered")
            except InferenceServerException as error:
                check("triton, a bad request", error.status() is None or status in error.status(), f"{error.status()} {error}")
                check("triton, the error's text", error.message() and "{" not in error.message(), error.message())


# Requests as Azure's documentation writes them.

def azure_checks(address, key, windows, features):
    connection = http.client.HTTPConnection(address, timeout=60)

    def post(body):
        connection.request(
            "POST", "/score", json.dumps(body), {"Content-Type": "application/json", "azureml-model-deployment": "default", **key})
        answer = connection.getresponse()
        content = answer.read()
        check("azure", answer.status == 200, f"{answer.status} {content[:300]}")
        return json.loads(content)

    def same_objects(what, group, answer):
        check(what, [row["device"] for row in answer] == [window.device for window in group])
        same(what, group, [row["score"] for row in answer], [row["prediction"] for row in answer], [row["model_version"] for row in answer])

    columns = features[windows[0].device]
    check("azure", all(names == columns for names in features.values()), "models of other features")
    for window in windows:
        same_objects("azure, data", [window], post({"data": [[window.device, *window.values]]}))
    everything = [[window.device, *window.values] for window in windows]
    same_objects("azure, data of all devices", windows, post({"data": everything}))
    split = {"columns": ["device", *columns], "index": list(range(len(windows))), "data": everything}
    same_objects("azure, input_data", windows, post({"input_data": split}))
    turned = {"columns": split["columns"][::-1], "index": split["index"], "data": [row[::-1] for row in everything]}
    same_objects("azure, input_data in another order", windows, post({"input_data": turned}))
    objects = [dict(zip(split["columns"], row)) for row in everything]
    answer = post({"Inputs": {"WebServiceInput0": objects}, "GlobalParameters": {}})
    same_objects("azure, Inputs", windows, answer["Results"]["WebServiceOutput0"])
    connection.close()


def main():
    program, run = sys.argv[1], sys.argv[2]
    found, features = windows(run)
    check("the run", len(found) > 0, "no predictions")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{s.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="sonde-clients-") as folder:
        keys = os.path.join(folder, "keys.json")
        created = subprocess.run([program, "keys", "create", keys, "--name", "clients"], check=True, capture_output=True, text=True).stdout
        key = {"Authorization": f"Bearer {created.strip()}"}
        server = subprocess.Popen(
            [program, "serve", "--models", os.path.join(run, "models"), "--listen", address, "--keys", keys, "--access-log", "none"])
        try:
            for _ in range(600):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", int(address.split(":")[1]))) == 0:
                        break
                time.sleep(0.1)
            # The endpoint of a folder is called as the folder.
            endpoint = "models"
            for name, checks in (
                ("requests as in Azure's documentation", lambda: azure_checks(address, key, found, features)),
                ("Triton's client", lambda: triton_checks(address, key, endpoint, found, features)),
                ("KServe's client", lambda: asyncio.run(kserve_checks(f"http://{address}", key, endpoint, found, features))),
            ):
                begin = time.monotonic()
                checks()
                print(f"{name}: {len(found)} windows, every score the same to the last bit ({time.monotonic() - begin:.0f} s)", flush=True)
        finally:
            server.terminate()
            ended = server.wait()
    sys.exit(ended)


if __name__ == "__main__":
    main()
