// Who signs out leaves nothing of their drafts on this machine.

import { forgetDrafts } from "./desk/kept.js";

document.querySelector("form[action='/sign-out']")?.addEventListener("submit", forgetDrafts);
