/** Papers on the meeting's page: says how far a file has been sent, and follows what is made of it. */

import { send } from "./upload.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("papers-form"));
const sending = document.getElementById("papers-sending");
const failed = document.getElementById("papers-failed");
const pending = document.getElementById("papers-pending");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const bar = /** @type {HTMLProgressElement} */ (sending.querySelector("progress"));
  form.setAttribute("aria-busy", "true");
  failed.hidden = true;
  sending.hidden = false;
  const refused = await send(form.action, new FormData(form), (share) => { bar.value = share; });
  if (!refused) return location.reload();
  form.removeAttribute("aria-busy");
  sending.hidden = true;
  failed.textContent = refused === "-" ? failed.dataset.line : refused;
  failed.hidden = false;
});

async function look() {
  let answer = null;
  try {
    const response = await fetch(pending.dataset.url, { cache: "no-store" });
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    setTimeout(look, 3000); // the network is away
    return;
  }
  for (const bar of /** @type {NodeListOf<HTMLProgressElement>} */ (pending.querySelectorAll("progress"))) {
    const found = answer.pending.find((one) => one.id === bar.dataset.paper);
    if (!found || found.refused) return location.reload();
    if (found.of) {
      bar.max = found.of;
      bar.value = found.done;
    }
  }
  setTimeout(look, 1000);
}

if (pending?.dataset.busy) look();
