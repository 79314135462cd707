"""What the benchmarks of ingestion and of the fleet share: a broker of their own, and the processor time of a process."""
import os
import shutil
import socket
import subprocess
import sys
import time


class Broker:
    """mosquitto on a free port of loopback, without limits that would throttle a benchmark."""

    def __init__(self, folder):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        path = os.path.join(folder, f"mosquitto-{self.port}.conf")
        with open(path, "w") as f:
            f.write(
                f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 10000000\n"
                "log_dest none\nset_tcp_nodelay true\n"
            )
        program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            sys.exit("mosquitto is not installed")
        self.process = subprocess.Popen([program, "-c", path])
        for _ in range(500):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit("the broker does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def processor_seconds(process):
    """User and system time of a process that runs, so far."""
    with open(f"/proc/{process.pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
