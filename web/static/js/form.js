// Enhances plain forms; every form works without it.
//   data-once       the form is sent once: a second press does nothing while the first is on its way
//   data-unsaved    leaving the page with unsaved text asks first
//   data-rows="x"   a button that shows the next hidden blank row of the list with the id x; if it sends the form, the
//                   server has more of them
//   data-check-all="x"   a button that ticks every box within the id x
//   data-unlike="x y"    a select that does not offer what is chosen in the selects with the ids x and y
//   data-when="x y", data-unless="x y"   is there only if, or unless, y is chosen in the select with the id x

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
  });
}

// The page may come back from the browser's memory after "back": it must be usable again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) form.removeAttribute("aria-busy");
});

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  let changed = form.getAttribute("data-unsaved") === "changed";
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

for (const button of document.querySelectorAll("button[data-rows]")) {
  const list = document.getElementById(button.getAttribute("data-rows") ?? "");
  const blanks = () => [...(list?.children ?? [])].filter((row) => row.hasAttribute("data-blank"));
  // Without this script all blank rows are there; with it only one at a time.
  blanks().slice(1).forEach((row) => row.toggleAttribute("hidden", true));
  const sends = button.getAttribute("type") === "submit";
  const offer = () => button.toggleAttribute("hidden", !sends && !blanks().some((row) => row.hasAttribute("hidden")));
  offer();
  button.addEventListener("click", (event) => {
    const next = blanks().find((row) => row.hasAttribute("hidden"));
    if (next) event.preventDefault();
    next?.removeAttribute("hidden");
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector("input, textarea"))?.focus();
    offer();
  });
}

for (const button of document.querySelectorAll("button[data-check-all]")) {
  const boxes = document.querySelectorAll(`#${button.getAttribute("data-check-all")} input[type=checkbox]`);
  button.removeAttribute("hidden");
  button.addEventListener("click", () => {
    for (const box of boxes) /** @type {HTMLInputElement} */ (box).checked = true;
    boxes[0]?.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (document.querySelectorAll("select[data-unlike]"))) {
  const ids = (select.getAttribute("data-unlike") ?? "").split(" ");
  const others = ids.map((id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)));
  const offer = () => {
    const taken = others.map((other) => other.value).filter(Boolean);
    for (const option of select.options) option.hidden = option.disabled = taken.includes(option.value);
    if (select.selectedOptions[0]?.disabled) select.value = "";
  };
  for (const other of others) other.addEventListener("change", offer);
  offer();
}

for (const part of document.querySelectorAll("[data-when], [data-unless]")) {
  const [id, value] = (part.getAttribute("data-when") ?? part.getAttribute("data-unless") ?? "").split(" ");
  const select = /** @type {HTMLSelectElement | null} */ (document.getElementById(id));
  const show = () => part.toggleAttribute("hidden", (select?.value === value) === part.hasAttribute("data-unless"));
  select?.addEventListener("change", show);
  show();
}
