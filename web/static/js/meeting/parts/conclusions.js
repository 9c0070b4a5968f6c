/** The conclusions: one line each of what, who, by when. The secretary writes them while the meeting runs. */

import { listed, t } from "../../text.js";
import { byId, keep, make, officeDate, say } from "../element.js";
import { isOpen, may } from "../state.js";

/** @typedef {import("../state.js").State} State */
/** @typedef {import("../state.js").Conclusion} Conclusion */

/** @param {Conclusion} c @returns {string} */
function charge(c) {
  const helpers = listed((c.helpers ?? []).map((one) => one.name));
  return [ordered(c), helpers && t("Phối hợp: %(units)s", { units: helpers })].filter(Boolean).join(". ");
}

/** @param {Conclusion} c @returns {string} */
function ordered(c) {
  const unit = c.owner?.name ?? "";
  const date = officeDate(c.deadline);
  if (unit && date) return t("Giao %(unit)s, thời hạn %(date)s", { unit, date });
  if (unit) return t("Giao %(unit)s", { unit });
  return date ? t("Thời hạn %(date)s", { date }) : "";
}

/** @param {{id: string, name: string}[]} units */
function showUnits(units) {
  const select = byId("conclusion-owner");
  const known = [...select.options].slice(1).map((/** @type {HTMLOptionElement} */ option) => option.value);
  if (known.join() === units.map((unit) => unit.id).join()) return; // leave a choice being made alone
  const chosen = select.value;
  const [none] = select.options;
  select.textContent = "";
  select.append(none, ...units.map((unit) => make("option", { value: unit.id }, unit.name)));
  select.value = chosen;
  const helping = helpers();
  const box = byId("conclusion-helpers");
  box.textContent = "";
  box.append(...units.map((unit) =>
    make("label", { class: "check" }, make("input", { type: "checkbox", value: unit.id }), ` ${unit.name}`)));
  tick(helping);
}

/** @returns {string[]} the ids of the units that are ticked as helping */
function helpers() {
  return [...byId("conclusion-helpers").querySelectorAll("input:checked")].map((box) => box.value);
}

/** @param {string[]} ids */
function tick(ids) {
  for (const box of byId("conclusion-helpers").querySelectorAll("input")) box.checked = ids.includes(box.value);
  byId("conclusion-helping").open = ids.length > 0;
}

class Form {
  /** @type {string | null} the conclusion being corrected */ #edited = null;
  /** @type {string | null} */ #item = null;

  /** @param {(type: string, fields?: object) => Promise<boolean>} act */
  constructor(act) {
    this.act = act;
    byId("conclusion-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this._save();
    });
    byId("conclusion-cancel").addEventListener("click", () => this.clear());
  }

  /** New lines belong to the item that is on. @param {State} state */
  show(state) {
    if (this.#edited === null) this.#item = state.agenda.current;
    else if (!state.conclusions.some((c) => c.id === this.#edited && !c.removed)) this.clear();
  }

  /** @param {Conclusion} c */
  edit(c) {
    this.#edited = c.id;
    this.#item = c.item;
    this._fill(c.text, c.owner?.id ?? "", c.deadline ?? "", t("Lưu sửa đổi"));
    tick((c.helpers ?? []).map((one) => one.id));
    byId("conclusion-cancel").hidden = false;
    byId("conclusion-text").focus();
  }

  clear() {
    this.#edited = null;
    this._fill("", "", "", t("Ghi kết luận"));
    tick([]);
    byId("conclusion-cancel").hidden = true;
  }

  async _save() {
    const fields = {
      ...(this.#edited ? { conclusion: this.#edited } : {}),
      text: byId("conclusion-text").value,
      owner: byId("conclusion-owner").value || null,
      helpers: helpers(),
      deadline: byId("conclusion-deadline").value || null,
      item: this.#item,
    };
    if (await this.act("conclusion.put", fields)) this.clear();
  }

  /** @param {string} text @param {string} owner @param {string} deadline @param {string} label */
  _fill(text, owner, deadline, label) {
    byId("conclusion-text").value = text;
    byId("conclusion-owner").value = owner;
    byId("conclusion-deadline").value = deadline;
    say(byId("conclusion-save"), label);
  }
}

/** @typedef {import("../parts.js").Actions} Actions */
/** @typedef {import("../parts.js").Part} Part */

export const NAME = "conclusions";

/** @param {HTMLElement} _root @param {Actions} actions @returns {Part} */
export function mount(_root, { act }) {
  const form = new Form(act);
  /** @type {State | null} */
  let shown = null;
  const edit = (/** @type {string} */ id) => {
    const found = shown?.conclusions.find((c) => c.id === id);
    if (found) form.edit(found);
  };
  const create = (/** @type {Conclusion} */ c) =>
    make("li", { class: "conclusion", "data-test": "conclusion", "data-conclusion": c.id },
      make("p", { class: "conclusion-words" }), make("p", { class: "conclusion-charge" }),
      make("p", { class: "conclusion-acts" },
        make("button", { type: "button", class: "small", "data-test": "conclusion-edit", onclick: () => edit(c.id) },
          t("Sửa")),
        make("button", { type: "button", class: "small", "data-test": "conclusion-remove",
          onclick: () => act("conclusion.remove", { conclusion: c.id }) }, t("Xóa"))));

  const render = (/** @type {State} */ state) => {
    shown = state;
    const writes = may(state, "conclusion.put") && isOpen(state);
    const lines = state.conclusions.filter((c) => !c.removed);
    byId("conclusion-form").hidden = !writes;
    byId("conclusion-empty").hidden = lines.length > 0;
    showUnits(state.units);
    form.show(state);
    keep(byId("conclusion-list"), lines, (c) => c.id, create, (element, c) => {
      say(element.querySelector(".conclusion-words"), c.text);
      say(element.querySelector(".conclusion-charge"), charge(c));
      element.querySelector(".conclusion-acts").hidden = !writes;
    });
    return { shown: true };
  };
  return { render };
}
