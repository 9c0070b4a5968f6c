/** The browser client of a meeting: wires the line, the media and the page together. */

import { t } from "../text.js";
import { news } from "./announce.js";
import { Capture } from "./capture.js";
import { DeclaredLine, soundOnly } from "./declared.js";
import { DeviceCheck, remember, remembered, troubleSentence } from "./devices.js";
import { byId } from "./element.js";
import { Peers } from "./peers.js";
import { Line } from "./protocol.js";
import { Standing } from "./standing.js";
import { expected, reduce, START } from "./state.js";
import { View } from "./view.js";
import { Watch } from "./watch.js";

/** Failed attempts to reconnect after which we ask over HTTP whether we are still welcome. */
const PROBE_EVERY = 3;

class Client {
  /** @type {import("./state.js").State} */ state = START;
  /** @type {import("./view.js").Local} */
  local = { phase: "check", reason: "", line: "idle", media: { up: "none", down: "none" }, streams: {} };
  #mediaRuns = false;
  /** it was on when the line became too thin for it */ #cameraWaits = false;
  #clockAhead = 0;
  #drawing = false;

  /** @param {{socket: string, you: {role: string}, desk: string, relay: boolean}} page */
  constructor(page) {
    this.relay = page.relay;
    this.publishes = page.you.role !== "viewer";
    const address = new URL(page.socket, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("page", pageNumber());
    this.line = new Line(address.href, { heard: (m) => this.#heard(m), changed: (s, d) => this.#lineChanged(s, d) });
    const send = (/** @type {string} */ type, /** @type {object} */ fields) => this.line.send(type, fields);
    this.peers = new Peers({ send, changed: () => this.#mediaChanged(), stirred: () => this.line.check() });
    this.standing = new Standing(send);
    this.watch = new Watch(() => this.#tellWatch());
    this.declared = new DeclaredLine(() => this.#declare());
    const none = { audio: false, video: false };
    const { wanted, chosen } = remembered();
    this.capture = new Capture({ wanted: this.publishes ? wanted : none, chosen, changed: () => this.#captured() });
    this.check = new DeviceCheck(this.capture, () => this.#join());
    this.view = new View({
      act: (type, fields) => this.#act(type, fields),
      turn: (kind) => this.#turn(kind),
      leave: () => this.#leave(),
      back: () => this.#back(),
      now: () => Date.now() + this.#clockAhead,
      shown: (tiles) => this.watch.follow(tiles),
      desk: page.desk,
    });
    this.#declare();
    byId("check-devices").hidden = !this.publishes;
    byId("check-viewer").hidden = this.publishes;
    if (this.publishes) this.capture.start();
    setInterval(() => {
      this.view.tick();
      this.#tend();
    }, 1000);
    addEventListener("online", () => this.#networkChanged(true));
    /** @type {any} */ (navigator).connection?.addEventListener?.("change", () => this.#networkChanged());
    document.addEventListener("visibilitychange", () => {
      this.line.check();
      this.#stayAwake();
    });
    this.#draw();
  }

  #join() {
    if (!this.declared.valid()) return;
    this.check.close();
    this.declared.enter();
    this.local.phase = "room";
    this.line.open();
    this.#draw();
    byId("meeting-title").focus();
  }

  /** @param {any} message */
  #heard(message) {
    if (message.type.startsWith("media.")) return this.peers.hear(message);
    if (message.type === "error") return this.view.notice(message.message);
    if (message.type === "bye" && message.reason === "closed" && this.state.meeting?.state === "closed") {
      return this.line.end("closed");
    }
    const before = this.state;
    this.state = reduce(before, message);
    if (message.type === "welcome" && message.now) this.#clockAhead = Date.parse(message.now) - Date.now();
    if (message.type === "welcome") this.standing.welcomed();
    this.#runMedia(message.type === "welcome" ? message : null);
    this.peers.expect(this.#mediaRuns ? expected(this.state) : []);
    this.view.announce(news(before, this.state));
    this.#draw();
  }

  /** Media runs while we are in a meeting that is not over. @param {any} welcome a new one: check both ways */
  #runMedia(welcome) {
    const runs = this.local.phase === "room" && this.state.meeting?.state !== "closed";
    if (runs && welcome) {
      const { transports: living, ice } = welcome;
      this.peers.join({ publish: this.publishes, living, ice, relay: this.relay });
      if (this.publishes && !this.#mediaRuns && !this.capture.tracks.audio) this.capture.start();
    }
    if (!runs && this.#mediaRuns) {
      this.peers.close();
      this.capture.stop();
    }
    const started = runs && !this.#mediaRuns;
    this.#mediaRuns = runs;
    if (started) this.#stayAwake();
    this.#tellMedia();
  }

  /** @param {import("./protocol.js").LineState} line @param {any} detail */
  #lineChanged(line, detail) {
    this.local.line = line;
    if (line !== "open") this.standing.lost();
    if (line === "lost" && detail % PROBE_EVERY === 0) this.#probe();
    if (line === "ended" && detail !== "closed") {
      this.local.phase = "ended";
      this.local.reason = detail;
      this.#runMedia(null);
    }
    this.#draw();
  }

  /** Another cable, another mast: look for the server from the new address at once. @param {boolean} [parted] */
  #networkChanged(parted = false) {
    if (parted) this.line.redial();
    else this.line.check();
    this.peers.search();
  }

  /** What the site says of its line: told to the server, and obeyed by what we send. */
  #declare() {
    const { inForce } = this.declared;
    this.peers.declare(inForce.kbps);
    this.standing.set("media.line", inForce);
    const quiet = soundOnly(inForce);
    if (quiet && this.capture.wanted.video) {
      this.#cameraWaits = true;
      this.capture.turn("video", false);
    } else if (!quiet && this.#cameraWaits) {
      this.#cameraWaits = false;
      this.capture.turn("video", true);
    }
    this.#tellWatch();
    if (this.#mediaRuns) this.#mediaChanged();
  }

  /** No picture is asked for that the line is not to carry. */
  #tellWatch() {
    if (this.local.phase !== "room") return;
    this.standing.set("media.watch", { sizes: soundOnly(this.declared.inForce) ? {} : this.watch.sizes() });
  }

  /** Once a second. */
  async #tend() {
    const octets = await this.peers.tend();
    if (this.#mediaRuns) this.declared.use(this.state.meeting?.id ?? "", octets);
  }

  /** A refused upgrade looks to a page like a dead network: ask for the room's page, which says why. */
  async #probe() {
    let answer;
    try {
      answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store" });
    } catch {
      return; // the network is away; the line goes on trying
    }
    const where = new URL(answer.url).pathname;
    if (answer.status === 401 || where.startsWith("/sign-in")) this.line.end("signin");
    else if (answer.status === 403 || answer.status === 404) this.line.end("forbidden");
    else if (answer.redirected && where !== location.pathname) this.line.end("over");
  }

  /** A phone that darkens its screen also stops its camera. */
  async #stayAwake() {
    if (document.visibilityState !== "visible" || !this.#mediaRuns) return;
    try {
      await navigator.wakeLock?.request("screen");
    } catch {
      // Battery saving may forbid it.
    }
  }

  #mediaChanged() {
    this.local.streams = this.peers.streams();
    if (soundOnly(this.declared.inForce)) for (const pair of Object.values(this.local.streams)) pair.video = null;
    this.local.media = this.peers.connection();
    this.peers.expect(this.#mediaRuns ? expected(this.state) : []);
    this.#draw();
  }

  #captured() {
    for (const kind of /** @type {const} */ (["audio", "video"])) this.peers.setTrack(kind, this.capture.tracks[kind]);
    if (this.local.phase === "check") this.check.show();
    this.#tellMedia();
    this.#draw();
  }

  #tellMedia() {
    if (!this.publishes || !this.#mediaRuns) return;
    this.standing.set("media.state", { audio: this.capture.on("audio"), video: this.capture.on("video") });
  }

  /** @param {"audio" | "video"} kind */
  async #turn(kind) {
    const on = !this.capture.on(kind);
    if (on && kind === "video" && soundOnly(this.declared.inForce)) {
      return this.view.notice(this.declared.sentence);
    }
    await this.capture.turn(kind, on);
    remember(this.capture);
    if (on && !this.capture.on(kind)) this.view.notice(troubleSentence(this.capture));
    else this.view.notice("");
  }

  /** Ask the server; a refusal becomes a sentence. @param {string} type @param {object} [fields] */
  async #act(type, fields) {
    try {
      await this.line.send(type, fields);
      this.view.notice("");
      return true;
    } catch (error) {
      const { code, message } = /** @type {import("./protocol.js").Refused} */ (error);
      const lost = t("Mất kết nối khi đang gửi. Xem lại khi nối lại được, rồi thực hiện lại nếu cần.");
      this.view.notice(code === "line_lost" ? lost : message);
      return false;
    }
  }

  #leave() {
    const end = () => this.line.end("left");
    this.line.send("leave").then(end, end);
  }

  #back() {
    if (this.local.reason === "signin" || this.local.reason === "over") return location.reload();
    this.local.phase = "room";
    this.line.open();
    this.#draw();
  }

  /** Once a turn of the event loop, however many changes it brought. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.view.show(this.state, this.local, this.capture);
    });
  }

  stats() {
    return this.peers.stats();
  }
}

/** This page, as against another window of the same person: who comes back as the same page keeps its media. */
function pageNumber() {
  const drawn = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(drawn, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

const client = new Client(JSON.parse(byId("page").textContent));

// A window for tests and for whoever has to find out why there is no picture: values only, nothing to command.
Object.defineProperty(window, "giaoban", {
  value: Object.freeze({ state: () => client.state, stats: () => client.stats() }),
});
