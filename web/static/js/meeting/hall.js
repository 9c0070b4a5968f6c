/** The window for a hall's second screen. It asks the room's page that opened it to draw here, and again when that page was loaded anew. */

const NAME = "giaoban-display";
/** @type {Document | null} the page that draws here */
let driver = null;

function look() {
  let page = null;
  try {
    page = opener && !opener.closed ? opener.document : null;
  } catch {
    page = null; // it has gone elsewhere
  }
  document.body.dataset.driven = String(page !== null);
  if (page === null || page === driver || page.readyState !== "complete") return;
  driver = page;
  opener.dispatchEvent(new CustomEvent(NAME, { detail: window }));
}

document.getElementById("hall-full")?.addEventListener("click", () => document.documentElement.requestFullscreen());
setInterval(look, 500);
look();
