"""Work done in a child process with limits: no network, no new file, bounded memory and time.

`client.py` is the caller's side, `child.py` the side of the server and of the children that it forks.
"""
