/** Two things that a page in a meeting must look after: a lit screen, and whether the server still wants it. */

/** A phone that darkens its screen also stops its camera. @returns {Promise<void>} */
export async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // Battery saving may forbid it.
  }
}

/**
 * A refused upgrade looks to a page like a dead network: ask for the room's page, which says why.
 * @returns {Promise<"signin" | "forbidden" | "over" | "">} "": nothing speaks against going on
 */
export async function refusal() {
  let answer;
  try {
    answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
  } catch {
    return ""; // the network is away; the line goes on trying
  }
  const where = new URL(answer.url).pathname;
  if (answer.status === 401 || where.startsWith("/sign-in")) return "signin";
  if (answer.status === 403 || answer.status === 404) return "forbidden";
  return answer.redirected && where !== location.pathname ? "over" : "";
}
