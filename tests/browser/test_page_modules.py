"""What the room's page decides without a page: how pictures share the stage, and what is said of the line."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.test_room_page import STATIC, modules

__all__ = ["modules"]


async def run(page: Page, body: str, **values: Any) -> Any:
    script = f"""async (v) => {{
      const load = (name) => import(`/static/js/meeting/${{name}}.js`);
      const {{ arrange, paged }} = await load("layout");
      const {{ grade, measure }} = await load("linecheck");
      const {{ level, Quality }} = await load("quality");
      const {{ takeSeat, keepSeat }} = await load("seat");
      {body}
    }}"""
    return await page.evaluate(script, json.loads(json.dumps(values)))


async def arranged(page: Page, *stages: tuple[int, int, int, bool]) -> list[dict[str, Any]]:
    body = "return v.stages.map(([width, height, count, large]) => arrange({ width, height, count, large }))"
    plans: list[dict[str, Any]] = await run(page, body, stages=stages)
    return plans


async def test_every_tile_of_a_grid_can_be_read_and_the_rest_is_a_page_away(modules: Page) -> None:
    stages = [(w, h, n, False) for w in (340, 700, 1100, 1900) for h in (300, 600, 1000) for n in (1, 2, 5, 13, 60)]
    for (width, height, count, _), plan in zip(stages, await arranged(modules, *stages), strict=True):
        columns, rows, per = plan["columns"], plan["rows"], plan["per"]
        assert per <= min(count, 25)
        assert columns * rows >= per > columns * (rows - 1), "no row is empty"
        tile = min((width - 6 * (columns - 1)) / columns, ((height - 6 * (rows - 1)) / rows) * 16 / 9)
        assert tile >= 136 or per == 1, (width, height, count)


async def test_the_strip_goes_where_there_is_room_and_gives_way_where_there_is_none(modules: Page) -> None:
    sizes = (340, 560, 9), (340, 150, 9), (900, 680, 9), (1600, 700, 9), (900, 680, 0)
    phone, sheet_open, laptop, wide, alone = await arranged(modules, *((*size, True) for size in sizes))
    assert (phone["kind"], laptop["kind"], wide["kind"]) == ("below", "below", "beside")
    assert (sheet_open["kind"], sheet_open["per"], alone["kind"]) == ("single", 0, "single")
    assert phone["per"] >= 2
    assert laptop["per"] > phone["per"]


async def test_a_grid_beside_a_paper_has_more_and_larger_faces_than_a_strip_and_leaves_the_paper_half(
    modules: Page,
) -> None:
    body = "return [false, true].map((even) => arrange({ width: 840, height: 630, count: 19, large: true, even }))"
    strip, grid = await run(modules, body)
    assert (strip["kind"], strip["rows"]) == ("below", 1)
    assert (grid["kind"], grid["columns"]) == ("beside", 2)
    assert grid["per"] > strip["per"]
    assert grid["strip"] >= 136
    assert grid["columns"] * (grid["strip"] + 6) <= 840 / 2
    (upright,) = await run(modules, "return [arrange({ width: 340, height: 500, count: 9, large: true, even: true })]")
    assert upright["kind"] == "below"


async def test_a_strip_keeps_a_place_for_turning_it_only_where_not_all_faces_fit(modules: Page) -> None:
    five, six, many = await arranged(modules, *((900, 680, count, True) for count in (5, 6, 19)))
    assert five["per"] == 5
    assert six["per"] == many["per"] == 4


async def test_the_page_that_is_gone_becomes_the_last(modules: Page) -> None:
    body = "return v.asked.map((given) => paged(...given))"
    first, last, gone, none = await run(modules, body, asked=[(13, 5, 0), (13, 5, 2), (6, 5, 7), (3, 0, 4)])
    assert (first["from"], first["to"], first["pages"]) == (0, 5, 3)
    assert (last["from"], last["to"]) == (10, 13)
    assert (gone["page"], gone["from"], gone["to"]) == (1, 5, 6)
    assert (none["pages"], none["to"]) == (1, 0)


@pytest.mark.parametrize(
    ("down", "up", "delay", "said"),
    [(50_000, 20_000, 20, "good"), (50_000, 20_000, 600, "fair"), (50_000, 1500, 20, "fair"), (50_000, 300, 20, "weak"),
     (90, 5000, 20, "voice")],
)  # fmt: skip
async def test_the_weaker_direction_decides_what_a_line_is_good_for(
    modules: Page, down: int, up: int, delay: int, said: str
) -> None:
    assert await run(modules, "return grade(v.line)", line={"down": down, "up": up, "delay": delay}) == said


async def test_a_server_that_is_not_reached_is_said_and_a_check_that_is_ended_says_nothing(modules: Page) -> None:
    body = """
      const ended = new AbortController();
      const asked = measure("/none", ended.signal).catch((error) => error.name);
      ended.abort();
      return [await asked, await measure("/none", new AbortController().signal), grade(null)];"""
    assert await run(modules, body) == ["AbortError", None, "none"]


async def test_one_bad_second_is_no_bad_line_and_a_good_one_has_to_last(modules: Page) -> None:
    body = """
      const quality = new Quality();
      const measures = { available: 2e6, delay: 30, lostUp: 0, lostDown: 0 };
      return v.losses.map((lostDown) => {
        quality.look({ ...measures, lostDown }, { camera: true, watched: 0, moving: 0 });
        return quality.level;
      });"""
    levels = await run(modules, body, losses=[0, 0.3, 0, 0.3, 0.3, 0.3, 0, 0, 0, 0, 0, 0, 0])
    assert levels == ["good"] * 5 + ["weak"] * 6 + ["good"] * 2


async def test_a_starving_voice_takes_the_cameras_share_for_longer_each_time_until_somebody_insists(
    modules: Page,
) -> None:
    body = """
      const quality = new Quality();
      const thin = { available: 30000, delay: 30, lostUp: 0, lostDown: 0 };
      const spans = [];
      for (let look = 0, since = 0, was = false; look < 400; look += 1, since += 1) {
        quality.look(thin, { camera: !quality.starved, watched: 0, moving: 0 });
        if (quality.starved !== was) { spans.push(since); since = 0; was = quality.starved; }
      }
      const held = quality.starved;
      quality.insist();
      const free = quality.starved;
      return [spans, held || free, free, quality.sentence];"""
    spans, _, free, sentence = await run(modules, body)
    assert spans[:6] == [9, 30, 10, 60, 10, 120]
    assert (free, sentence) == (False, "")


async def test_pictures_that_all_stand_still_are_told_as_the_lines_fault_and_one_alone_is_not(modules: Page) -> None:
    body = """
      const quality = new Quality();
      const measures = { available: 2e6, delay: 30, lostUp: 0, lostDown: 0 };
      return v.moving.map((moving) => {
        quality.look(measures, { camera: true, watched: 3, moving });
        return quality.sentence;
      });"""
    said = await run(modules, body, moving=[2, 1, 0, 0, 0, 1])
    assert said == [""] * 4 + ["Đường truyền yếu: đã tắt hình để giữ tiếng.", ""]


async def test_a_second_window_never_takes_the_name_of_one_that_lives(modules: Page) -> None:
    body = """
      const first = await takeSeat("giao-ban");
      keepSeat("giao-ban", { ...first, inside: true });
      const [again, elsewhere] = [await takeSeat("giao-ban"), await takeSeat("another")];
      return [first, again, elsewhere];"""
    first, again, elsewhere = await run(modules, body)
    assert len({seat["page"] for seat in (first, again, elsewhere)}) == 3, "this page still holds the first"
    assert not any(seat["inside"] for seat in (first, again, elsewhere))


async def test_the_late_window_ends_by_the_clock_of_viet_nam_wherever_the_machine_stands(modules: Page) -> None:
    devtools = await modules.context.new_cdp_session(modules)
    await devtools.send("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
    body = """
      const { news } = await load("parts/late");
      const { START } = await load("state");
      return news(START, { ...START, late: { until: "2026-11-30T17:05:00Z", ballots: [] } });"""
    assert await run(modules, body) == ["Nhận ý kiến gửi muộn đến 00:05."]


def test_only_one_place_of_the_pages_makes_a_time_of_day() -> None:
    local = re.compile(r"toLocale(Time|Date)String|\.get(Hours|Minutes|Date)\(|DateTimeFormat")
    assert [path.name for path in STATIC.rglob("js/**/*.js") if local.search(path.read_text())] == ["element.js"]
