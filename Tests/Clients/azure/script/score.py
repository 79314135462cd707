"""A scoring script that runs unchanged under Azure's server and under Sonde: any JSON comes back, an error is an error."""
import json


def init():
    pass


def run(raw_data):
    body = json.loads(raw_data)
    if "echo" in body:
        return body["echo"]
    return {"length": len(raw_data), "sum": sum(body["data"])}
