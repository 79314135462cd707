"""What was checked, and what was found."""


class Ledger:
    def __init__(self):
        self.checks, self.failed = 0, 0

    def note(self, what, findings):
        """Prints a check. An empty sequence of findings is as it should be."""
        found = list(findings)
        self.checks += 1
        self.failed += bool(found)
        print(f"{'WRONG' if found else 'ok   '} {what}", flush=True)
        for finding in found:
            print(f"      {finding}", flush=True)
