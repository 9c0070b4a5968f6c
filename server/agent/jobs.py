"""What waits at the agent to be seen and signed: at most a few jobs, for some minutes, in memory only."""

import secrets
from dataclasses import dataclass, field

from minutes.signable import Signable
from server.agent.token import TokenCertificate

KEPT = 4
"""Jobs at a time; a further one pushes out the oldest."""
LIFETIME = 1800.0
"""Seconds."""
MAX_FILES = 100


@dataclass
class Job:
    """Files to sign with one certificate. `state`: waiting, signed or refused; `signatures` in order of `files`."""

    id: str
    certificate: TokenCertificate
    files: tuple[Signable, ...]
    until: float
    state: str = "waiting"
    busy: bool = False  # the token is at work on it
    signatures: tuple[bytes, ...] = field(default=(), repr=False)


class Jobs:
    """The jobs by id. An id is the secret that opens its page."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, certificate: TokenCertificate, files: tuple[Signable, ...], now: float) -> Job:
        """A new job that waits."""
        job = Job(secrets.token_urlsafe(18), certificate, files, now + LIFETIME)
        self._purge(now)
        while len(self._jobs) >= KEPT:
            del self._jobs[next(iter(self._jobs))]
        self._jobs[job.id] = job
        return job

    def get(self, job_id: str, now: float) -> Job | None:
        """The job with this id, if it is still there."""
        self._purge(now)
        return self._jobs.get(job_id)

    def forget(self, job_id: str) -> None:
        """Drop a job: its signatures have been collected."""
        self._jobs.pop(job_id, None)

    def _purge(self, now: float) -> None:
        self._jobs = {job_id: job for job_id, job in self._jobs.items() if job.until > now}
