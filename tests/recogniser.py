"""A recogniser that knows loud from silent: what captions are tested with. See server/captions.py for its two ends.

It says of a voice for how many tenths of a second it has been loud, and when it falls silent, finally. Options make it
misbehave.
"""

import json
import signal
import sys
from array import array

LOUD = 500  # of 32,767, on the average
PIECE = 1600  # samples: a tenth of a second


def say(stream: str, tenths: int, *, final: bool) -> None:
    print(json.dumps({"stream": stream, "text": f"nghe {tenths} nhịp", "final": final}), flush=True)


def main(option: str = "") -> None:
    if option == "dies":
        sys.stdin.buffer.readline()
        return
    if option == "babbles":
        print("not json\n" + json.dumps({"stream": 7}) + "\n[]", flush=True)
    if option == "shouts":
        sys.stdout.write("x" * 1_000_000)
        sys.stdout.flush()
    if option == "sleeps":
        sys.stdin.buffer.readline()
        sys.stdin.buffer.close()
        sys.stdout.flush()
        while True:
            signal.pause()
    sounds: dict[str, array[int]] = {}
    loud: dict[str, int] = {}
    while line := sys.stdin.buffer.readline():
        head = json.loads(line)
        stream = head["stream"]
        sound = sounds.setdefault(stream, array("h"))
        sound.frombytes(sys.stdin.buffer.read(head["bytes"]))
        while len(sound) >= PIECE:
            piece, sounds[stream] = sound[:PIECE], sound[PIECE:]
            sound = sounds[stream]
            if sum(map(abs, piece)) > LOUD * PIECE:
                loud[stream] = loud.get(stream, 0) + 1
                say(stream, loud[stream], final=False)
            elif loud.get(stream):
                say(stream, loud.pop(stream), final=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
