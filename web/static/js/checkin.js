// A phone that waits for the operator's tick asks again by itself.

const waiting = /** @type {HTMLFormElement | null} */ (document.getElementById("checkin-wait"));
if (waiting) setTimeout(() => waiting.submit(), 3000);
