"""Holds what `sonde serve --kubernetes` and `sonde schedule --kubernetes` print against Kubernetes' own schemas, of two versions, and the objects
against each other; then damages each of them in the smallest ways, and demands that it is found.

  check.py SONDE

Leaves with 1 where it finds anything, or does not find a damage.
"""
import copy
import functools
import os
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

# A schema of two megabytes would be read again for each damage.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

# The first in which everything that is used is on without being asked for, and the newest that the package knows.
VERSIONS = ["1.29", "1.37"]

SERVE = ["serve", "--kubernetes", "--image", "registry.example.com/sonde:1"]
SCHEDULE = ["schedule", "--kubernetes", "--image", "registry.example.com/sonde:1", "--cron", "*/15 * * * mon-fri"]

# Keys of these are names that people choose: a schema cannot know them.
FREE = {"labels", "matchLabels", "selector", "stringData", "requests", "limits"}


def commands(folder):
    """The command lines, with the kinds of what each prints. `folder` has a file of keys."""
    keys = os.path.join(folder, "keys.json")
    return [
        (SERVE + ["--models", "/models"], ["Deployment", "Service"]),
        (SERVE + ["--models", "/models", "--volume", "models:/models", "--replicas", "3"], ["Deployment", "Service"]),
        (SERVE + ["--endpoint", "/srv/Pumps_2.yaml", "--run", "/srv/run", "--volume", "endpoint:/srv", "--volume", "more:/more",
                  "--keys", keys, "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--host", "pumps.example.com", "--namespace", "plant",
                  "--min-instances", "2", "--max-instances", "8", "--threads", "2", "--drain", "90s"],
         ["Secret", "Deployment", "Service", "Ingress", "HorizontalPodAutoscaler"]),
        # What a reader of YAML might take for something else, or for more than one word.
        (SERVE + ["--models", "/no: #1 \"$(HOME)\" 'x'\t\\ é\u2028…", "--name", "yes"], ["Deployment", "Service"]),
        (SCHEDULE + ["/runs/a"], ["CronJob"]),
        (SCHEDULE + ["/runs/site-{index}", "--completions", "4", "--volume", "runs:/runs", "--namespace", "plant", "--catchup", "none",
                     "--endpoint", "/runs/e.yaml", "--set", "error_threshold=100", "--cores-per-node", "2", "--fail-on", "failed-rows",
                     "--metrics", "/runs/{index}.prom", "--format", "json"], ["CronJob"]),
    ]


def faults_of_schema(document, version):
    """What the schema of `version` finds wrong with an object; nothing where it is right."""
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(str(step) for step in error.path)}: {error.message}"]
    except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError) as error:
        return [error.message]
    return []


def pod_template(document):
    if document["kind"] == "Deployment":
        return document["spec"]["template"]
    if document["kind"] == "CronJob":
        return document["spec"]["jobTemplate"]["spec"]["template"]
    return None


def faults_between(documents):
    """What no schema sees: objects that do not fit each other."""
    faults = []
    kinds = {document["kind"]: document for document in documents}
    if len({document["metadata"].get("namespace") for document in documents}) != 1:
        faults.append("objects are in several namespaces")
    secrets = {document["metadata"]["name"] for document in documents if document["kind"] == "Secret"}
    for document in documents:
        template = pod_template(document)
        if template is None:
            continue
        spec = template["spec"]
        container = spec["containers"][0]
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        if set(volumes) != set(mounts):
            faults.append(f"volumes {sorted(volumes)} and mounts {sorted(mounts)} differ")
        if len({mount["mountPath"] for mount in mounts.values()}) != len(mounts):
            faults.append("two volumes are mounted in one place")
        # Certificates are made by hand; the rest is printed.
        named = {volume["secret"]["secretName"] for volume in volumes.values() if "secret" in volume}
        if {name for name in named if not name.endswith("-tls")} != secrets:
            faults.append(f"the pod has secrets {sorted(named)}, and there are {sorted(secrets)}")
        pod, own = spec["securityContext"], container["securityContext"]
        if not (pod["runAsNonRoot"] and pod["runAsUser"] > 0 and pod["seccompProfile"]["type"] == "RuntimeDefault"
                and own["allowPrivilegeEscalation"] is False and own["readOnlyRootFilesystem"] and own["capabilities"]["drop"] == ["ALL"]):
            faults.append("the pod may do more than Kubernetes' restricted profile allows")
        if "cpu" not in container["resources"]["requests"]:
            faults.append("nothing is requested of which an autoscaler could take a share")
        if document["kind"] == "Deployment":
            if document["spec"]["selector"]["matchLabels"].items() - template["metadata"]["labels"].items():
                faults.append("the Deployment does not select its own pods")
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            arguments = container["args"]
            if not arguments[arguments.index("--listen") + 1].endswith(f":{ports.get('http')}"):
                faults.append("the program listens on another port than the container says")
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
                request = container[probe]["httpGet"]
                if request["port"] not in ports:
                    faults.append(f"{probe} asks a port that there is not")
                if (request["scheme"] == "HTTPS") != ("--tls-cert" in arguments):
                    faults.append(f"{probe} does not speak as the program does")
            if ("replicas" in document["spec"]) == ("HorizontalPodAutoscaler" in kinds):
                faults.append("both or none of Deployment and autoscaler say how many pods there are")
            service = kinds["Service"]
            if service["spec"]["selector"].items() - template["metadata"]["labels"].items():
                faults.append("the Service does not select the pods")
            if service["spec"]["ports"][0]["targetPort"] not in ports:
                faults.append("the Service sends to a port that there is not")
        else:
            job = document["spec"]["jobTemplate"]["spec"]
            names = {rule["onExitCodes"]["containerName"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule}
            if names != {container["name"]}:
                faults.append("the failure policy names another container")
            if spec["restartPolicy"] != "Never" or job["completionMode"] != "Indexed":
                faults.append("the failure policy needs pods with an index that are not restarted")
    if "Ingress" in kinds:
        spec = kinds["Ingress"]["spec"]
        backend = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
        if backend["name"] != kinds["Service"]["metadata"]["name"] or backend["port"]["name"] != kinds["Service"]["spec"]["ports"][0]["name"]:
            faults.append("the Ingress names another Service")
        if spec["tls"][0]["hosts"] != [spec["rules"][0]["host"]]:
            faults.append("the certificate is for another host")
    if "HorizontalPodAutoscaler" in kinds:
        target = kinds["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
        deployment = kinds["Deployment"]
        if (target["kind"], target["name"], target["apiVersion"]) != ("Deployment", deployment["metadata"]["name"], deployment["apiVersion"]):
            faults.append("the autoscaler scales something else")
    return faults


def places(value, path=()):
    """Every value of an object with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, path + (index,))


def parent(document, path):
    for step in path[:-1]:
        document = document[step]
    return document


def damages_for_schema(document):
    """Copies of an object with one key misspelled, or one value of another type, and what was done."""
    for path, value in list(places(document)):
        if not path or path[0] in ("apiVersion", "kind"):
            continue
        is_free = len(path) > 1 and path[-2] in FREE
        if isinstance(path[-1], str) and not is_free:
            damaged = copy.deepcopy(document)
            keys = parent(damaged, path)
            keys[path[-1] + "x"] = keys.pop(path[-1])
            yield f"{'.'.join(map(str, path))} is called {path[-1]}x", damaged
        damaged = copy.deepcopy(document)
        # A list where none is, and something else where one is: no value of a manifest may be both.
        parent(damaged, path)[path[-1]] = {"a": 1} if isinstance(value, list) else [[value]]
        yield f"{'.'.join(map(str, path))} is of another type", damaged


def damages_between(documents):
    """Sets of objects that no longer fit each other, and what was done."""
    def change(kind, path, value):
        damaged = copy.deepcopy(documents)
        for document in damaged:
            if document["kind"] == kind:
                inner = parent(document, path)
                if value is None:
                    del inner[path[-1]]
                else:
                    inner[path[-1]] = value
                return f"{kind} {'.'.join(map(str, path))} is {value}", damaged
        return None

    pod = ("spec", "template", "spec")
    container = pod + ("containers", 0)
    job = ("spec", "jobTemplate", "spec")
    job_pod = job + ("template", "spec")
    wanted = [
        ("Deployment", ("metadata", "namespace"), "elsewhere"),
        ("Deployment", ("spec", "selector", "matchLabels", "app.kubernetes.io/instance"), "other"),
        ("Deployment", pod + ("volumes", 0, "name"), "other"),
        ("Deployment", container + ("volumeMounts", 1, "mountPath"), "/tmp"),
        ("Deployment", pod + ("securityContext", "runAsUser"), 0),
        ("Deployment", pod + ("securityContext", "runAsNonRoot"), False),
        ("Deployment", container + ("securityContext", "readOnlyRootFilesystem"), False),
        ("Deployment", container + ("securityContext", "allowPrivilegeEscalation"), True),
        ("Deployment", container + ("resources", "requests", "cpu"), None),
        ("Deployment", container + ("ports", 0, "containerPort"), 1),
        ("Deployment", container + ("ports", 0, "name"), "other"),
        ("Deployment", container + ("readinessProbe", "httpGet", "port"), "other"),
        ("Deployment", container + ("livenessProbe", "httpGet", "scheme"), "HTTP"),
        ("Deployment", ("spec", "replicas"), 1),
        ("Service", ("spec", "selector", "app.kubernetes.io/component"), "batch-scoring"),
        ("Service", ("spec", "ports", 0, "targetPort"), "other"),
        ("Secret", ("metadata", "name"), "other"),
        ("Ingress", ("spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"), "other"),
        ("Ingress", ("spec", "tls", 0, "hosts"), ["other.example.com"]),
        ("HorizontalPodAutoscaler", ("spec", "scaleTargetRef", "name"), "other"),
        ("CronJob", job_pod + ("restartPolicy",), "OnFailure"),
        ("CronJob", job + ("completionMode",), "NonIndexed"),
        ("CronJob", job_pod + ("containers", 0, "name"), "other"),
        ("CronJob", job_pod + ("volumes", 0, "name"), "other"),
        ("CronJob", job_pod + ("securityContext", "seccompProfile", "type"), "Unconfined"),
    ]
    kinds = {document["kind"] for document in documents}
    return [change(*damage) for damage in wanted if damage[0] in kinds]


def main():
    program = sys.argv[1]
    failures = 0
    damaged, objects = 0, 0

    def fail(text):
        nonlocal failures
        failures += 1
        print(text)

    with tempfile.TemporaryDirectory(prefix="sonde-kubernetes-") as folder:
        subprocess.run([program, "keys", "create", os.path.join(folder, "keys.json"), "--name", "tests"], check=True, capture_output=True)
        for arguments, kinds in commands(folder):
            printed = subprocess.run([program] + arguments, check=True, capture_output=True, text=True).stdout
            # As Kubernetes, this reads YAML 1.1.
            documents = list(yaml.safe_load_all(printed))
            line = " ".join(arguments)
            if [document["kind"] for document in documents] != kinds:
                fail(f"{line}: {[document['kind'] for document in documents]} in place of {kinds}")
            for path in arguments:
                if path.startswith("/no: ") and documents[0]["spec"]["template"]["spec"]["containers"][0]["args"][2] != path.replace("$", "$$"):
                    fail(f"{line}: the path has become another")
            for fault in faults_between(documents):
                fail(f"{line}: {fault}")
            for document in documents:
                objects += 1
                for version in VERSIONS:
                    for fault in faults_of_schema(document, version):
                        fail(f"{line}: {document['kind']} against {version}: {fault}")
                for what, copy_of_it in damages_for_schema(document):
                    damaged += 1
                    for version in VERSIONS:
                        if not faults_of_schema(copy_of_it, version):
                            fail(f"{line}: {document['kind']} against {version}: nobody finds that {what}")
            # One service has everything, and one job.
            if len(kinds) == 5 or "--completions" in arguments:
                for what, copies in damages_between(documents):
                    damaged += 1
                    if not faults_between(copies):
                        fail(f"{line}: nobody finds that {what}")
    print(f"{objects} objects against Kubernetes {' and '.join(VERSIONS)}, {damaged} damages: {failures} failures")
    sys.exit(1 if failures or not objects or not damaged else 0)


if __name__ == "__main__":
    main()
