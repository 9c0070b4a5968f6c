/**
 * VGCA Sign Service on this machine: one message a document over its WebSocket. It fetches the file from our server and
 * sends it back signed; what it answers here says only that it is done, so the server is asked.
 */

import { Refusal, ask, each, form, over, result, sentence } from "./told.js";

const SERVICE = form?.dataset.vgca ?? "";

/** @param {string} act @param {object} parameters @returns {Promise<{ Status?: number, Message?: string }>} raises Refusal */
function call(act, parameters) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${SERVICE}/${act}`);
    let answered = false;
    socket.onopen = () => socket.send(JSON.stringify(parameters));
    socket.onmessage = ({ data }) => {
      answered = true;
      socket.close();
      try {
        resolve(JSON.parse(data));
      } catch {
        reject(new Refusal(sentence("service")));
      }
    };
    socket.onclose = () => { if (!answered) reject(new Refusal(sentence("service"))); };
  });
}

/** @param {{ id: string, name: string }[]} documents @param {(what: string) => void} tell */
export async function byService(documents, tell) {
  tell(sentence("inservice"));
  const done = await each(documents, (one) => one, async (one) => {
    const { act, parameters } = await ask("/signing/vgca/issue", { document: one.id });
    const { Status, Message } = await call(act, parameters);
    const { signed } = await ask("/signing/vgca/state", { document: one.id });
    if (!signed) throw new Refusal(Status === 0 ? sentence("unsigned") : Message || sentence("unsigned"));
    result(one, sentence("signed"), true);
  });
  over(done.length, documents.length);
}
