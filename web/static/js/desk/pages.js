/** The pages as they will be printed: beside the text where there is room, else behind a tab. */

import { byId, keep, make, say } from "../meeting/element.js";
import { t } from "../text.js";

export class Pages {
  /** @param {string} id of the document @param {(wanted: boolean) => void} look asks the server for pictures, or for none */
  constructor(id, look) {
    this.id = id;
    this.look = look;
    this.wide = window.matchMedia("(min-width: 64rem)");
    this.chosen = false; // the tab, on a phone
  }

  get wanted() {
    return (this.wide.matches || this.chosen) && document.visibilityState === "visible";
  }

  begin() {
    const tabs = /** @type {[string, boolean][]} */ ([["tab-text", false], ["tab-pages", true]]);
    for (const [name, chosen] of tabs) byId(name).addEventListener("click", () => {
      this.chosen = chosen;
      this.again();
    });
    const again = () => this.again();
    if (this.wide.addEventListener) this.wide.addEventListener("change", again);
    document.addEventListener("visibilitychange", again);
  }

  /** Tell what is looked at now. */
  again() {
    byId("editing").classList.toggle("looking", this.chosen);
    byId("tab-text").setAttribute("aria-pressed", String(!this.chosen));
    byId("tab-pages").setAttribute("aria-pressed", String(this.chosen));
    this.look(this.wanted);
  }

  /** @param {{pages: string[], problem: string}} message */
  show({ pages, problem }) {
    say(byId("pages-problem"), problem);
    byId("pages-problem").hidden = !problem;
    const rows = pages.map((name, at) => ({ name, at: at + 1 }));
    keep(byId("pages-drawn"), rows, ({ at }) => String(at), () => make("img", { class: "printed", loading: "lazy", width: 595, height: 842 }), (image, { name, at }) => {
      const source = `/desk/${this.id}/pages/${name}.svg`;
      if (image.getAttribute("src") !== source) image.setAttribute("src", source);
      image.setAttribute("alt", t("Trang %(number)s của %(count)s", { number: at, count: pages.length }));
    });
  }
}
