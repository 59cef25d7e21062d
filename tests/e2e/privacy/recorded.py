"""Insyn with a tape between its halves: every byte that goes to Rasa and comes from it is kept."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path

from tests.fixtures.apart import Apart
from tests.fixtures.system import free_ports


class Relay:
    """Passes connections to `port` on to `target`; `tape` holds what went either way, a bytearray a connection and way."""

    def __init__(self, target: int) -> None:
        self.tape: list[bytearray] = []
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                near.close()  # as a port that nothing listens to
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        heard = bytearray()
        self.tape.append(heard)
        try:
            while chunk := source.recv(65536):
                heard += chunk
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one side has hung up


class Recorded(Apart):
    """Service and Rasa that reach each other through relays only."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._rasa_port = free_ports(1)[0]
        self.to_rasa = Relay(self._rasa_port)
        self.to_actions = Relay(self.ports["INSYN_ACTION_PORT"])
        self.env["INSYN_RASA_PORT"] = str(self.to_rasa.port)

    def stop(self) -> None:
        super().stop()
        self.to_rasa.close()
        self.to_actions.close()

    def _begin(self, command: list[str]) -> subprocess.Popen[bytes]:
        ours = self.env
        if "rasa" in command:
            self.env = {**ours, "INSYN_RASA_PORT": str(self._rasa_port), "INSYN_ACTION_PORT": str(self.to_actions.port)}
        try:
            return super()._begin(command)
        finally:
            self.env = ours
