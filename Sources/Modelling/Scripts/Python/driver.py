"""Runs a Python scoring script for Sonde: calls init() once and run(mini_batch) for every request.

Speaks the protocol of scoring scripts, which docs/scripts.md of Sonde explains, on the standard input and output that it was started with.
Whatever the script prints goes to standard error, which is its log.
"""

import csv
import datetime
import importlib.util
import json
import os
import sys
import traceback


def take_streams():
    """The two ends of the protocol. Afterwards the script's own standard input is empty, and what it prints is its log."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def load(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    sys.argv = [path]
    specification = importlib.util.spec_from_file_location("scoring_script", path)
    module = importlib.util.module_from_spec(specification)
    sys.modules["scoring_script"] = module
    specification.loader.exec_module(module)
    return module


def reason_of(error, path):
    """What went wrong and where in the script, in one line."""
    if isinstance(error, SystemExit):
        text = f"it called exit({error.code if error.code is not None else ''})"
    else:
        message = " ".join(str(error).split())[:500]
        text = type(error).__name__ + (f": {message}" if message else "")
    if isinstance(error, SyntaxError) and error.filename:
        return f"{text}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{text} ({os.path.basename(path)}:{own[-1].lineno})" if own else text


def needs(function, name, path):
    if not callable(function):
        raise TypeError(f"{os.path.basename(path)} has no function {name}")
    return function


# --- Rows ---------------------------------------------------------------------------------------------------------------------

COLUMNS = ["device", "sensor", "window_start", "score", "prediction"]


def text_of(value, column):
    """A field as Sonde reads it: times in UTC, shortest decimals, nothing for what is missing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.datetime):
        if value != value:  # pandas' NaT
            return ""
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        value = value.astimezone(datetime.timezone.utc)
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
        if isinstance(value, int) and column == "window_start":
            raise TypeError("window_start is a number; give it back as it stands in the file")
    if isinstance(value, bool):
        return "1" if value else "0"
    if column == "prediction" and isinstance(value, float) and value == int(value or 0):
        value = int(value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def rows_of(result, of_sensor):
    """The header and the rows of what run() returned: a DataFrame, or a list of dictionaries, tuples or lists."""
    if result is None:
        raise TypeError("run() returned nothing")
    if hasattr(result, "columns") and hasattr(result, "reset_index"):
        if not {"device", "window_start"} <= set(map(str, result.columns)):
            result = result.reset_index()
        names = [name for name in COLUMNS if name in result.columns]
        columns = [result[name].tolist() for name in names]
        return names, list(zip(*columns)), len(result)
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__iter__"):
        raise TypeError(f"run() returned {type(result).__name__}, and not a list of rows or a DataFrame")
    result = list(result)
    if not result:
        return COLUMNS, [], 0
    if isinstance(result[0], dict):
        names = [name for name in COLUMNS if any(name in row for row in result)]
        return names, [[row.get(name) for name in names] for row in result], len(result)
    if isinstance(result[0], (tuple, list)):
        names = ["device"] + (["sensor"] if of_sensor else []) + ["window_start", "score", "prediction"]
        least = len(names) - 1
        for row in result:
            if not least <= len(row) <= len(names):
                raise TypeError(f"run() returned a row of {len(row)} fields; expected {', '.join(names[:-1])} [, prediction]")
        names = names[: max(len(row) for row in result)]
        return names, [list(row) + [None] * (len(names) - len(row)) for row in result], len(result)
    raise TypeError(f"run() returned a list of {type(result[0]).__name__}; expected rows with device, window_start and score")


def write_rows(result, request, of_sensor):
    names, rows, count = rows_of(result, of_sensor)
    most = 2 * request["windows"] + 1000
    if count > most:
        raise ValueError(f"run() returned {count} rows for {request['windows']} windows")
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


# --- The two things that a script is asked for ----------------------------------------------------------------------------------


def train(path, windows, model):
    """Exit code 0 where the script has trained, 64 where it does not train at all."""
    requests, replies = take_streams()
    try:
        function = getattr(load(path), "train", None)
        if function is None:
            return 64
        needs(function, "train", path)(windows, model)
        return 0
    except BaseException as error:
        traceback.print_exc()
        replies.write(reason_of(error, path) + "\n")
        replies.flush()
        return 1


def serve(path):
    requests, replies = take_streams()
    owner = os.getpid()
    of_sensor = os.environ.get("SONDE_PER") == "sensor"
    gives_table = os.environ.get("SONDE_INPUT") == "table"

    def stay_alone():
        """Ends a process that the script has forked, and that came back here."""
        if os.getpid() != owner:
            os._exit(0)

    def reply(**fields):
        sys.stdout.flush()
        sys.stderr.flush()
        replies.write(json.dumps(fields) + "\n")
        replies.flush()

    try:
        script = load(path)
        run = needs(getattr(script, "run", None), "run", path)
        needs(getattr(script, "init", None), "init", path)()
        stay_alone()
    except BaseException as error:
        stay_alone()
        traceback.print_exc()
        reply(status="failed", reason=reason_of(error, path))
        return 1
    reply(status="ready")
    for line in requests:
        request = json.loads(line)
        try:
            files = request["files"]
            result = run(table_of(files) if gives_table else files)
            stay_alone()
            write_rows(result, request, of_sensor)
        except BaseException as error:
            stay_alone()
            traceback.print_exc()
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
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
