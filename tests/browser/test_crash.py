"""kill -9 right after a result was announced: the meeting resumes with it and everybody comes back by themselves."""

import json
import sqlite3

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule, sees_and_hears, state
from tests.installation import Installation

BACK = """(others) => {
  const state = window.giaoban.state();
  return state.meeting.state === "open" && others.every((id) =>
    state.participants.some ? state.participants.some((p) => p.id === id && p.connected)
                            : state.participants[id]?.connected);
}"""


async def test_an_announced_vote_survives_kill_9_and_people_rejoin_by_themselves(
    installation: Installation, signed_in: Open
) -> None:
    secretary = await signed_in("binh")
    await schedule(secretary, installation.url, title="Họp khẩn", agenda=["Nội dung một"], communes=["ta-nang"])
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    chair, delegate = await signed_in("hanh"), await signed_in("dung")
    for page in (chair, delegate):
        await enter(page, room_url)
    await chair.click(hook("open-meeting"))
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), "Thông qua phương án ứng phó?")
    await chair.click(hook("vote-open"))
    await delegate.click(hook("vote-for"))
    await chair.wait_for_function("() => window.giaoban.state().vote.cast === 1")
    await chair.click(hook("vote-close"))
    await delegate.wait_for_function("() => window.giaoban.state().vote.state === 'closed'")
    installation.kill()

    announced = (await state(delegate))["vote"]
    with sqlite3.connect(installation.data / "giaoban.sqlite3") as database:
        kept = [json.loads(data) for (data,) in database.execute("SELECT data FROM fact WHERE kind = 'vote_closed'")]
    assert [fact["vote"] for fact in kept] == [announced["id"]], "announced, so it must be on disk"

    installation.start()
    for page, other in ((chair, "dung"), (delegate, "hanh")):
        await page.wait_for_function(BACK, arg=[other])
        assert (await state(page))["vote"]["tally"] == announced["tally"]
    await sees_and_hears(chair, ["dung"])
    await sees_and_hears(delegate, ["hanh"])
