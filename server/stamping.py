"""Issues what only waited for a time-stamp, or for a word about its certificates, as soon as there is one."""

import structlog

from minutes.errors import NoStatus, NoTimeStamp, Refused, SigningFailed
from server.records import Records

log = structlog.get_logger("giaoban.stamping")


async def stamp_waiting(records: Records) -> int:
    """Try to issue everything that waits; how many were. A service that fails is not asked for the rest."""
    done = 0
    for document_id in await records.waiting_for_a_stamp():
        try:
            await records.stamp(document_id)
            done += 1
        except NoTimeStamp:
            break
        except NoStatus as error:
            log.warning("a sealed document waits", document=document_id, reason=str(error.reason))
        except SigningFailed as error:
            log.error("a sealed document cannot be issued", document=document_id, reason=str(error.reason))
        except Refused:
            continue  # somebody was faster
    return done
