"""A small name server on loopback, over UDP and TCP, that answers as a test tells it to."""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Reply = Callable[[dns.message.Message], dns.message.Message | None]
UDP_ROOM = 512


def texts(name: str, *values: str | tuple[str, ...]) -> Reply:
    """TXT records; a tuple is one record in several strings."""

    def reply(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        written = [
            " ".join(f'"{part}"' for part in ((value,) if isinstance(value, str) else value))
            for value in values
        ]
        answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *written))
        return answer

    return reply


def alias(name: str, target: str, *values: str) -> Reply:
    def reply(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"{target}."))
        quoted = [f'"{value}"' for value in values]
        answer.answer.append(dns.rrset.from_text(f"{target}.", 60, "IN", "TXT", *quoted))
        return answer

    return reply


def fails(code: dns.rcode.Rcode) -> Reply:
    def reply(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.set_rcode(code)
        return answer

    return reply


def empty(query: dns.message.Message) -> dns.message.Message:
    """The name exists, without a TXT record."""
    return dns.message.make_response(query)


def silent(_query: dns.message.Message) -> None:
    return None


@dataclass
class Nameserver:
    """Names it knows, and how it answers for each; every other name does not exist."""

    port: int = 0
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    over_tcp: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, *, room: int = 0) -> bytes | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        reply = self.replies.get(name, fails(dns.rcode.NXDOMAIN))(query)
        if reply is None:
            return None
        reply.flags |= dns.flags.RA
        whole = reply.to_wire(max_size=65535)
        if room and len(whole) > room:
            cut = dns.message.make_response(query)
            cut.flags |= dns.flags.TC | dns.flags.RA
            return cut.to_wire()
        return whole


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        answered = self.server.names.answer(wire, room=UDP_ROOM)  # type: ignore[attr-defined]
        if answered is not None:
            sock.sendto(answered, self.client_address)


class _Stream(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        names: Nameserver = self.server.names  # type: ignore[attr-defined]
        names.over_tcp += 1
        (length,) = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))
        answered = names.answer(self.request.recv(length, socket.MSG_WAITALL))
        if answered is not None:
            self.request.sendall(struct.pack("!H", len(answered)) + answered)


@contextmanager
def serving() -> Iterator[Nameserver]:
    """The same port for both transports, as resolvers expect."""
    names = Nameserver()
    udp, tcp = _on_one_port()
    names.port = udp.server_address[1]
    with ExitStack() as stack:
        for server in (udp, tcp):
            server.names = names  # type: ignore[attr-defined]
            stack.enter_context(_running(server))
        yield names


def _on_one_port() -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    """A port that is free for UDP may be in use for TCP; then another one is taken."""
    for _attempt in range(50):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Datagram)
        try:
            return udp, socketserver.ThreadingTCPServer(udp.server_address, _Stream)
        except OSError:
            udp.server_close()
    raise OSError("No port is free for both transports.")


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
