/** Follows a run of signatures: the bar moves, and when it is over the page is loaded anew. */

const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById("bar"));

async function look() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "application/json" }, cache: "no-store" });
    const { finished, over } = await answer.json();
    if (over) return location.reload();
    bar.value = finished;
  } catch {
    // The line is away: it is asked again.
  }
  setTimeout(look, 800);
}

if (bar) look();
