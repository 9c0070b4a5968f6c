// Pages that write in one draft, driven line by line: see test_together.py. {page, do, …} in, an answer out.
import { createInterface } from "node:readline";
import { Draft } from "./web/static/js/desk/draft.js";

const pages = new Map();
const ACTS = {
  open: ({ source }, page) => pages.set(page, new Draft(source)) && null,
  reload: (_, page) => {
    const { source } = pages.get(page);
    pages.set(page, new Draft(source, JSON.parse(JSON.stringify(pages.get(page).toJson()))));
    return null;
  },
  type: ({ block, field, text }, page) => pages.get(page).type(block, field, text),
  put: ({ list, id, after, kind, texts }, page) => pages.get(page).put(list, id, after, kind, { texts }),
  remove: ({ block }, page) => pages.get(page).remove(block),
  move: ({ block, after }, page) => pages.get(page).move(block, after),
  set: ({ block, field, value }, page) => pages.get(page).set(block, field, value),
  undo: (_, page) => pages.get(page).undo(),
  redo: (_, page) => pages.get(page).redo(),
  next: (_, page) => pages.get(page).next(),
  again: (_, page) => pages.get(page).again(),
  hear: ({ message }, page) => pages.get(page).hear(message),
  refused: ({ number }, page) => pages.get(page).refused(number),
  see: (_, page) => {
    const draft = pages.get(page);
    const lists = Object.fromEntries(Object.keys(draft.shape.lists).map((name) => [name, draft.standing(name)]));
    const texts = Object.fromEntries([...draft.pads].filter(([, pad]) => pad.text).map(([name, pad]) => [name, pad.text]));
    const values = Object.fromEntries(Object.entries(draft.shape.items).map(([id, item]) => [id, item.values]));
    return { lists, texts, values, pending: draft.pending };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { page, act, ...given } = JSON.parse(line);
  console.log(JSON.stringify(ACTS[act](given, page) ?? null));
}
