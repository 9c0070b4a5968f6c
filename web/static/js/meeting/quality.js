/**
 * How the line fares, in words, from what the browser counts once a second; and when the camera has to give way to the
 * voice. No page, no clock: a look is a second.
 */

import { t } from "../text.js";

const WORSE = 3; // looks in a row until it is called worse, or better again
const BETTER = 6;
const STARVED = 45_000; // bit/s upwards: a voice and its headers, and nothing left for a picture
const PATIENCE = 10; // looks on such a line
const RETRY = 30; // looks until the picture is tried again; twice as long each time it did not last
const LONGEST = 240;
const STOPPED = 3; // looks in which nothing that is watched has moved

/**
 * @typedef {{available: number | null, delay: number | null, lostUp: number, lostDown: number}} Measures
 *   available: bit/s upwards, as the browser estimates; delay: ms there and back; lost: shares of packets
 * @typedef {"good" | "fair" | "weak"} Level
 */

/** @param {Measures} measures @returns {Level} */
export function level({ available, delay, lostUp, lostDown }) {
  const lost = Math.max(lostUp, lostDown);
  if (lost > 0.1 || (delay ?? 0) > 1000 || (available ?? Infinity) < 100_000) return "weak";
  return lost > 0.03 || (delay ?? 0) > 400 || (available ?? Infinity) < 250_000 ? "fair" : "good";
}

const RANK = ["weak", "fair", "good"];

export class Quality {
  /** @type {Level} */ level = "good";
  /** Is our picture held back for the sake of the voice? */ starved = false;
  /** Do the others' pictures stand still, all of them? */ stopped = false;
  #lower = 0;
  #higher = 0;
  #thin = 0;
  #rest = 0;
  #wait = RETRY;
  #still = 0;

  /**
   * @param {Measures} measures @param {{camera: boolean, watched: number, moving: number}} pictures camera: ours is
   *   sent; watched: of the others' that are on, how many are shown here; moving: how many of these move
   */
  look(measures, { camera, watched, moving }) {
    this._grade(level(measures));
    this.#still = watched > 0 && moving === 0 ? this.#still + 1 : 0;
    this.stopped = this.#still >= STOPPED;
    if (this.starved) {
      this.#rest += 1;
      if (this.#rest >= this.#wait) this.starved = false;
      return;
    }
    const thin = camera && measures.available !== null && measures.available < STARVED;
    this.#thin = thin ? this.#thin + 1 : 0;
    if (this.#thin < PATIENCE) return;
    this.starved = true;
    this.#wait = this.#rest > 0 ? Math.min(LONGEST, this.#wait * 2) : RETRY;
    this.#thin = this.#rest = 0;
  }

  /** Somebody wants the picture all the same. */
  insist() {
    this.starved = false;
    this.#thin = -2 * PATIENCE;
  }

  /** @returns {string} "" while there is nothing to be said */
  get sentence() {
    if (this.stopped) return t("Đường truyền yếu: đã tắt hình để giữ tiếng.");
    return this.starved ? t("Đường truyền lên yếu: đã tạm tắt camera để giữ tiếng, sẽ tự bật lại.") : "";
  }

  /** One bad second is no bad line. @param {Level} now */
  _grade(now) {
    const step = RANK.indexOf(now) - RANK.indexOf(this.level);
    this.#lower = step < 0 ? this.#lower + 1 : 0;
    this.#higher = step > 0 ? this.#higher + 1 : 0;
    if (this.#lower < WORSE && this.#higher < BETTER) return;
    this.level = now;
    this.#lower = this.#higher = 0;
  }
}

/** @param {Level} known @returns {string} */
export function levelName(known) {
  return { good: t("Mạng tốt"), fair: t("Mạng vừa"), weak: t("Mạng yếu") }[known];
}
