/**
 * Sends a form with a file, and says how much of it has gone: on a thin line that takes long.
 * @param {string} url
 * @param {FormData} data
 * @param {(share: number) => void} gone called with 0 to 1
 * @returns {Promise<string>} "" when it was taken, else the sentence that says why not ("-" if the line was lost)
 */
export function send(url, data, gone) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) gone(event.loaded / event.total);
    });
    request.addEventListener("load", () => resolve(request.status < 300 ? "" : sentence(request.responseText)));
    request.addEventListener("error", () => resolve("-"));
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.send(data);
  });
}

function sentence(text) {
  try {
    return JSON.parse(text).message || "-";
  } catch {
    return "-"; // not of our server: something on the way refused it
  }
}
