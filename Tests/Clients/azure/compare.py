"""Sends every request of the table to Azure's own inference server and to Sonde, and says where their answers differ.

  compare.py SONDE MODELS    with the folder of a run's models

Compared are the status, the ids that come back, the content type, and the JSON: keys at every depth, types of values, and numbers up to
1e-9. Texts of faults are each server's own. What differs on purpose stands in the table, with its reason. Leaves with 1 where anything
else differs.
"""
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
from requests_table import REQUESTS

IDS = ["x-request-id", "x-ms-request-id", "x-ms-client-request-id"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait(port, process, path):
    for _ in range(600):
        if process.poll() is not None:
            with open(path) as f:
                sys.exit(f"a server did not start: {f.read()[-2000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("a server does not answer")


def azure(script, models, folder):
    """Azure's server; on loopback alone, which its own program cannot."""
    port = free_port()
    environment = dict(
        os.environ, AZUREML_ENTRY_SCRIPT=script, AML_APP_ROOT=os.path.dirname(script), AZUREML_MODEL_DIR=models,
        AML_APP_INSIGHTS_ENABLED="false", PYTHONDONTWRITEBYTECODE="1")
    path = os.path.join(folder, f"azure-{port}.log")
    with open(path, "w") as log:
        process = subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "gunicorn"), "-b", f"127.0.0.1:{port}", "-w", "1",
             "azureml_inference_server_http.server.entry:app"],
            env=environment, cwd=folder, stdout=log, stderr=log)
    return port, process, path


def sonde(program, arguments, folder):
    port = free_port()
    path = os.path.join(folder, f"sonde-{port}.log")
    with open(path, "w") as log:
        process = subprocess.Popen(
            [program, "serve", "--listen", f"127.0.0.1:{port}", *arguments], stdout=log, stderr=log)
    return port, process, path


def send(port, request):
    """What comes back: status, headers and body; a text where nothing did."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(request["method"], request["path"] + request.get("path_query", ""), skip_accept_encoding=True)
        for name, value in request["headers"].items():
            connection.putheader(name, value)
        if request["body"] is not None:
            connection.putheader("Content-Length", str(len(request["body"])))
        connection.endheaders(request["body"])
        response = connection.getresponse()
        return {"status": response.status, "headers": response.headers, "body": response.read()}
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {type(error).__name__}: {error}"
    finally:
        connection.close()


def shape(value):
    """The keys and types of a JSON value; numbers stay."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return float(value)
    return "text" if isinstance(value, str) else value


def near(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(near(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(near, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-9
    return type(a) is type(b) and a == b


def content(answer):
    try:
        return json.loads(answer["body"])
    except ValueError:
        return answer["body"].decode(errors="replace")


def id_differences(request, theirs, ours):
    """An id that was sent comes back under the same name. Azure's server sends it back under its other names too."""
    for name in IDS:
        a, b = theirs["headers"].get(name), ours["headers"].get(name)
        if name not in request["headers"] or a == b:
            continue
        # With a 404, a 405 and a 431 Azure's server sends none.
        if a is not None or theirs["status"] < 400:
            yield f"header {name}: Azure {a and a[:40]!r}; Sonde {b and b[:40]!r}"


def differences(request, theirs, ours):
    """Each difference as a sentence."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return [f"Azure: {theirs}; Sonde: {ours}"]
    if "differs" in request:
        status, reason = request["differs"]
        if ours["status"] != status:
            return [f"status: Azure {theirs['status']}; Sonde {ours['status']}, and should be {status}, because {reason}"]
        return [] if theirs["status"] != status else [f"status: {status} by both; so there is nothing that differs"]
    if theirs["status"] != ours["status"]:
        return [f"status: Azure {theirs['status']} {theirs['body'][:110]!r}; Sonde {ours['status']} {ours['body'][:160]!r}"]
    found = list(id_differences(request, theirs, ours))
    if request["server"] == "script" and theirs["status"] in (200, 500):
        name = "x-ms-run-function-failed"
        if theirs["headers"].get(name) != ours["headers"].get(name):
            found.append(f"header {name}: Azure {theirs['headers'].get(name)}; Sonde {ours['headers'].get(name)}")
    kinds = [answer["headers"].get_content_type() if answer["body"] else None for answer in (theirs, ours)]
    # Azure's server calls “Healthy” HTML.
    if kinds[0] != kinds[1] and theirs["body"] != b"Healthy":
        found.append(f"content type: Azure {kinds[0]}; Sonde {kinds[1]}")
    if ours["status"] == 405 and not ours["headers"].get("Allow"):
        found.append("no header Allow (RFC 9110, 15.5.6)")
    a, b = content(theirs), content(ours)
    # Each describes its own service.
    if "swagger" in request["path"] and theirs["status"] == 200:
        a, b = ("post" in document["paths"]["/score"] for document in (a, b))
    if not near(shape(a), shape(b)) or (isinstance(a, str) and theirs["status"] == 200 and a != b):
        found.append(f"body: Azure {str(a)[:200]}; Sonde {str(b)[:200]}")
    return found


def main():
    program, models = sys.argv[1], os.path.abspath(sys.argv[2])
    folder = tempfile.mkdtemp(prefix="sonde-azure-")
    endpoint = os.path.join(folder, "script.yaml")
    with open(endpoint, "w") as f:
        f.write(
            "name: script\ndeployments:\n  echo:\n    input: raw\n"
            f"    environment: {{ python: {sys.executable} }}\n"
            f"    code_configuration: {{ code: {here}/script, scoring_script: score.py }}\n")
    servers = {
        "scoring": (azure(os.path.join(here, "main.py"), models, folder), sonde(program, ["--models", models], folder)),
        "script": (
            azure(os.path.join(here, "script", "score.py"), models, folder), sonde(program, ["--endpoint", endpoint], folder)),
    }
    different = 0
    try:
        for pair in servers.values():
            for port, process, path in pair:
                wait(port, process, path)
        for request in REQUESTS:
            theirs, ours = (send(port, request) for port, _, _ in servers[request["server"]])
            found = differences(request, theirs, ours)
            different += bool(found)
            if found:
                print(f"{request['name']} ({request['method']} {request['path']}, {request['server']})")
                for line in found:
                    print(f"    {line}")
        print(f"{len(REQUESTS)} requests, {different} answered otherwise")
    finally:
        for pair in servers.values():
            for _, process, _ in pair:
                process.terminate()
        for pair in servers.values():
            for _, process, _ in pair:
                process.wait()
        shutil.rmtree(folder)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
