/** The line of an open draft: a socket that comes back by itself, and what is on its way over it. */

const LONGEST = 4000; // ms between two tries
const SILENCE = 10000; // ms without an answer to what was sent: the line is dead

export class Line {
  /** @param {string} address @param {(message: any) => void} hear @param {(open: boolean) => void} changed */
  constructor(address, hear, changed) {
    this.address = address;
    this.hear = hear;
    this.changed = changed;
    this.open = false; // from the welcome on
    this.wanted = true;
    this.tries = 0;
    this.asked = 0; // when something was sent that is not answered
    /** @type {WebSocket | null} */
    this.socket = null;
    this.connect();
    window.setInterval(() => {
      if (this.asked && Date.now() - this.asked > SILENCE) this.socket?.close();
    }, 2000);
    window.addEventListener("online", () => this.again());
  }

  connect() {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      if (this.socket !== socket) return;
      this.asked = 0;
      const message = JSON.parse(event.data);
      if (message.type === "welcome") {
        this.tries = 0;
        this.open = true;
      }
      this.hear(message);
      if (message.type === "welcome") this.changed(true);
    });
    socket.addEventListener("close", () => {
      if (this.socket !== socket) return;
      this.open = false;
      this.asked = 0;
      this.changed(false);
      if (!this.wanted) return;
      this.tries += 1;
      window.setTimeout(() => this.again(), Math.min(LONGEST, 400 * 2 ** this.tries));
    });
  }

  again() {
    if (this.wanted && this.socket?.readyState === WebSocket.CLOSED) this.connect();
  }

  /** @param {any} message @returns {boolean} whether it is on its way */
  send(message) {
    if (!this.open || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    if (!this.asked) this.asked = Date.now();
    return true;
  }

  end() {
    this.wanted = false;
    this.socket?.close();
  }
}
