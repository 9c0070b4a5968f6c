/** What a part shows in one window, shown in another as well, without what can be pressed: the controls stay with who drives. */

const DELAY = 60; // ms: several changes at once are one; no animation frame, for this window may be hidden
const CONTROLS = "button, form, input, textarea, select, audio";

export class Mirror {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {HTMLElement} original @param {Document} document of the other window */
  constructor(original, document) {
    this.original = original;
    this.root = document.createElement("div");
    this.root.className = "mirror";
    this.observer = new MutationObserver(() => {
      if (this.#timer === undefined) this.#timer = setTimeout(() => this._draw(), DELAY);
    });
    this.observer.observe(original, { subtree: true, childList: true, attributes: true, characterData: true });
    this._draw();
  }

  end() {
    clearTimeout(this.#timer);
    this.observer.disconnect();
    this.root.remove();
  }

  _draw() {
    this.#timer = undefined;
    const copy = /** @type {HTMLElement} */ (this.root.ownerDocument.importNode(this.original, true));
    const videos = copy.querySelectorAll("video");
    this.original.querySelectorAll("video").forEach((video, at) => {
      videos[at].srcObject = video.srcObject;
      videos[at].muted = true;
      videos[at].play().catch(() => undefined); // the next change tries again
    });
    for (const control of copy.querySelectorAll(CONTROLS)) control.remove();
    for (const named of [copy, ...copy.querySelectorAll("[id]")]) named.removeAttribute("id");
    this.root.textContent = "";
    this.root.append(copy);
  }
}
