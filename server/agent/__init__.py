"""`giaoban agent`: a small program on the official's own machine that lets one installation use the token in it.

It listens on loopback alone and works for the one origin that it was started with. What is signed, it shows itself,
on a page of its own, and there the PIN is entered: the installation's page never sees it, and gets raw signatures only.
"""

AGENT_PORT = 8970
"""Where it listens at 127.0.0.1, unless it is told otherwise."""
