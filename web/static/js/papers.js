/** Papers on the meeting's page: says how far a file has been sent, and follows what is made of it. */

import { renew } from "./renew.js";
import { send } from "./upload.js";

const EVERY = 1000; // ms
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("papers-form"));
const sending = document.getElementById("papers-sending");
const failed = document.getElementById("papers-failed");
let following = false;

/** @returns {HTMLElement | null} the papers that are on their way, if the server is busy with one */
const busy = () => document.querySelector("#papers-pending[data-busy=yes]");
const pause = () => new Promise((resolve) => setTimeout(resolve, EVERY));

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const bar = /** @type {HTMLProgressElement} */ (sending.querySelector("progress"));
  form.setAttribute("aria-busy", "true");
  failed.hidden = true;
  sending.hidden = false;
  const refused = await send(form.action, new FormData(form), (share) => { bar.value = share; });
  form.removeAttribute("aria-busy");
  sending.hidden = true;
  if (refused) {
    failed.textContent = refused === "-" ? failed.dataset.line : refused;
    failed.hidden = false;
    return;
  }
  form.reset();
  await renewed();
  follow();
});

/** What has been sent is on the server: the list must come to show it. */
async function renewed() {
  while (!(await renew("papers-shelf"))) await pause();
}

async function follow() {
  if (following) return;
  following = true;
  for (let list = busy(); list; list = busy()) {
    if (await ready(list)) await renewed();
    else await pause();
  }
  following = false;
}

/** Moves the bars. @param {HTMLElement} list @returns {Promise<boolean>} whether one of them is done */
async function ready(list) {
  let answer;
  try {
    const response = await fetch(list.dataset.url, { cache: "no-store" });
    if (!response.ok) return true;
    answer = await response.json();
  } catch {
    return false; // the network is away
  }
  for (const bar of /** @type {NodeListOf<HTMLProgressElement>} */ (list.querySelectorAll("progress"))) {
    const found = answer.pending.find((one) => one.id === bar.dataset.paper);
    if (!found || found.refused) return true;
    if (found.of) {
      bar.max = found.of;
      bar.value = found.done;
    }
  }
  return false;
}

follow();
