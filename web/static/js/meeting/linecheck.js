/** The look at one's line before the meeting: how fast, both ways, and what that is good for, in words. */

import { t } from "../text.js";

const PINGS = 4;
const FIRST = 16_384; // octets: enough to tell a very thin line
const SECOND = 196_608;
const SHORT = 400; // ms: what took less is asked again with more
const LIMIT = 8000; // ms for one request: whoever gets less than the first octets in that time has no line for pictures

/** @typedef {{delay: number, down: number, up: number}} Measured delay: ms there and back; down, up: kbit/s */
/** @typedef {"none" | "voice" | "weak" | "fair" | "good"} Grade */

/** @param {Measured | null} measured null: the server was not reached @returns {Grade} */
export function grade(measured) {
  if (measured === null) return "none";
  const least = Math.min(measured.down, measured.up);
  if (least < 120) return "voice";
  if (least < 700) return "weak";
  return least < 2500 || measured.delay > 400 ? "fair" : "good";
}

/** @param {Grade} verdict @returns {string} */
export function gradeSentence(verdict) {
  const sentences = {
    none: t("Không tới được máy chủ họp. Kiểm tra dây mạng, Wi-Fi hoặc 4G rồi thử lại."),
    voice: t("Đường truyền rất yếu: nên chọn chỉ nghe và nói, tiếng sẽ rõ hơn."),
    weak: t("Đường truyền yếu: tiếng rõ, hình nhỏ."),
    fair: t("Đường truyền vừa phải: đủ cho tiếng và hình."),
    good: t("Đường truyền tốt: tiếng và hình rõ nét."),
  };
  return sentences[verdict];
}

/** @param {number} kbps @returns {string} */
function rate(kbps) {
  const words = (/** @type {number} */ value) =>
    value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: value < 10 ? 1 : 0 });
  if (kbps > 100_000) return "> 100 Mbit/s"; // so little data does not tell what is more
  return kbps < 1000 ? `${words(kbps)} kbit/s` : `${words(kbps / 1000)} Mbit/s`;
}

/** @param {Measured} measured @returns {string} */
export function figures({ delay, down, up }) {
  const values = { down: rate(down), up: rate(up), delay: Math.round(delay) };
  return t("Tải xuống %(down)s, tải lên %(up)s, trễ %(delay)s ms.", values);
}

/**
 * Ask the server for a little data and send it some: at most 0.5 MB on a good line, 40 kB on a thin one.
 * @param {string} address of the server's line check @param {AbortSignal} signal whoever joins needs his line
 * @returns {Promise<Measured | null>} null: the server was not reached; rejects with AbortError
 */
export async function measure(address, signal) {
  try {
    const delays = [];
    for (let at = 0; at < PINGS; at += 1) delays.push(await take(address, 0, signal));
    const delay = Math.min(...delays.slice(1)); // the first may have had to dial
    const down = await speed((octets) => take(address, octets, signal), delay);
    const up = await speed((octets) => give(address, octets, signal), delay);
    return { delay, down, up };
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

/** @param {(octets: number) => Promise<number>} move ms @param {number} delay ms @returns {Promise<number>} kbit/s */
async function speed(move, delay) {
  let octets = FIRST;
  let took = await move(octets);
  if (took < SHORT) took = await move((octets = SECOND));
  return (octets * 8) / Math.max(1, took - delay);
}

/** @param {string} address @param {number} octets @param {AbortSignal} signal @returns {Promise<number>} ms */
function take(address, octets, signal) {
  return timed(`${address}?octets=${octets}`, {}, signal);
}

/** @param {string} address @param {number} octets @param {AbortSignal} signal @returns {Promise<number>} ms */
function give(address, octets, signal) {
  const body = new Uint8Array(octets);
  for (let at = 0; at < octets; at += 65_536) crypto.getRandomValues(body.subarray(at, at + 65_536));
  return timed(address, { method: "POST", body }, signal);
}

/** @param {string} address @param {RequestInit} request @param {AbortSignal} signal @returns {Promise<number>} ms */
async function timed(address, request, signal) {
  const own = new AbortController();
  const end = () => own.abort();
  const limit = setTimeout(end, LIMIT);
  signal.addEventListener("abort", end);
  const began = performance.now();
  try {
    const answer = await fetch(address, { ...request, cache: "no-store", signal: own.signal });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(String(answer.status));
  } catch (error) {
    // Too slow to end is a result, too: so much in that time, and hardly more.
    if (signal.aborted || !own.signal.aborted) throw error;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", end);
  }
  return performance.now() - began;
}
