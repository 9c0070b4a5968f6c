// Three pages write in one text over bad lines: see test_notes.py. Says "ok", or throws.
import { apply, difference, points, shortest, transform } from "./web/static/js/meeting/delta.js";
import { Pad } from "./web/static/js/meeting/pad.js";

let seed = 7;
const below = (n) => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed % n;
};
const ABC = points("abcđệ😀 \n");

/** Any change of a text. */
function someChange(text) {
  const parts = [];
  let left = points(text).length;
  while (left > 0) {
    if (below(3) === 0) parts.push(ABC[below(8)] + ABC[below(8)]);
    const count = 1 + below(left);
    parts.push(below(2) ? count : -count);
    left -= count;
  }
  return shortest([...parts, below(2) ? ABC[below(8)] : ""]);
}

for (let i = 0; i < 5000; i += 1) {
  const text = Array.from({ length: below(8) }, () => ABC[below(8)]).join("");
  const [a, b] = [someChange(text), someChange(text)];
  const one = apply(apply(text, a), transform(b, a, false));
  if (one !== apply(apply(text, b), transform(a, b, true))) throw new Error(JSON.stringify([text, a, b]));
  if (apply(text, difference(text, one)) !== one) throw new Error(JSON.stringify([text, one]));
}

/** As rooms/topics/notes.py. */
class Server {
  constructor() {
    this.text = "";
    this.changes = [];
    this.written = {};
  }

  edit({ revision, delta, source, number }) {
    if ((this.written[source] ?? -1) >= number) return;
    const merged = this.changes.slice(revision)
      .reduce((mine, earlier) => transform(mine, earlier.delta, source < earlier.source), delta);
    this.text = apply(this.text, merged);
    this.changes.push({ delta: merged, by: source, source, number });
    this.written[source] = number;
  }
}

class Line {
  constructor(server, source) {
    this.server = server;
    this.pad = new Pad("a1", source);
    this.known = 0;
    this.waiting = [];
    this.up = true;
  }

  type(mark) {
    const letters = points(this.pad.text);
    letters.splice(below(letters.length + 1), 0, mark);
    this.pad.type(letters.join(""));
  }

  send() {
    const message = this.pad.next();
    if (message) this.waiting.push(message);
  }

  deliver() {
    if (!this.up) return;
    if (this.waiting.length > 0) this.server.edit(this.waiting.shift());
    const { changes } = this.server;
    if (this.known < changes.length) this.pad.hear({ id: "a1", revision: changes.length, changes: changes.slice(this.known) });
    this.known = changes.length;
  }

  drop() {
    this.up = false;
    if (below(2)) this.waiting = []; // lost on the way; else it still arrives, but is not answered
    for (const message of this.waiting) this.server.edit(message);
  }

  comeBack() {
    this.up = true;
    this.waiting = [];
    const { text, changes, written } = this.server;
    if (below(2)) this.pad = new Pad("a1", this.pad.source, JSON.parse(JSON.stringify(this.pad.toJson()))); // loaded anew
    this.pad.hear({ id: "a1", text, revision: changes.length, written: { ...written } });
    this.known = changes.length;
    const message = this.pad.again();
    if (message) this.waiting.push(message);
  }
}

for (let run = 0; run < 300; run += 1) {
  const server = new Server();
  const lines = ["p", "q", "r"].map((source) => new Line(server, source));
  let typed = 0;
  const mark = (number) => String.fromCodePoint(0x4e00 + number);
  for (let step = 0; step < 120; step += 1) {
    const line = lines[below(3)];
    const what = below(8);
    if (what < 3) line.type(mark(typed++));
    else if (what < 5) line.send();
    else if (what < 7) line.deliver();
    else if (line.up) line.drop();
    else line.comeBack();
  }
  for (const line of lines.filter((one) => !one.up)) line.comeBack();
  for (let step = 0; step < 60; step += 1) for (const line of lines) {
    line.send();
    line.deliver();
  }
  for (const { pad } of lines) if (pad.text !== server.text || pad.pending) throw new Error(`run ${run}: not one text`);
  for (let number = 0; number < typed; number += 1) {
    const count = server.text.split(mark(number)).length - 1;
    if (count !== 1) throw new Error(`run ${run}: a character is there ${count} times`);
  }
}
console.log("ok");
