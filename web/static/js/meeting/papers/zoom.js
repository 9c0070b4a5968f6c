/** A page larger or smaller: two fingers, the wheel, buttons; moved about by the browser's own scrolling. */

const MOST = 6;
const STEP = 1.4;
const SWIPE = 60; // pixels

export class Zoom {
  #scale = 1;
  #pinch = 0;
  /** @type {{x: number, y: number} | null} */ #from = null;

  /**
   * @param {HTMLElement} frame scrolls @param {HTMLElement} sheet what is scaled, by its width
   * @param {HTMLImageElement} image gives the proportions
   * @param {{turn: (step: number) => void, changed: (scale: number) => void}} given a swipe turns the page
   */
  constructor(frame, sheet, image, given) {
    this.frame = frame;
    this.sheet = sheet;
    this.image = image;
    this.given = given;
    image.addEventListener("load", () => this.fit());
    new ResizeObserver(() => {
      this.fit();
      given.changed(this.#scale);
    }).observe(frame);
    frame.addEventListener("touchstart", (event) => this._touch(event), { passive: false });
    frame.addEventListener("touchmove", (event) => this._move(event), { passive: false });
    frame.addEventListener("touchend", (event) => this._lift(event));
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // so do trackpads when two fingers part
      event.preventDefault();
      this.by(Math.exp(-event.deltaY / 200), event.clientX, event.clientY);
    }, { passive: false });
  }

  get scale() {
    return this.#scale;
  }

  /** The whole page on a wide screen, its whole width on a narrow one; times the scale. */
  fit() {
    const { clientWidth, clientHeight } = this.frame;
    const { naturalWidth, naturalHeight } = this.image;
    if (!naturalWidth || !clientWidth) return;
    const whole = (clientHeight * naturalWidth) / naturalHeight;
    const one = clientWidth < 640 ? clientWidth : Math.min(clientWidth, whole);
    this.sheet.style.width = `${Math.floor(one * this.#scale)}px`;
  }

  reset() {
    this._set(1);
    this.frame.scrollTo(0, 0);
  }

  larger() {
    this.by(STEP);
  }

  smaller() {
    this.by(1 / STEP);
  }

  /** What is under the point stays under it. @param {number} factor @param {number} [x] @param {number} [y] of the window */
  by(factor, x, y) {
    const frame = this.frame.getBoundingClientRect();
    const across = (x ?? frame.left + frame.width / 2) - frame.left;
    const down = (y ?? frame.top + frame.height / 2) - frame.top;
    const before = this.#scale;
    this._set(before * factor);
    const grown = this.#scale / before;
    this.frame.scrollTo((this.frame.scrollLeft + across) * grown - across, (this.frame.scrollTop + down) * grown - down);
  }

  /** @param {number} scale */
  _set(scale) {
    this.#scale = Math.min(MOST, Math.max(1, scale));
    this.fit();
    this.given.changed(this.#scale);
  }

  /** @param {TouchEvent} event */
  _touch(event) {
    const [one, two] = [event.touches[0], event.touches[1]];
    this.#from = two ? null : { x: one.clientX, y: one.clientY };
    if (!two) return;
    event.preventDefault();
    this.#pinch = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
  }

  /** @param {TouchEvent} event */
  _move(event) {
    const [one, two] = [event.touches[0], event.touches[1]];
    if (!two) return;
    event.preventDefault();
    const apart = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    this.by(apart / this.#pinch, (one.clientX + two.clientX) / 2, (one.clientY + two.clientY) / 2);
    this.#pinch = apart;
  }

  /** @param {TouchEvent} event */
  _lift(event) {
    const end = event.changedTouches[0];
    if (this.#from === null || this.#scale > 1 || event.touches.length > 0) return;
    const across = end.clientX - this.#from.x;
    if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(end.clientY - this.#from.y)) {
      this.given.turn(across < 0 ? 1 : -1);
    }
    this.#from = null;
  }
}
