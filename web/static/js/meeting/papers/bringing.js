/** Bringing a paper from within the meeting: sent, made into pages by the server, then on everybody's table. */

import { t } from "../../text.js";
import { send } from "../../upload.js";
import { byId, keep, make, say } from "../element.js";

/** @typedef {import("../state.js").State} State */

const EVERY = 1500; // ms

export class Bringing {
  #meeting = "";
  #items = "";
  #looking = false;

  constructor() {
    this.form = /** @type {HTMLFormElement} */ (byId("papers-form"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._send();
    });
  }

  /** @param {State} state */
  render(state) {
    const items = JSON.stringify(state.agenda.items.map((item) => [item.id, item.title]));
    if (items !== this.#items) {
      this.#items = items;
      const choose = byId("papers-item");
      const chosen = choose.value;
      const options = state.agenda.items.map((item) => make("option", { value: item.id }, item.title));
      choose.textContent = "";
      choose.append(make("option", { value: "" }, t("– tài liệu chung –")), ...options);
      choose.value = chosen;
    }
    const meeting = state.meeting?.id ?? "";
    if (meeting === this.#meeting) return;
    this.#meeting = meeting;
    this._look(); // once in each meeting: may we bring papers?
  }

  async _send() {
    const word = byId("papers-word");
    this.form.setAttribute("aria-busy", "true");
    const data = new FormData(this.form);
    data.set("csrf", /** @type {HTMLInputElement} */ (document.querySelector("input[name=csrf]")).value);
    const refused = await send(this._address(), data, (share) => say(word, t("Đã gửi %(share)s %", { share: Math.round(share * 100) })));
    this.form.removeAttribute("aria-busy");
    say(word, refused === "-" ? t("Chưa gửi được vì mất kết nối. Xin thử lại.") : refused);
    if (refused) return;
    this.form.reset();
    this._look();
  }

  _address() {
    return `/meetings/${encodeURIComponent(this.#meeting)}/papers`;
  }

  /** What is on its way, until nothing is. */
  async _look() {
    if (this.#looking || !this.#meeting) return;
    this.#looking = true;
    let busy = true;
    while (busy) {
      const found = await this._ask();
      if (found) busy = this._show(found);
      if (busy) await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
    this.#looking = false;
  }

  async _ask() {
    try {
      const answer = await fetch(this._address(), { cache: "no-store" });
      return answer.ok ? await answer.json() : { may_add: false, pending: [] };
    } catch {
      return null; // the network is away
    }
  }

  /** @param {{may_add: boolean, accepted: string, pending: {id: string, name: string, done: number, of: number, refused: string}[]}} found
   * @returns {boolean} whether something is on its way */
  _show(found) {
    this.form.hidden = !found.may_add;
    byId("papers-file").accept = found.accepted ?? "";
    const create = () => make("li", { class: "paper-line", "data-test": "paper-pending" });
    keep(byId("papers-pending"), found.pending, (one) => one.id, create, (element, one) => {
      const words = { name: one.name, done: one.done, of: one.of };
      const way = one.of ? t("Đang chuẩn bị %(name)s: trang %(done)s/%(of)s", words) : t("Đang chuẩn bị %(name)s…", words);
      say(element, one.refused ? `${one.name}: ${one.refused}` : way);
      element.classList.toggle("refused", Boolean(one.refused));
    });
    return found.pending.some((one) => !one.refused);
  }
}
