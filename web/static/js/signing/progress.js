/**
 * Follows a run of signatures: bar, sentence and rows go with it, and when it is over the page is loaded anew. Screen
 * readers hear how far it is now and then, not each step.
 */

const PAUSE = 800;
const SAID_EVERY = 10000;

const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById("bar"));
const sentence = document.getElementById("done");
const heard = document.getElementById("heard");
let saidAt = performance.now();

/** @param {Document} page the page as it is now */
function follow(page) {
  const fresh = /** @type {HTMLProgressElement} */ (page.getElementById("bar"));
  bar.value = fresh.value;
  sentence.textContent = page.getElementById("done").textContent;
  if (performance.now() - saidAt >= SAID_EVERY && heard.textContent !== sentence.textContent) {
    heard.textContent = sentence.textContent;
    saidAt = performance.now();
  }
  for (const row of page.querySelectorAll("#rows > li")) {
    const shown = document.getElementById(row.id);
    if (shown.dataset.state === /** @type {HTMLElement} */ (row).dataset.state) continue;
    const within = shown.contains(document.activeElement);
    shown.replaceWith(row);
    if (within) row.querySelector("a").focus();
  }
}

async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && !page.getElementById("bar")) return location.reload();
    if (answer.ok) follow(page);
  } catch {
    // The line is away: it is asked again.
  }
  setTimeout(look, PAUSE);
}

if (bar) look();
