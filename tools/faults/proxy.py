"""A TCP proxy that can fall silent: a peer that neither answers nor closes, as after a pulled cable."""

import select
import socket
import threading
from contextlib import suppress

CHUNK = 65536


class Proxy:
    """Listens on a port of 127.0.0.1 and passes everything on to `target`, a port of the same machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._frozen: set[socket.socket] = set()
        self._live: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> int:
        """Stop passing data over the present connections, without closing them; new ones work. Returns the number
        frozen."""
        self._frozen |= self._live
        return len(self._frozen)

    def close(self) -> None:
        self._listener.close()
        for side in self._live | self._frozen:
            with suppress(OSError):
                side.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, ValueError), client, socket.create_connection(("127.0.0.1", self.target)) as server:
            self._live.add(client)
            try:
                self._pump(client, server)
            finally:
                self._live.discard(client)  # ValueError: closed meanwhile

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        while True:
            ready, _, _ = select.select([client, server], [], [], 0.2)
            if client in self._frozen:
                threading.Event().wait()  # for ever: no byte, no end
            for side in ready:
                passed = side.recv(CHUNK)
                if not passed:
                    return
                other[side].sendall(passed)
