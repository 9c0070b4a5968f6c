/**
 * Signing with a key on this machine: what is to be signed goes from our server to the signing program here, which
 * shows it and asks for the PIN, and what comes back goes to the server. The PIN is never seen by this page.
 */

import { byAgent } from "./agent.js";
import { byService } from "./vgca.js";
import { Refusal, at, clear, form, offer, progress, sentence, tell, ticked } from "./told.js";

/**
 * @param {string} name of the button and its part of the page
 * @param {(documents: { id: string, name: string }[], tell: (what: string) => void) => Promise<void>} way
 */
function offerWay(name, way) {
  const part = document.getElementById(name);
  if (!part) return;
  part.hidden = false;
  document.getElementById(`${name}-begin`).addEventListener("click", async () => {
    const documents = ticked();
    if (form.getAttribute("aria-busy") === "true") return;
    at(part);
    if (!documents.length) return tell(sentence("none"), true);
    form.setAttribute("aria-busy", "true");
    clear();
    try {
      await way(documents, tell);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tell(error.message, true);
    } finally {
      offer(null);
      progress(null);
      form.removeAttribute("aria-busy");
    }
  });
}

if (form) {
  offerWay("agent", byAgent);
  offerWay("vgca", byService);
}
