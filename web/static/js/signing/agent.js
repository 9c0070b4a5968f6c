/** The token in this machine, by `giaoban agent`: an address of loopback that answers this site only. */

import { Refusal, ask, each, offer, over, result, sentence } from "./told.js";

const AGENT = document.getElementById("signing")?.dataset.agent ?? "";

/** @param {string} path @param {object} [message] @returns {Promise<any>} raises Refusal */
async function agent(path, message) {
  const options = message ? { method: "POST", body: JSON.stringify(message), headers: { "Content-Type": "application/json" } } : {};
  let answer = null;
  try {
    answer = await fetch(AGENT + path, { ...options, cache: "no-store" });
  } catch {
    throw new Refusal(sentence("away"));
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(found.message || sentence("away"));
  return found;
}

/** @returns {Promise<string>} the certificate to sign with (base64); "" if the official is to choose first */
async function chosen() {
  const { certificates } = await agent("/certificates");
  if (!certificates.length) throw new Refusal(sentence("empty"));
  if (certificates.length === 1) return certificates[0].der;
  const choice = document.getElementById("agent-choice");
  const select = /** @type {HTMLSelectElement} */ (document.getElementById("agent-certificate"));
  if (!choice.hidden && certificates.some((one) => one.der === select.value)) return select.value;
  select.textContent = "";
  select.append(...certificates.map((one) => new Option(`${one.name} (${one.token})`, one.der)));
  choice.hidden = false;
  select.focus();
  return "";
}

/** @param {string} job @returns {Promise<string[]>} the signatures, in order; raises Refusal */
async function signatures(job) {
  for (;;) {
    const found = await agent(`/jobs/${job}`);
    if (found.state === "signed") return found.signatures;
    if (found.state !== "waiting") throw new Refusal(sentence(found.state === "refused" ? "refused" : "gone"));
    await new Promise((resolve) => { setTimeout(resolve, 700); });
  }
}

/** @param {{ id: string, name: string }[]} documents @param {(what: string) => void} tell */
export async function byAgent(documents, tell) {
  const certificate = await chosen();
  if (!certificate) return tell(sentence("choose"));
  tell(sentence("preparing"));
  const begun = await each(documents, (one) => one, (one) => ask("/signing/begin", { document: one.id, certificate }));
  if (!begun.length) return over(0, documents.length);
  const files = begun.map(({ made }) => ({ pdf: made.pdf, attributes: made.attributes }));
  const { job, page } = await agent("/jobs", { certificate, files });
  if (!page.startsWith(`${AGENT}/`)) throw new Refusal(sentence("away"));
  tell(sentence("look"));
  offer(page);
  const values = await signatures(job);
  offer(null);
  tell(sentence("finishing"));
  const signed = begun.map(({ one, made }, index) => ({ ...one, ticket: made.ticket, signature: values[index] }));
  const done = await each(signed, (one) => one, async (one) => {
    await ask("/signing/finish", { ticket: one.ticket, signature: one.signature });
    result(one, sentence("signed"), true);
  });
  over(done.length, documents.length);
}
