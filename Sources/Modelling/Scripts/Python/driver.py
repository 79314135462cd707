"""Runs a Python scoring script for Sonde: calls init() once and run(mini_batch) for every request.

Speaks the protocol of scoring scripts, which docs/scripts.md of Sonde explains, on the standard input and output that it was started with.
Whatever the script prints goes to standard error, which is its log.
"""

import csv
import datetime
import importlib.util
import itertools
import json
import os
import sys
import traceback


class ScriptError(Exception):
    """A fault of the script that its message says all of."""


def take_streams():
    """The two ends of the protocol. Afterwards the script's own standard input is empty, and what it prints is its log."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def load(path):
    """Runs the script, and returns it as a module."""
    # The folder of this file, which is none of the script's.
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    sys.argv = [path]
    specification = importlib.util.spec_from_file_location("scoring_script", path)
    try:
        code = specification.loader.get_code("scoring_script")
    except (SyntaxError, UnicodeError, ValueError) as error:
        raise ScriptError(f"{os.path.basename(path)} is no Python: {type(error).__name__}: {error}") from None
    module = importlib.util.module_from_spec(specification)
    # What the script pickles in train() is found again under this name.
    sys.modules["scoring_script"] = module
    try:
        exec(code, module.__dict__)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("azureml.contrib", "azureml_inference_server_http")):
            raise
        raise ScriptError(
            f"{os.path.basename(path)} imports {error.name}: rawhttp and AMLResponse are not to be had here; "
            "write run(raw_data), which gets the body as text and returns what JSON has a form for"
        ) from None
    return module


def function(script, name, path):
    found = getattr(script, name, None)
    if not callable(found):
        raise ScriptError(f"{os.path.basename(path)} has no function {name}()")
    return found


def reason_of(error, path):
    """What went wrong and where in the script, in one line."""
    try:
        message = " ".join(str(error).split())[:400]
    except BaseException:
        message = ""
    if isinstance(error, ScriptError):
        return message
    if isinstance(error, SystemExit):
        text = f"it called exit({error.code if error.code is not None else ''})"
    else:
        text = type(error).__name__ + (f": {message}" if message else "")
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{text} ({os.path.basename(path)}:{own[-1].lineno})" if own else text


def print_trace():
    """The script may have closed its streams."""
    try:
        traceback.print_exc()
    except BaseException:
        pass


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


# --- Rows ---------------------------------------------------------------------------------------------------------------------

COLUMNS = ["device", "sensor", "window_start", "score", "prediction"]


def text_of(value, column):
    """A field as Sonde reads it: times in UTC, shortest decimals, nothing for what is missing."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if type(value).__name__ == "datetime64":
        value = value.astype("datetime64[us]").item()
        if value is None:
            return ""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        value = value.astimezone(datetime.timezone.utc)
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        if column == "prediction":
            return "" if value != value else str(int(value)) if value in (0.0, 1.0, -1.0) else repr(value)
        return repr(value)
    return str(value)


def rows_of(result, of_sensor, most):
    """The header and the rows of what run() returned: a DataFrame, or a list of dictionaries, tuples or lists."""
    if result is None:
        raise ScriptError("run() returned nothing")
    if hasattr(result, "columns") and hasattr(result, "reset_index"):
        if not {"device", "window_start"} <= set(map(str, result.columns)):
            result = result.reset_index()
        names = [name for name in COLUMNS if name in result.columns]
        return names, list(zip(*[result[name].tolist() for name in names]))
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__iter__"):
        raise ScriptError(f"run() returned {type(result).__name__}, and neither a list of rows nor a DataFrame")
    result = list(itertools.islice(result, most + 1))
    if not result:
        return COLUMNS, []
    kinds = {dict if isinstance(row, dict) else tuple if isinstance(row, (tuple, list)) else type(row) for row in result}
    if kinds == {dict}:
        names = [name for name in COLUMNS if any(name in row for row in result)]
        return names, [[row.get(name) for name in names] for row in result]
    if kinds == {tuple}:
        names = ["device"] + (["sensor"] if of_sensor else []) + ["window_start", "score", "prediction"]
        least = len(names) - 1
        for row in result:
            if not least <= len(row) <= len(names):
                raise ScriptError(f"run() returned a row of {len(row)} fields; expected {', '.join(names[:-1])} [, prediction]")
        names = names[: max(len(row) for row in result)]
        return names, [list(row) + [None] * (len(names) - len(row)) for row in result]
    found = " and ".join(sorted(kind.__name__ for kind in kinds))
    raise ScriptError(f"run() returned a list of {found}; expected rows with device, window_start and score")


def write_rows(result, request, of_sensor):
    most = 2 * request["windows"] + 1000
    names, rows = rows_of(result, of_sensor, most)
    if len(rows) > most:
        raise ScriptError(f"run() returned more than {most} rows for {request['windows']} windows")
    with open(request["output"], "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([text_of(value, name) for value, name in zip(row, names)])


# --- Windows ------------------------------------------------------------------------------------------------------------------


def table_of(files):
    import pandas

    kinds = {"device": str, "sensor": str}
    return pandas.concat([pandas.read_csv(file, dtype=kinds) for file in files], ignore_index=True)


# --- Online endpoints -----------------------------------------------------------------------------------------------------------


def text_of_answer(result):
    """What run(raw_data) returned, as Azure's server writes it."""
    if hasattr(result, "get_data") and hasattr(result, "status_code"):
        raise ScriptError("run() returned a response; return what JSON has a form for, without rawhttp and AMLResponse")
    try:
        return "{}" if result is None else json.dumps(result)
    except (TypeError, ValueError) as error:
        raise ScriptError(f"run() returned {type(result).__name__}, which has no form in JSON: {error}") from None


# --- The two things that a script is asked for ----------------------------------------------------------------------------------


def train(path, windows, model):
    """Exit code 0 where the script has trained, 64 where it does not train at all."""
    _, replies = take_streams()
    try:
        script = load(path)
        if not hasattr(script, "train"):
            return 64
        function(script, "train", path)(windows, model)
        return 0
    except BaseException as error:
        print_trace()
        os.write(replies, (reason_of(error, path) + "\n").encode())
        return 1


def serve(path):
    requests, replies = take_streams()
    owner = os.getpid()
    of_sensor = os.environ.get("SONDE_PER") == "sensor"
    gives_table = os.environ.get("SONDE_INPUT") == "table"
    gives_body = os.environ.get("SONDE_INPUT") == "raw"

    def stay_alone():
        """Ends a process that the script has forked, and that came back here."""
        if os.getpid() != owner:
            os._exit(0)

    def reply(**fields):
        flush()
        os.write(replies, (json.dumps(fields) + "\n").encode())

    try:
        if gives_table:
            import pandas  # noqa: F401, so that it is known at the start whether there is one
        script = load(path)
        run = function(script, "run", path)
        function(script, "init", path)()
        stay_alone()
    except BaseException as error:
        stay_alone()
        print_trace()
        reply(status="failed", reason=reason_of(error, path))
        return 1
    reply(status="ready")
    for line in requests:
        request = json.loads(line)
        try:
            if gives_body:
                answer = text_of_answer(run(request["body"]))
                stay_alone()
                reply(status="ok", task=request["task"], answer=answer)
                continue
            files = request["files"]
            result = run(table_of(files) if gives_table else files)
            stay_alone()
            write_rows(result, request, of_sensor)
        except BaseException as error:
            stay_alone()
            print_trace()
            reply(status="failed", task=request["task"], reason=reason_of(error, path))
        else:
            reply(status="ok", task=request["task"])
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "train":
        code = train(*sys.argv[2:])
    else:
        code = serve(sys.argv[2])
    # Threads and exit handlers of the script are not waited for.
    flush()
    os._exit(code)
