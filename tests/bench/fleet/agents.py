"""hufu-ldapd, many times."""

import pathlib
import subprocess

CONFIG = """[server]
uri = {uri}
base = ou=hufu,dc=finance,dc=example
[bind]
{bind}
[tls]
{tls}[timing]
{timing}"""


class Agent:
    """One hufu-ldapd, for the host whose hufud listens in `run`. Without a certificate it binds by password."""

    def __init__(self, program, folder, run, host, uri, ca, pair=None, password=None, timing=""):
        self.folder, self.host, self.process = pathlib.Path(folder), host, None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "ldapd.conf"
        self.command = [str(program), f"--config={self.config}", f"--feed={run}/feed"]
        tls = f"ca = {ca}\n" + (f"cert = {pair[1]}\nkey = {pair[0]}\n" if pair else "")
        bind = "method = external"
        if password:
            secret = self.folder / "password"
            secret.touch(mode=0o600)
            secret.write_text(password)
            bind = f"method = simple\ndn = cn={host},ou=hosts,ou=hufu,dc=finance,dc=example\npassword-file = {secret}"
        self.config.write_text(CONFIG.format(uri=uri, bind=bind, tls=tls, timing=timing))

    def start(self):
        """Nothing is done if it runs."""
        if self.process and self.process.poll() is None:
            return self
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def stop(self, kill=False):
        if self.process and self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait(20)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")
