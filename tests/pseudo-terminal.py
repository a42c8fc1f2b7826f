"""Runs a command in a pseudo-terminal, for tests/pseudo-terminal.ts.

    python3 pseudo-terminal.py ROWS COLUMNS COMMAND [ARGUMENT...]

Standard input has one JSON object in a line: {"keys": TEXT}, {"signal": NUMBER}, {"rows": N, "columns": N}.
Its end ends the command. Standard output has what the terminal shows, byte for byte. The last line of standard error is
a JSON object: how the command ended, and in which state it left the terminal.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(command, terminal_name):
    """The command as leader of a session of its own, whose terminal this is. Returns when it runs."""
    still_us, closed_by_exec = os.pipe()  # Python closes both ends when another program takes over.
    child = os.fork()
    if child == 0:
        os.setsid()
        terminal = os.open(terminal_name, os.O_RDWR)  # The first one that a session opens becomes its terminal.
        for stream in (0, 1, 2):
            os.dup2(terminal, stream)
        try:
            os.execvp(command[0], command)
        except OSError as reason:
            os.write(2, f"{command[0]}: {reason}\n".encode())
            os._exit(127)
    os.close(closed_by_exec)
    os.read(still_us, 1)
    return child


def obey(line, child, master):
    wish = json.loads(line)
    if "keys" in wish:
        os.write(master, wish["keys"].encode())
    elif "signal" in wish:
        os.kill(child, wish["signal"])
    else:
        resize(master, wish["rows"], wish["columns"])  # The kernel sends SIGWINCH.


def show_what_is_there(master):
    """False where there is nothing more at the moment."""
    ready, _, _ = select.select([master], [], [], 0)
    if not ready:
        return False
    os.write(1, os.read(master, 65536))
    return True


def run(child, master):
    """Hands keys and output through until the command has ended. Returns its wait status."""
    wishes = b""
    inputs = [0, master]
    while True:
        ready, _, _ = select.select(inputs, [], [], 0.02)
        if master in ready:
            os.write(1, os.read(master, 65536))
        if 0 in ready:
            more = os.read(0, 65536)
            if not more:  # The test is gone.
                inputs.remove(0)
                os.killpg(child, signal.SIGKILL)
            *lines, wishes = (wishes + more).split(b"\n")
            for line in lines:
                obey(line, child, master)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            while show_what_is_there(master):
                pass
            return status


def main():
    rows, columns, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    master, slave = pty.openpty()  # The slave stays open here, so that its state can be asked for at the end.
    resize(master, rows, columns)
    status = run(start(command, os.ttyname(slave)), master)
    modes = termios.tcgetattr(slave)[3]
    ended = {
        "exitCode": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None,
        "isCanonical": bool(modes & termios.ICANON),
        "isEchoing": bool(modes & termios.ECHO),
    }
    sys.stderr.write(json.dumps(ended) + "\n")


main()
