// A sign-in link carries its code after "#", which browsers never send: it is put into the form and sent in the body.
// So does the address at which an installation begins, whose form has more to fill in.

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("sign-in"));
const field = /** @type {HTMLInputElement | null} */ (document.getElementById("code"));
const code = location.hash.slice(1).replace(/^(code|token)=/, "");

// "#main" is the skip link of every page.
if (field && code && code !== "main") {
  // Out of the address bar and the history before anything else.
  history.replaceState(null, "", location.pathname + location.search);
  field.value = code;
  form?.requestSubmit();
}
