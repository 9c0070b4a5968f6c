/** Follows an export of a recording: the bar moves, and when it is over the part about the recording is brought up to date. */

import { renew } from "./renew.js";

const running = document.getElementById("export-running");
const bar = running?.querySelector("progress");

async function look() {
  let done = null;
  try {
    const answer = await fetch(running.dataset.url, { cache: "no-store" });
    if (!answer.ok) return;
    done = (await answer.json()).done;
  } catch {
    setTimeout(look, 3000); // the network is away
    return;
  }
  if (done === null && (await renew("recording"))) return;
  if (done !== null) bar.value = done;
  setTimeout(look, 1000);
}

if (bar) look();
