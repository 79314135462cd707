"""The table of requests that Azure's own server and Sonde are both sent, good ones and bad ones.

A request is as it goes over the wire, so that it can be wrong in any way. `server` says which of Azure's servers it is held against:
`scoring` runs main.py, `script` runs script/score.py, which Sonde runs too. `differs` is Sonde's status where it is another one on
purpose, and why.
"""
import json

DEVICE = "pump-0001"
FEATURES = [f"{sensor}.{aggregate}" for sensor in ("pressure", "temperature", "vibration") for aggregate in ("mean", "stddev", "min", "max")]
ROW = [8.0, 0.1, 7.79, 8.2, 60.0, 0.49, 58.96, 61.03, 2.8, 0.19, 2.39, 3.2]
OTHER = [9.0, 0.2, 8.79, 9.2, 64.0, 0.59, 62.96, 65.03, 2.9, 0.29, 2.49, 3.3]
JSON = {"Content-Type": "application/json"}
NAMED = dict({"device": DEVICE}, **dict(zip(FEATURES, ROW)))


def request(name, method, path, body=None, headers=JSON, server="scoring", **more):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return dict(name=name, method=method, path=path, body=body, headers=dict(headers), server=server, **more)


IN_THE_ADDRESS = 405, "rows in an address end in the logs of every proxy"
NOT_NORMAL = 404, "a path is what it is"
OLD_SWAGGER = 404, "there is OpenAPI 3.1 alone"


def post(name, body, headers=JSON, **more):
    return request(name, "POST", "/score", body, headers, **more)


def rows(*values):
    return {"data": [[DEVICE, *row] for row in values]}


SPLIT = {"input_data": {"columns": ["device", *FEATURES], "index": [0, 1], "data": [[DEVICE, *ROW], [DEVICE, *OTHER]]}}
REVERSED = {"input_data": {"columns": ["device", *FEATURES][::-1], "index": [0], "data": [[DEVICE, *ROW][::-1]]}}

REQUESTS = [
    # Good ones.
    post("a row", rows(ROW)),
    post("two rows", rows(ROW, OTHER)),
    post("no rows", {"data": []}),
    post("columns, index and data", SPLIT),
    post("columns in another order", REVERSED),
    post("Stream Analytics' inputs", {"Inputs": {"WebServiceInput0": [NAMED, NAMED]}, "GlobalParameters": {}}),
    post("objects as rows", {"data": [NAMED]}),
    post("an object with more columns than the model has", {"data": [dict(NAMED, humidity=3.5)]}),
    post("a member that nobody knows", dict(rows(ROW), method="predict")),
    post("whole numbers", {"data": [[DEVICE] + [8] * 12]}),
    post("white space and exponents", '\r\n { "data" :\t[ ["pump-0001", 8e0, 1E-1,7.79,8.2,6.0e+1,0.49,58.96,61.03,2.8,.19e0,2.39,3.2] ] } '.replace(".19e0", "0.19e0")),
    post("an escaped name", '{"d\\u0061ta": [["pump\\u002d0001", %s]]}' % ", ".join(map(str, ROW))),
    # Content types: a script without a schema gets the body whatever its type is.
    post("no content type", rows(ROW), {}),
    post("text as content type", rows(ROW), {"Content-Type": "text/plain"}),
    post("a content type with a character set", rows(ROW), {"Content-Type": "application/json; charset=utf-8"}),
    post("a query string after /score", rows(ROW), path_query="?api-version=2024"),
    # Bodies that are wrong.
    post("an empty body", b""),
    post("no body and no length", None, {}),
    post("broken JSON", '{"data": [[1, 2'),
    post("text after the JSON", json.dumps(rows(ROW)) + "x"),
    post("a list as body", [[1, 2, 3]]),
    post("a text as body", '"data"'),
    post("null as body", "null"),
    post("an object without rows", {"rows": [[1]]}),
    post("an empty object", {}),
    post("a text in place of a feature", {"data": [[DEVICE, *ROW[:-1], "3.2"]]}),
    post("null in place of a feature", {"data": [[DEVICE, *ROW[:-1], None]]}),
    post("true in place of a feature", {"data": [[DEVICE, *ROW[:-1], True]]}),
    post("a list in place of a feature", {"data": [[DEVICE, *ROW[:-1], [3.2]]]}),
    post("a number in place of a row", {"data": [1, 2, 3]}),
    post("a number in place of the table", {"data": 5}),
    post("too few values", {"data": [[DEVICE, *ROW[:-1]]]}),
    post("too many values", {"data": [[DEVICE, *ROW, 1.0]]}),
    post("a missing column", {"data": [{key: value for key, value in NAMED.items() if key != "vibration.max"}]}),
    post("a device without a model", {"data": [["pump-9999", *ROW]]}),
    post("columns and values of other numbers", {"input_data": {"columns": ["device", *FEATURES], "data": [[DEVICE, *ROW[:-1]]]}}),
    post("NaN, which JSON does not have", '{"data": [["pump-0001", NaN, %s]]}' % ", ".join(map(str, ROW[1:]))),
    post("a body that is no UTF-8", b'{"data": [["\xff\xfe", 1]]}'),
    # Methods.
    request("GET /score", "GET", "/score", differs=IN_THE_ADDRESS),
    request("HEAD /score", "HEAD", "/score"),
    request("PUT /score", "PUT", "/score", rows(ROW)),
    request("DELETE /score", "DELETE", "/score"),
    request("PATCH /score", "PATCH", "/score", rows(ROW)),
    request("OPTIONS /score", "OPTIONS", "/score", None, {}),
    request("a preflight of a browser", "OPTIONS", "/score", None, {"Origin": "http://example.test", "Access-Control-Request-Method": "POST"}),
    post("a request of a browser's page", rows(ROW), dict(JSON, Origin="http://example.test")),
    request("POST /", "POST", "/", b"{}"),
    request("OPTIONS /", "OPTIONS", "/", None, {}),
    request("POST /swagger.json", "POST", "/swagger.json", b"{}"),
    # Paths.
    request("GET /", "GET", "/"),
    request("HEAD /", "HEAD", "/"),
    request("GET / with a query", "GET", "/?x=1"),
    request("a path that nobody knows", "GET", "/no-such"),
    request("POST to a path that nobody knows", "POST", "/no-such", b"{}"),
    request("/score/ with a slash at its end", "POST", "/score/", rows(ROW)),
    request("/Score with a capital", "POST", "/Score", rows(ROW)),
    request("//score", "POST", "//score", rows(ROW), differs=NOT_NORMAL),
    request("/score, escaped", "POST", "/%73core", rows(ROW)),
    request("the swagger document", "GET", "/swagger.json"),
    request("the swagger document, version 2", "GET", "/swagger.json?version=2", differs=OLD_SWAGGER),
    request("the swagger document, version 3", "GET", "/swagger.json?version=3"),
    request("the swagger document, version 3.1", "GET", "/swagger.json?version=3.1"),
    request("the swagger document, a version that there is not", "GET", "/swagger.json?version=9"),
    # Ids.
    post("x-request-id", rows(ROW), dict(JSON, **{"x-request-id": "a-1"})),
    post("x-request-id of 100 characters", rows(ROW), dict(JSON, **{"x-request-id": "r" * 100})),
    post("x-request-id of 101 characters", rows(ROW), dict(JSON, **{"x-request-id": "r" * 101})),
    post("x-ms-client-request-id", rows(ROW), dict(JSON, **{"x-ms-client-request-id": "c-1"})),
    post("x-ms-client-request-id of 101 characters", rows(ROW), dict(JSON, **{"x-ms-client-request-id": "c" * 101})),
    post("both ids", rows(ROW), dict(JSON, **{"x-request-id": "a-2", "x-ms-client-request-id": "c-2"})),
    post("one id long, the other short", rows(ROW), dict(JSON, **{"x-request-id": "a-3", "x-ms-client-request-id": "c" * 101})),
    post("x-ms-request-id, the old name", rows(ROW), dict(JSON, **{"x-ms-request-id": "m-1"})),
    post("x-ms-request-id of 101 characters", rows(ROW), dict(JSON, **{"x-ms-request-id": "m" * 101})),
    post("ids of a bad request", "{", dict(JSON, **{"x-request-id": "a-4", "x-ms-client-request-id": "c-4"})),
    request("ids of a path that nobody knows", "GET", "/no-such", None, {"x-request-id": "a-5"}),
    # Scripts.
    post("a script's answer, an object", {"data": [1, 2]}, server="script"),
    post("a script's answer, a list", {"echo": [1, None, "x", True, {"a": 1.5}]}, server="script"),
    post("a script's answer, a text", {"echo": "text"}, server="script"),
    post("a script's answer, a number", {"echo": 1.5}, server="script"),
    post("a script's answer, null", {"echo": None}, server="script"),
    post("a script's answer, letters beyond ASCII", {"echo": "Grüße \u2028 😀"}, server="script"),
    post("a script that fails", {"data": ["x"]}, server="script"),
    post("a script whose JSON is broken", "{", server="script"),
    post("a script and no body", b"", server="script"),
    post("a script and a body that is no UTF-8", b"\xff\xfe", server="script"),
    post("a script, text as content type", {"data": [1, 2]}, {"Content-Type": "text/plain"}, server="script"),
    request("a script, GET with arguments", "GET", "/score?data=[1,2]", None, {}, server="script", differs=IN_THE_ADDRESS),
    request("a script, PUT", "PUT", "/score", {"data": [1]}, server="script"),
]
