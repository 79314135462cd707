"""A plain ingester in Python, as a peer for the benchmark: paho-mqtt, json and sqlite3, executemany of 1,000.

Usage: journal.py PORT CLIENT-ID FILE COUNT
"""
import json
import sqlite3
import sys

import paho.mqtt.client as mqtt

port, client_id, path, wanted = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE journal(id INTEGER PRIMARY KEY, device TEXT, epoch INT, seq INT, ts INT, v TEXT)")
rows, stored = [], 0


def flush():
    global stored
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO journal(device, epoch, seq, ts, v) VALUES (?,?,?,?,?)", rows)
    db.execute("COMMIT")
    stored += len(rows)
    rows.clear()


def on_message(client, _userdata, message):
    reading = json.loads(message.payload)
    rows.append((reading["device"], reading["epoch"], reading["seq"], reading["ts"], json.dumps(reading["values"])))
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
client.subscribe("devices/+/telemetry", qos=1)
client.loop_forever()
