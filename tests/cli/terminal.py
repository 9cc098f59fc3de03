#!/usr/bin/env python3
"""terminal.py ANSWER… -- COMMAND…: runs a command on a terminal, types an answer at each question, and prints what the screen shows.

A question is what ends without a line feed, with a colon and a blank. "^C" is typed as the key.
"""
import os
import pty
import sys
import time


def main(words):
    at = words.index("--")
    answers, command = words[:at], words[at + 1:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    screen = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        screen += piece
        if screen.endswith(b": ") and answers:
            time.sleep(0.1)  # the echo goes off before the question comes, or is on
            answer = answers.pop(0)
            os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    sys.stdout.write(screen.decode().replace("\r\n", "\n"))
    sys.stdout.flush()
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(sys.argv[1:])
