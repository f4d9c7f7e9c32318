"""What a greeter says to greetd, the display manager, over its socket. Run in a box: greeter.py ACCOUNT PASSWORD COMMAND..."""

import glob
import json
import socket
import struct
import sys


def ask(connection, request):
    body = json.dumps(request).encode()
    connection.sendall(struct.pack("=I", len(body)) + body)
    size = struct.unpack("=I", connection.recv(4, socket.MSG_WAITALL))[0]
    return json.loads(connection.recv(size, socket.MSG_WAITALL))


def log_in(connection, account, password, command):
    """`success` once the session is due to start; else what the display manager answered. Everything said on the way is printed."""
    answer = ask(connection, {"type": "create_session", "username": account})
    while answer["type"] == "auth_message":
        print(answer["auth_message"])
        reply = password if answer["auth_message_type"] in ("secret", "visible") else None
        answer = ask(connection, {"type": "post_auth_message_response", "response": reply})
    if answer["type"] == "success":
        answer = ask(connection, {"type": "start_session", "cmd": command, "env": []})
    return answer


if __name__ == "__main__":
    [path] = glob.glob("/run/greetd-*.sock")
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(path)
        result = log_in(made, sys.argv[1], sys.argv[2], sys.argv[3:])
        print(json.dumps(result))
        # A session that is not wanted any more: the next one could not be made otherwise.
        if result["type"] != "success":
            ask(made, {"type": "cancel_session"})
        sys.exit(result["type"] != "success")
