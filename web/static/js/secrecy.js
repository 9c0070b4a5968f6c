// Where a form asks whether it has state secrets: what is declared as one stays in this browser, and is told what to do.

for (const asked of document.querySelectorAll("[data-secrecy]")) {
  const told = /** @type {HTMLElement} */ (asked.querySelector("[data-secrecy-told]"));
  const form = asked.closest("form");
  const secret = () => {
    const chosen = /** @type {HTMLInputElement | null} */ (asked.querySelector("input:checked"));
    return chosen !== null && chosen.value !== "none";
  };
  asked.addEventListener("change", () => { told.hidden = !secret(); });
  form?.addEventListener("reset", () => { told.hidden = true; });
  // Before any other listener of the form sends it.
  form?.addEventListener("submit", (event) => {
    if (!secret()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    told.hidden = false;
    told.scrollIntoView({ block: "nearest" });
  }, true);
}
