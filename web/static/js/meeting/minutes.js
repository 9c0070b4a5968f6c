/** The conclusions: one line each of what, who, by when. The secretary writes them while the meeting runs. */

import { t } from "../text.js";
import { byId, keep, make, officeDate, say } from "./element.js";
import { isOpen, may } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Conclusion} Conclusion */

/** @param {Conclusion} c @returns {string} */
function charge(c) {
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
  select.replaceChildren(select.options[0], ...units.map((unit) => make("option", { value: unit.id }, unit.name)));
  select.value = chosen;
}

class Form {
  /** @type {string | null} the conclusion being corrected */ #edited = null;
  /** @type {string | null} */ #item = null;

  /** @param {(type: string, fields?: object) => Promise<boolean>} act */
  constructor(act) {
    this.act = act;
    byId("conclusion-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#save();
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
    this.#fill(c.text, c.owner?.id ?? "", c.deadline ?? "", t("Lưu sửa đổi"));
    byId("conclusion-cancel").hidden = false;
    byId("conclusion-text").focus();
  }

  clear() {
    this.#edited = null;
    this.#fill("", "", "", t("Ghi kết luận"));
    byId("conclusion-cancel").hidden = true;
  }

  async #save() {
    const fields = {
      ...(this.#edited ? { conclusion: this.#edited } : {}),
      text: byId("conclusion-text").value,
      owner: byId("conclusion-owner").value || null,
      deadline: byId("conclusion-deadline").value || null,
      item: this.#item,
    };
    if (await this.act("conclusion.put", fields)) this.clear();
  }

  /** @param {string} text @param {string} owner @param {string} deadline @param {string} label */
  #fill(text, owner, deadline, label) {
    byId("conclusion-text").value = text;
    byId("conclusion-owner").value = owner;
    byId("conclusion-deadline").value = deadline;
    say(byId("conclusion-save"), label);
  }
}

/** @param {(type: string, fields?: object) => Promise<boolean>} act @returns {(state: State) => void} */
export function minutesPart(act) {
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

  return (state) => {
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
  };
}
