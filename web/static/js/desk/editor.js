/** The editor of a draft. Without this script the form of the page does the same, but for one person at a time. */

import { byId, keep, say } from "../meeting/element.js";
import { listed, t } from "../text.js";
import { adders } from "./adders.js";
import { annex } from "./annex.js";
import { body, frame, refresh, refreshValues } from "./blocks.js";
import { Draft } from "./draft.js";
import { Fields } from "./fields.js";
import { grid, refreshGrid } from "./grid.js";
import { BEAT, Kept } from "./kept.js";
import { listen } from "./keys.js";
import { Line } from "./line.js";
import { astray, labelled, roman } from "./numbers.js";
import { Pages } from "./pages.js";
import { drawRemarks } from "./remarks.js";

const given = JSON.parse(byId("draft").textContent);
const EVERY = 80; // ms between two sendings at least

const kept = new Kept(given.me, given.id);
const { source } = kept;
const draft = new Draft(source, kept.draft);
const fields = new Fields(draft, changed);
let told = 0;
let waiting = 0;
let here = ""; // the block that the caret is in
let pressed = false;
let people = /** @type {{id: string, name: string, at: string}[]} */ ([]);
let remarks = /** @type {import("./remarks.js").Remark[]} */ ([]);
let noted = ""; // the block that a remark is being written to
let leaving = false;
let shut = false;
let unkept = ""; // why no version can be made of what is written
let storing = 0;

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const line = new Line(`${scheme}//${location.host}/desk/${given.id}/ws?page=${source}`, hear, connected);
const pages = new Pages(given.id, (wanted) => line.send({ type: "look", wanted }));

/** @type {import("./blocks.js").Desk} */
const desk = {
  draft, fields, changed, draw,
  get shut() { return shut; },
  add(list, after, kind, what = {}) {
    const id = `b${Math.random().toString(36).slice(2, 12)}`;
    draft.put(list, id, after, kind, { values: kind === "prose" ? { level: "0" } : {}, ...what });
    draw();
    changed();
    return id;
  },
  drop(block) {
    const { home, kind } = draft.shape.items[block];
    const ids = draft.standing(home);
    if (ids.length === 1 && kind === "column") return;
    const next = ids[ids.indexOf(block) + 1] ?? ids[ids.indexOf(block) - 1];
    draft.remove(block);
    draw();
    changed();
    if (kind === "row" || kind === "column") fields.focus(home.split("/")[0]);
    else if (next) fields.focus(next);
    else adder(home)?.focus();
    desk.say(t("Đã xóa. Ctrl+Z để lấy lại."));
  },
  shift(block, by) {
    const { home } = draft.shape.items[block];
    const ids = draft.standing(home);
    const at = ids.indexOf(block);
    const to = at + by;
    if (to < 0 || to >= ids.length) return;
    draft.move(block, by < 0 ? ids[to - 1] ?? null : ids[to]);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    draw();
    focused?.focus();
    changed();
    desk.say(t("Đã chuyển đến vị trí %(place)s.", { place: to + 1 }));
  },
  say(words) { say(byId("said"), words); },
  takeBack(forward) {
    const block = forward ? draft.redo() : draft.undo();
    if (block === null) return;
    draw();
    fields.drawAll();
    changed();
    fields.focus(block);
  },
  remark(block) {
    noted = block;
    byId("remark-text").value = "";
    byId("remark-dialog").showModal();
  },
};

// --- drawing

/** @param {string} list */
const adder = (list) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-adder="${list}"] button`));

/** The numbers of a part's blocks, as they will be printed. @param {any} part @param {string[]} ids */
function labels(part, ids) {
  if (part.name === "annexes") {
    let count = 0;
    const several = ids.filter((id) => !draft.text(id, "name").trim()).length > 1;
    return ids.map((id) => (several && !draft.text(id, "name").trim() ? roman(count += 1) : ""));
  }
  if (part.name === "body") return labelled(ids.map((id) => ({ kind: draft.shape.items[id].kind, level: draft.value(id, "level") })));
  if (part.name === "conclusions" || part.name === "course" || part.name === "agenda") return ids.map((_, at) => `${at + 1}.`);
  return ids.map(() => (part.name === "recipients" ? "-" : ""));
}

function draw() {
  for (const part of given.parts) {
    const list = byId(`list-${part.name}`);
    if (!part.single) drawList(list, part, part.name);
    else keep(list, draft.standing(part.name), (id) => id, (id) => {
      const made = body(desk, id, draft.shape.items[id].kind);
      made.dataset.block = id;
      made.querySelector("textarea, select")?.setAttribute("aria-label", part.label);
      return made;
    }, (element, id) => refreshValues(desk, element, id));
  }
  fields.tidy();
  drawPeople();
  drawNoted();
  status();
}

/** @param {HTMLElement} list @param {any} part @param {string} name of the list */
function drawList(list, part, name) {
  const ids = draft.standing(name);
  const numbers = labels(part, ids);
  const rows = ids.map((id, at) => ({ id, label: numbers[at], place: at + 1 }));
  keep(list, rows, ({ id }) => id, ({ id }) => {
    const { kind } = draft.shape.items[id];
    return frame(desk, id, kind === "table" ? grid(desk, id) : kind === "annex" ? annex(desk, id) : body(desk, id, kind));
  }, (element, { id, label, place }) => {
    const { kind } = draft.shape.items[id];
    refresh(desk, element, id, label, kind === "line" ? `${part.label} ${place}` : "");
    if (kind === "table") refreshGrid(desk, element, id);
    if (kind === "annex") drawList(element.querySelector("ol"), { name: "body", label: part.label }, `${id}/body`);
  });
}

function drawPeople() {
  const others = people.filter((one) => one.id !== source);
  say(byId("others"), others.length ? t("Cùng soạn: %(names)s", { names: listed([...new Set(others.map((one) => one.name))]) }) : "");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#editing [data-block]"))) {
    const names = others.filter((one) => one.at === element.dataset.block).map((one) => one.name);
    element.classList.toggle("taken", names.length > 0);
    const badge = /** @type {HTMLElement | null} */ (element.querySelector(":scope > .tools > .here"));
    if (!badge) continue;
    badge.hidden = names.length === 0;
    say(badge, names.length ? t("%(names)s đang ở đây", { names: listed(names) }) : "");
  }
}

function drawNoted() {
  for (const list of document.querySelectorAll("#editing ul.remarks")) {
    const block = /** @type {HTMLElement} */ (list.closest("[data-block]")).dataset.block;
    drawRemarks(list, remarks.filter((one) => one.block === block), (remark) => line.send({ type: "resolve", remark }));
  }
}

/** The recipients that point to an article which is not there (yet), as the page of the document says it too. */
function drawAstray() {
  const notice = document.getElementById("astray");
  if (!notice) return;
  const body = given.parts.find((/** @type {any} */ part) => part.name === "body");
  const lines = draft.standing("recipients").map((id) => draft.text(id, "text"));
  const wrong = astray(lines, labels(body, draft.standing("body")));
  say(notice, wrong.map((line) => t("Nơi nhận ghi “%(line)s” nhưng văn bản không có điều đó; xin sửa nơi nhận.", { line })).join(" "));
  notice.hidden = wrong.length === 0;
}

function status() {
  const words = shut
    ? t("Văn bản đã được trình hoặc đang ký, không sửa được nữa.")
    : !line.open
      ? t("Mất kết nối; phần vừa gõ được giữ trên máy này và sẽ lưu khi nối lại, kể cả khi đã đóng trang.")
      : unkept
        ? t("%(why)s Phần đã gõ vẫn được giữ trong dự thảo.", { why: unkept })
        : draft.pending ? t("Đang lưu…") : t("Đã lưu.");
  say(byId("status"), words);
  byId("status").dataset.state = shut ? "shut" : !line.open ? "off" : unkept ? "unkept" : draft.pending ? "saving" : "saved";
  drawAstray();
  byId("undo").disabled = draft.past.length === 0;
  byId("redo").disabled = draft.future.length === 0;
}

// --- to and from the server

function store(going = false) {
  storing = 0;
  kept.keep(draft.toJson(), draft.pending, going);
}

/** Something was done here. */
function changed() {
  if (!storing) storing = window.setTimeout(() => store(), 150);
  status();
  if (!waiting) waiting = window.setTimeout(send, Math.max(0, EVERY - (Date.now() - told)));
}

function send() {
  waiting = 0;
  if (!line.open || shut) return;
  const operations = draft.next();
  if (operations.length === 0) return;
  told = Date.now();
  line.send({ type: "do", source, operations });
}

/** @type {Record<string, (message: any) => void>} */
const HEARD = {
  welcome(message) {
    shut = !message.open;
    const texts = draft.hear(message);
    if (byId("editing").hidden) begin();
    draw();
    fields.drawAll();
    for (const [block, field, deltas] of texts) fields.draw(block, field, deltas);
    if (shut) return;
    const operations = draft.again();
    if (operations.length) line.send({ type: "do", source, operations });
  },
  done(message) {
    const before = draft.shape;
    for (const [block, field, deltas] of draft.hear(message)) fields.draw(block, field, deltas);
    if (message.changes.some((/** @type {any} */ one) => one.do !== "write" || one.revived.length) || before.items !== draft.shape.items) draw();
    store();
    status();
    if (draft.pending) changed();
  },
  people(message) {
    people = message.people;
    drawPeople();
  },
  refused(message) {
    if (message.code === "behind") line.send({ type: "again" });
    else if (message.number === null) window.setTimeout(() => {
      const operations = draft.again();
      if (line.open && operations.length) line.send({ type: "do", source, operations });
    }, 1000);
    else {
      const block = draft.refused(message.number);
      draw();
      fields.drawAll();
      problem(message.message, block);
    }
    if (message.code === "draft_closed") {
      shut = true;
      status();
    }
  },
  remarks(message) {
    remarks = message.remarks;
    drawNoted();
  },
  preview: (message) => pages.show(message),
  settled(message) {
    if (message.problem) {
      leaving = false;
      byId("status").focus();
    } else if (leaving) location.assign(`/desk/${given.id}`);
  },
  closed() {
    shut = true;
    status();
  },
  version(message) {
    const notice = byId("problem");
    if (notice.textContent === message.problem || (unkept && !message.problem)) notice.hidden = true;
    unkept = message.problem;
    status();
  },
  bye(message) {
    if (message.reason === "elsewhere") {
      line.end();
      problem(t("Dự thảo này đã được mở ở một cửa sổ khác; trang này không lưu nữa. Tải lại trang để soạn tiếp ở đây."));
    }
  },
};

/** @param {any} message */
function hear(message) {
  HEARD[message.type]?.(message);
}

/** @param {boolean} open */
function connected(open) {
  if (open) {
    line.send({ type: "at", block: here });
    pages.again();
  }
  status();
}

/** @param {string} words @param {string} [block] */
function problem(words, block) {
  const notice = byId("problem");
  notice.hidden = false;
  say(notice, words);
  if (block) fields.focus(block);
  else notice.scrollIntoView({ block: "nearest" });
}

// --- the page

function begin() {
  document.getElementById("plain")?.remove();
  document.body.classList.add("wide");
  byId("editing").hidden = false;
  for (const part of given.parts) {
    const bar = document.querySelector(`[data-adder="${part.name}"]`);
    if (bar) bar.append(...adders(desk, part.name, part.name, part.label, part.kinds));
  }
  pages.begin();
}

const editing = byId("editing");
listen(editing, desk, given.parts);
editing.addEventListener("focusin", (/** @type {any} */ event) => {
  here = event.target.closest("[data-block]")?.dataset.block ?? "";
  line.send({ type: "at", block: here });
  if (!pressed) activate();
});
// The tools of the block in hand come and go only when no button is held down: what one has pressed must not move away.
editing.addEventListener("pointerdown", () => { pressed = true; });
for (const end of ["pointerup", "pointercancel", "dragend"]) {
  document.addEventListener(end, () => {
    pressed = false;
    window.setTimeout(activate);
  });
}

function activate() {
  if (!here || pressed) return;
  for (const element of document.querySelectorAll("#editing li.block")) {
    element.classList.toggle("active", /** @type {HTMLElement} */ (element).dataset.block === here);
  }
}
byId("remark-dialog").addEventListener("close", () => {
  const text = byId("remark-text").value.trim();
  if (byId("remark-dialog").returnValue === "yes" && text) line.send({ type: "remark", block: noted, text });
  fields.focus(noted);
});
byId("undo").addEventListener("click", () => desk.takeBack(false));
byId("redo").addEventListener("click", () => desk.takeBack(true));
byId("finish").addEventListener("click", () => {
  leaving = true;
  byId("problem").hidden = true;
  const ask = () => {
    if (!leaving) return;
    if (draft.pending) window.setTimeout(ask, 60);
    else line.send({ type: "settle" });
  };
  ask();
});
window.addEventListener("pagehide", () => {
  send();
  store(true);
});
window.setInterval(() => {
  if (draft.pending) store();
}, BEAT);
window.addEventListener("resize", () => fields.fitAll());
