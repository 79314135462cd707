"""An ingester in Python that reads payloads by the mapping of mapping.yaml, as a peer for the benchmark: paho-mqtt, json and sqlite3,
executemany of 1,000. It flattens what is nested, leaves out what the mapping leaves out, and journals a row a message.

Usage: mapped.py PORT CLIENT-ID FILE COUNT
"""
import json
import sqlite3
import sys
from datetime import datetime, timezone

import paho.mqtt.client as mqtt

port, client_id, path, wanted = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE journal(id INTEGER PRIMARY KEY, device TEXT, ts INT, v TEXT)")
rows, stored = [], 0


def flatten(record, prefix, values):
    for key, value in record.items():
        if isinstance(value, dict):
            flatten(value, f"{prefix}{key}.", values)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            values[prefix + key] = value


def flush():
    global stored
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO journal(device, ts, v) VALUES (?,?,?)", rows)
    db.execute("COMMIT")
    stored += len(rows)
    rows.clear()


def on_message(client, _userdata, message):
    levels = message.topic.split("/")
    if len(levels) != 3 or levels[0] != "tele" or levels[2] != "SENSOR":
        return
    record = json.loads(message.payload)
    at = datetime.fromisoformat(record.pop("Time")).replace(tzinfo=timezone.utc)
    record.pop("TempUnit", None)
    values = {}
    flatten(record, "", values)
    rows.append((levels[1], int(at.timestamp() * 1000), json.dumps(values)))
    if len(rows) >= 1000 or stored + len(rows) >= wanted:
        flush()
    if stored >= wanted:
        client.disconnect()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
client.on_message = on_message
properties = mqtt.Properties(mqtt.PacketTypes.CONNECT)
properties.SessionExpiryInterval = 3600
properties.ReceiveMaximum = 65535
client.connect("127.0.0.1", port, clean_start=False, properties=properties)
client.subscribe("tele/+/SENSOR", qos=1)
client.loop_forever()
