"""Holds Sonde's Sparkplug B against two other implementations, pysparkplug and mqtt-spb-wrapper, over a real mosquitto.

  check.py SONDE

What they publish must stand in the store, value by value; what Sonde's fleet publishes must be read by them as the values that the same fleet
publishes as JSON. A node that is asked for its birth by Sonde must understand it. Leaves with 1 at the first difference.
"""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

import paho.mqtt.client as paho
import pysparkplug as psp
from mqtt_spb_wrapper import MqttSpbEntityDevice, MqttSpbEntityEdgeNode
from mqtt_spb_wrapper.spb_protobuf import sparkplug_b_pb2 as pb

START = 1_767_225_600_000
PATIENCE = 600


def fail(reason):
    sys.exit(f"sparkplug: {reason}")


def wait_for(what, condition):
    deadline = time.time() + PATIENCE
    while time.time() < deadline:
        if condition():
            return
        time.sleep(0.05)
    fail(f"in {PATIENCE} seconds it did not come to: {what}")


class Broker:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(folder, "mosquitto.conf")
        with open(config, "w") as f:
            f.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n")
        path = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
        self.process = subprocess.Popen(["mosquitto", "-c", config], env={**os.environ, "PATH": path},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        wait_for("mosquitto listens", answers)

    @property
    def address(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Listener:
    """Everything that is published, in its order."""

    def __init__(self, broker, topics):
        self.messages = []
        self.ready = False
        self.client = paho.Client(client_id="listener")
        self.client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        self.client.on_subscribe = lambda *_: setattr(self, "ready", True)
        self.client.on_message = lambda _, __, message: self.messages.append((message.topic, bytes(message.payload)))
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        wait_for("the listener has subscribed", lambda: self.ready)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


class Ingestion:
    def __init__(self, sonde, broker, folder, *more):
        self.store = os.path.join(folder, "sonde.sqlite")
        self.log = os.path.join(folder, "ingest.log")
        self.command = [sonde, "ingest", "--broker", broker.address, "--payload", "sparkplug", "--store", self.store,
                        "--window", "60s", "--future-limit", "off", *more]
        self.start()

    def start(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        wait_for("ingestion listens", lambda: "ingesting" in open(self.log).read() or self.process.poll() is not None)
        if self.process.poll() is not None:
            fail(open(self.log).read())

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()

    def rows(self, query):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=60) as db:
            return db.execute(query).fetchall()

    def lives(self):
        """The epochs of the node and the device of pysparkplug, where both live."""
        return tuple(epoch for epoch, in self.rows(
            "SELECT epoch FROM sparkplug_lives WHERE path LIKE 'plant/%' AND is_alive ORDER BY path"))

    def readings(self):
        return {(device, sensor, time, value): (epoch, seq) for device, sensor, time, value, epoch, seq in
                self.rows("SELECT device, sensor, ts_ms, value, epoch, seq FROM stored_readings")}


def metric(name, datatype, value, at, **more):
    return psp.Metric(timestamp=at, name=name, datatype=datatype, value=value, **more)


NUMBERS = [
    ("i8", psp.DataType.INT8, -128), ("i16", psp.DataType.INT16, -32768), ("i32", psp.DataType.INT32, -2**31),
    ("i64", psp.DataType.INT64, -2**53), ("u8", psp.DataType.UINT8, 255), ("u16", psp.DataType.UINT16, 65535),
    ("u32", psp.DataType.UINT32, 2**32 - 1), ("u64", psp.DataType.UINT64, 2**53), ("f", psp.DataType.FLOAT, 0.15625),
    ("Motor/Speed", psp.DataType.DOUBLE, 21.37), ("on", psp.DataType.BOOLEAN, True),
]
SENSORS = {"Motor/Speed": "Motor.Speed"}


def expected(device, values, at):
    return {(device, SENSORS.get(name, name), at, float(value)) for name, _, value in values}


def theirs_pysparkplug(broker, ingestion):
    """Every type, births, data, deaths, and three lives of a node."""
    wanted = set()
    for life in range(3):
        begin = START + life * 600_000
        node = psp.EdgeNode("plant", "line1", [metric("load", psp.DataType.DOUBLE, 0.5, begin)])
        node.register(psp.Device("press", [metric(name, kind, value, begin) for name, kind, value in NUMBERS]
                                 + [metric("state", psp.DataType.STRING, "run", begin)]))
        node.connect("127.0.0.1", port=broker.port)
        # It gives its births when it is connected, and would publish data before.
        wait_for("the births of pysparkplug", lambda: ingestion.lives() == (life + 1, life + 1))
        wanted |= {("plant.line1", "load", begin, 0.5)} | expected("plant.line1.press", NUMBERS, begin)
        for step in range(1, 300):
            at = begin + step * 1000
            values = [(name, kind, value - 1 if name == "u8" and step % 2 else value) for name, kind, value in NUMBERS]
            node.update_device("press", [metric(name, kind, value, at) for name, kind, value in values])
            wanted |= expected("plant.line1.press", values, at)
        node.update([metric("load", psp.DataType.DOUBLE, 0.25, begin + 5000, is_historical=True),
                     metric("load", psp.DataType.DOUBLE, None, begin + 6000, is_null=True)])
        wanted.add(("plant.line1", "load", begin + 5000, 0.25))
        node.deregister("press")
        wait_for("what pysparkplug has published is stored", lambda: len(ingestion.readings()) >= len(wanted))
        node.disconnect()
    found = ingestion.readings()
    if set(found) != wanted:
        fail(f"of pysparkplug: {sorted(set(found) ^ wanted)[:5]}")
    if {epoch for (device, *_), (epoch, _) in found.items() if device == "plant.line1.press"} != {1, 2, 3}:
        fail("the lives of a device are not its epochs")
    reasons = [reason for (reason,) in ingestion.rows("SELECT reason FROM rejected_messages")]
    if reasons != ["one value is not taken: “state” is a text, which is no reading"] * 3:
        fail(f"the texts of births have other reasons: {reasons}")
    print(f"pysparkplug → sonde: {len(wanted)} readings in 3 lives")


def theirs_wrapper(broker, ingestion):
    """A node and a device with clients of their own."""
    before = set(ingestion.readings())
    node = MqttSpbEntityEdgeNode("wrapped", "edge")
    device = MqttSpbEntityDevice("wrapped", "edge", "pump")
    node.data.set_value("load", 0.5, START)
    device.attributes.set_value("maker", "nobody", START)
    device.data.set_value("temperature", 20.0, START)
    device.data.set_value("turns", 3, START)
    for entity in (node, device):
        if not entity.connect("127.0.0.1", broker.port):
            fail("mqtt-spb-wrapper does not connect")
        wait_for("mqtt-spb-wrapper is connected", entity.is_connected)
        entity.publish_birth()
    wanted = set()
    for step in range(1, 300):
        at = START + step * 1000
        device.data.set_value("temperature", 20 + step / 8, at)
        device.data.set_value("turns", step, at)
        device.publish_data()
        wanted |= {("wrapped.edge.pump", "temperature", at, 20 + step / 8), ("wrapped.edge.pump", "turns", at, float(step))}
    # Births have a name of their own for each value.
    wanted |= {("wrapped.edge", "DATA.load", START, 0.5), ("wrapped.edge.pump", "DATA.temperature", START, 20.0),
               ("wrapped.edge.pump", "DATA.turns", START, 3.0)}
    wait_for("what mqtt-spb-wrapper has published is stored", lambda: wanted <= set(ingestion.readings()))
    for entity in (device, node):
        entity.disconnect()
    others = set(ingestion.readings()) - before - wanted
    if others:
        fail(f"of mqtt-spb-wrapper: {sorted(others)[:5]}")
    print(f"mqtt-spb-wrapper → sonde: {len(wanted)} readings")


def rebirth(broker, ingestion):
    """A node whose birth was missed is asked for it, and its aliases are known from then on."""
    asked = []
    node = paho.Client(client_id="late-node")
    node.on_message = lambda _, __, message: asked.append(psp.NCmd.decode(message.payload))
    node.connect("127.0.0.1", broker.port)
    node.subscribe("spBv1.0/late/NCMD/node", 1)
    node.loop_start()

    def publish(kind, payload):
        node.publish(f"spBv1.0/late/{kind}/node", payload.encode(include_dtypes=kind == "NBIRTH"), 1).wait_for_publish()
    publish("NDATA", psp.NData(START, 7, (psp.Metric(START, None, psp.DataType.DOUBLE, 1.5, alias=4),)))
    wait_for("the node is asked for its birth", lambda: asked)
    command = asked[0].metrics[0]
    if (command.name, command.value, command.datatype) != ("Node Control/Rebirth", True, psp.DataType.BOOLEAN):
        fail(f"the command is {command}")
    publish("NBIRTH", psp.NBirth(START + 1, 0, (
        psp.Metric(START, "bdSeq", psp.DataType.INT64, 0),
        psp.Metric(START, "level", psp.DataType.DOUBLE, None, alias=4, is_null=True))))
    publish("NDATA", psp.NData(START + 2, 1, (psp.Metric(START + 2, None, psp.DataType.DOUBLE, 2.5, alias=4),)))
    wait_for("the alias is known", lambda: ("late.node", "level", START + 2, 2.5) in ingestion.readings())
    node.disconnect()
    node.loop_stop()
    print("sonde → pysparkplug: a node is asked for its birth")


SCENARIO = """
name: fleet
seed: 7
clock: { duration: 30m, speed: max }
fleet:
  - device: pump
    count: 6
    every: 5s
    gateways: 2
    sensors:
      temperature: { signal: [{ sine: { offset: 60, amplitude: 4, period: 6h } }, { noise: { stddev: 0.5 } }] }
      motor.speed: { signal: [{ noise: { stddev: 1 } }] }
    publish: { payload: PAYLOAD }
"""


def simulated(sonde, folder, broker, payload, topics):
    path = os.path.join(folder, f"{payload}.yaml")
    with open(path, "w") as f:
        f.write(SCENARIO.replace("PAYLOAD", payload))
    listener = Listener(broker, topics)
    done = subprocess.run([sonde, "simulate", path, "--broker", broker.address], capture_output=True, text=True)
    if done.returncode:
        fail(done.stderr)
    ledger = json.loads(done.stdout)
    wait_for("everything has arrived", lambda: len(listener.messages) >= ledger["published"])
    time.sleep(1)
    listener.stop()
    return listener.messages


def ours(sonde, folder, broker):
    """What the fleet publishes, as pysparkplug reads it with its births, and as it is in JSON."""
    wanted = set()
    for _, payload in simulated(sonde, folder, broker, "canonical", ["devices/#"]):
        message = json.loads(payload)
        wanted |= {(message["device"], sensor, message["ts"], value) for sensor, value in message["values"].items()}
    births, numbers, connections, deaths, found = {}, {}, {}, {}, set()
    for topic, payload in simulated(sonde, folder, broker, "sparkplug", [psp_topic + "/#" for psp_topic in ["spBv1.0"]]):
        parts = topic.split("/")
        kind, node, device = parts[2], parts[3], (parts[4:] or [None])[0]
        raw = pb.Payload.FromString(payload)
        if kind != "NDEATH":
            if raw.seq != (0 if kind == "NBIRTH" else (numbers[node] + 1) % 256):
                fail(f"{topic}: after the sequence number {numbers.get(node)} comes {raw.seq}")
            numbers[node] = raw.seq
        if kind == "NBIRTH":
            birth = psp.NBirth.decode(payload)
            connections[node] = next(m.value for m in birth.metrics if m.name == "bdSeq")
            if not any(m.name == "Node Control/Rebirth" for m in birth.metrics):
                fail("the birth of a node has no Node Control/Rebirth")
        elif kind == "DBIRTH":
            births[device] = psp.DBirth.decode(payload)
        elif kind == "DDATA":
            data = psp.DData.decode(payload, birth=births[device])
            found |= {(device, m.name.replace("/", "."), m.timestamp, m.value) for m in data.metrics}
        elif kind == "NDEATH":
            deaths[node] = psp.NDeath.decode(payload).bd_seq_metric.value
        else:
            fail(f"{topic} is not expected")
    if found != wanted:
        fail(f"of ours: {len(found)} and {len(wanted)}: {sorted(found ^ wanted)[:5]}")
    if deaths != connections or len(deaths) != 2:
        fail(f"births have the connections {connections}, deaths {deaths}")
    print(f"sonde → pysparkplug: {len(found)} readings of 6 devices and 2 nodes, to the last bit")


def main():
    sonde = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(folder)
        ingestion = None
        try:
            ingestion = Ingestion(sonde, broker, folder, "--rebirth", "ask")
            theirs_pysparkplug(broker, ingestion)
            theirs_wrapper(broker, ingestion)
            rebirth(broker, ingestion)
            before = ingestion.readings()
            ingestion.stop(signal.SIGKILL)
            ingestion.start()
            if ingestion.readings() != before:
                fail("a restart has changed what is stored")
            ours(sonde, folder, broker)
        finally:
            if ingestion:
                ingestion.stop()
            broker.stop()


if __name__ == "__main__":
    main()
