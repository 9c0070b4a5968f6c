"""What stands before the fake camera and microphone: hard to encode and never silent, as bad lines deserve; seeded."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 48000  # samples a second
SPEECH_SECONDS = 10
WIDTH, HEIGHT, FRAMES, FRAME_RATE = 1280, 720, 30, 15
GRAIN = 6  # standard deviation of what no encoder can foresee, of 255


@dataclass(frozen=True)
class Scene:
    """The files that browsers take for their devices; they read them as long as they run."""

    speech: Path
    picture: Path

    @classmethod
    def make(cls, folder: Path) -> "Scene":
        return cls(speech(folder / "speech.wav"), picture(folder / "picture.y4m"))


def speech(file: Path) -> Path:
    """A voice that never falls silent for long: harmonics of a wandering pitch, four syllables a second.

    Only where there is always sound does every concealed sample count as one that was heard.
    """
    time = np.arange(RATE * SPEECH_SECONDS) / RATE
    pitch = 130 + 15 * np.sin(2 * np.pi * 0.3 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    rng = np.random.default_rng(7)
    voice = sum(np.sin(n * phase + rng.uniform(0, 6)) / n for n in range(1, 20))
    samples = voice * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples / np.abs(samples).max() * 16000).astype("<i2").tobytes())
    return file


def picture(file: Path) -> Path:
    """A landscape that passes by, with grain: two seconds of 720p in YUV4MPEG2 that join into a loop.

    An encoder spends all that it may on it; Chromium's own test picture fits into 110 kbit/s.
    """
    rng = np.random.default_rng(7)
    spectrum = np.fft.rfft2(rng.normal(size=(HEIGHT, WIDTH)))
    distance = np.hypot(*np.meshgrid(np.fft.rfftfreq(WIDTH), np.fft.fftfreq(HEIGHT)))
    landscape = np.fft.irfft2(spectrum / np.maximum(distance, 1 / WIDTH), s=(HEIGHT, WIDTH))  # 1/f, as nature has it
    landscape = 128 + 45 * landscape / landscape.std()
    colour = np.full(WIDTH * HEIGHT // 4, 128, np.uint8).tobytes() * 2
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAME_RATE}:1 Ip A1:1 C420\n".encode())
        for number in range(FRAMES):
            shifted = np.roll(landscape, number * WIDTH // FRAMES // 4 * 4, axis=1)
            frame = np.clip(shifted + rng.normal(scale=GRAIN, size=shifted.shape), 0, 255).astype(np.uint8)
            out.write(b"FRAME\n" + frame.tobytes() + colour)
    return file
