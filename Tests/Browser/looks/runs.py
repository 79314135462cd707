"""Runs and live pages as processes. Each is stopped with its block, by its own number."""
import os
import re
import signal
import subprocess
import threading
import time

# How long a process has to say where it is, and to end, in seconds.
PATIENCE = 300


class RunFault(Exception):
    """A program of ours did not do what it is to do."""


class Program:
    """A process, what it says line by line, and the first address in it."""

    def __init__(self, command):
        self.said, self.address = [], None
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            found = re.search(r"http://[\w.:\[\]]+/", line)
            if found and not self.address:
                self.address = found[0]

    def __enter__(self):
        return self

    def __exit__(self, *trouble):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for_address(self):
        deadline = time.monotonic() + PATIENCE
        while not self.address:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RunFault("there is no live page: " + " · ".join(self.said[-5:]))
            time.sleep(0.05)
        return self.address

    def end(self, code, by=None):
        """Waits until it has ended, after the signal `by`; throws where that is not with `code`."""
        if by is not None:
            self.process.send_signal(by)
        try:
            ended = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise RunFault(f"the run has not ended within {PATIENCE} s: " + " · ".join(self.said[-5:])) from None
        if ended != code:
            raise RunFault(f"the run has ended with {ended}, and not with {code}: " + " · ".join(self.said[-5:]))


class WatchedRun(Program):
    """`sonde run --view`. Its page is a process of its own that outlives the run; it is stopped with the block, too."""

    def __init__(self, sonde, scenario, folder, *arguments):
        super().__init__([sonde, "run", scenario, "--out", folder, "--view", *arguments])
        self.folder, self.page = folder, None

    def wait_for_address(self):
        address = super().wait_for_address()
        self.page = self.child("view")
        return address

    def child(self, command):
        """The number of the process that this one has started with `command` for the run's folder."""
        for number in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{number}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
            if parent == self.process.pid and self.words(number)[1:3] == [command, self.folder]:
                return int(number)
        return None

    @staticmethod
    def words(number):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                return [word.decode(errors="replace") for word in file.read().split(b"\0")]
        except OSError:
            return []

    def __exit__(self, *trouble):
        super().__exit__(*trouble)
        # Numbers are given again: it has to be what it was.
        if self.page and self.words(self.page)[1:3] == ["view", self.folder]:
            os.kill(self.page, signal.SIGTERM)


class View(Program):
    """`sonde view`."""

    def __init__(self, sonde, folder):
        super().__init__([sonde, "view", folder])


def run(sonde, scenario, folder, code=0, *arguments):
    """A run that nobody watches."""
    with Program([sonde, "run", scenario, "--out", folder, *arguments]) as program:
        program.end(code)


def report_again(sonde, folder):
    """`sonde report`."""
    ended = subprocess.run([sonde, "report", folder], capture_output=True, text=True, timeout=PATIENCE)
    if ended.returncode:
        raise RunFault(f"sonde report has ended with {ended.returncode}: {ended.stderr.strip()}")
