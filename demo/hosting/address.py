"""Whether the app can be served where it is asked to, told before anything that takes long."""

import errno
import socket
import sys

_REASONS = {
    errno.EADDRINUSE: "port {port} is in use; stop what runs there, or choose another with --port",
    errno.EACCES: "port {port} is not for this user; choose one from 1024 on with --port",
    errno.EADDRNOTAVAIL: "{host} is no address of this machine; --host takes 127.0.0.1, 0.0.0.0 for all, or its own",
}


def why_not_served(host: str, port: int | None) -> str:
    """Why nothing can listen on this host and port, in a sentence, "" if it can; port None: any that is free."""
    try:
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        found = socket.getaddrinfo(bare, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            if sys.platform != "win32":  # where it would let two servers share a port
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except (socket.gaierror, UnicodeError):
        return f"the host {host} is unknown; --host takes 127.0.0.1, 0.0.0.0 for all, or a name of this machine"
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, "nothing can listen on {host}, port {port} ({error})")
        return reason.format(host=host, port=port, error=error.strerror or error)
    return ""
