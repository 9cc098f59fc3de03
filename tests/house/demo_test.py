#!/usr/bin/env python3
"""demo_test.py ROOT BUILD: cmake/demo tells its story to the end, and leaves no process and no file behind."""
import os
import pathlib
import subprocess
import sys
import tempfile


def mentions(process, folder):
    """Whether the process was started with words or variables that name the folder."""
    for file in ("cmdline", "environ"):
        try:
            if os.fsencode(folder) in (process / file).read_bytes():
                return True
        except OSError:
            pass  # it has ended meanwhile, or is another user's
    return False


def main(root, build):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # the server runs as another user and must get in
        status = subprocess.run([pathlib.Path(root, "cmake", "demo"), build], check=False, env={**os.environ, "TMPDIR": folder}).returncode
        if status != 0:
            sys.exit(f"the demo ended with {status}")
        left = os.listdir(folder)
        if left:
            sys.exit(f"the demo left {left}")
        processes = [process for process in pathlib.Path("/proc").glob("[0-9]*") if mentions(process, folder + "/spaceca-demo.")]
        if processes:
            sys.exit(f"the demo left {[(process / 'cmdline').read_bytes() for process in processes]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
