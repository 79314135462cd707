"""Azure's own client starts and lists batch jobs of Sonde, as it does those of Azure.

  check.py SONDE RUN_DIR

Only what finds an endpoint in Azure's management plane is replaced: the rest of the client is as it comes from PyPI. Leaves with 1 where anything
is not as the client expects it.
"""
import os
import socket
import subprocess
import sys
import tempfile
import time
import types

from azure.ai.ml import Input, Output
from azure.ai.ml._scope_dependent_operations import OperationConfig, OperationScope
from azure.ai.ml._utils._http_utils import HttpPipeline
from azure.ai.ml.operations import _batch_endpoint_operations as operations
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError

failures = []


def check(what, found):
    print(("ok    " if found else "WRONG ") + what)
    if not found:
        failures.append(what)


class Key:
    def __init__(self, key):
        self.key = key

    def get_token(self, *scopes, **options):
        return AccessToken(self.key, int(time.time()) + 3600)


class Anything:
    """What the client asks of the management plane and does not need here."""

    def __getattr__(self, name):
        return Anything()

    def __getitem__(self, name):
        return Anything()

    def __call__(self, *arguments, **options):
        return Anything()


def client(base, key):
    endpoints = types.SimpleNamespace(get=lambda endpoint_name, **scope: types.SimpleNamespace(
        properties=types.SimpleNamespace(scoring_uri=f"{base}/batchEndpoints/{endpoint_name}/jobs")))
    service = types.SimpleNamespace(batch_endpoints=endpoints, batch_deployments=Anything())
    operations._get_mfe_base_url_from_discovery_service = lambda *arguments: base
    return operations.BatchEndpointOperations(
        OperationScope("s", "g", "w"), OperationConfig(show_progress=False, enable_telemetry=False), service, Anything(), Key(key),
        requests_pipeline=HttpPipeline())


def main():
    program, run = sys.argv[1], os.path.abspath(sys.argv[2])
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="sonde-batch-") as folder:
        keys = os.path.join(folder, "keys.json")
        told = subprocess.run([program, "keys", "create", keys, "--name", "client"], capture_output=True, text=True, check=True).stdout
        key = next(word for word in told.split() if word.startswith("sonde_"))
        server = subprocess.Popen(
            [program, "serve", "--batch", os.path.dirname(run), "--state", os.path.join(folder, "state"), "--keys", keys,
             "--listen", f"127.0.0.1:{port}", "--access-log", "none"])
        try:
            for _ in range(600):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            batch = client(base, key)
            # The client takes a path below a datastore as it is, and asks Azure what else is.
            path = f"azureml://datastores/{os.path.basename(os.path.dirname(run))}/paths/{os.path.basename(run)}"
            job = batch.invoke("default", inputs={
                "windows": Input(type="uri_folder", path=path),
                "after": Input(type="string", default="2025-12-31T00:00:00Z"),
                # Its end is its name: those who ask before or after this have another one.
                "through": Input(type="string", default="2026-01-01T21:30:00Z")},
                outputs={"score": Output(type="uri_file", path="azureml://datastores/d/paths/p")})
            check("invoke gives a job with a name", bool(job.name) and job.id.endswith("/" + job.name))
            check("and a status of Azure's", job.status in ("Queued", "Provisioning", "Running", "Finalizing", "Completed"))
            for _ in range(1200):
                jobs = {found.name: found for found in batch.list_jobs("default")}
                if jobs[job.name].status in ("Completed", "Failed"):
                    break
                time.sleep(0.5)
            check(f"the list says how it ended: {jobs[job.name].status}", jobs[job.name].status == "Completed")
            check("there is one job", len(jobs) == 1)
            second = batch.invoke("default", input=Input(type="uri_folder", path=path))
            check("another call is another job", second.name != job.name)
            try:
                batch.invoke("default", input=Input(type="uri_folder", path="azureml://datastores/none/paths/x"))
                check("a folder that is not served is refused", False)
            except Exception as error:  # noqa: BLE001 - the client has several kinds of them
                check(f"a folder that is not served is refused: {type(error).__name__}", "started with" in str(error))
            try:
                client(base, key + "x").invoke("default", input=Input(type="uri_folder", path=path))
                check("a wrong key is refused", False)
            except Exception as error:  # noqa: BLE001
                check(f"a wrong key is refused: {type(error).__name__}", isinstance(error, HttpResponseError) or "401" in str(error) or "key" in str(error))
        finally:
            server.terminate()
            ended = server.wait()
    check("the server has ended well", ended == 0)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
