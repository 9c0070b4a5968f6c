/** Follows an export of a recording: the bar moves, and when it is over the page is loaded anew. */

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
  if (done === null) return location.reload();
  bar.value = done;
  setTimeout(look, 1000);
}

if (bar) look();
