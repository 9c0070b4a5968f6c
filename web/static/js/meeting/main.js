/** The browser client of a meeting: wires the line, the media and the page together. */

import { t } from "../text.js";
import { heard, news } from "./announce.js";
import { Capture } from "./capture.js";
import { DeviceCheck } from "./check.js";
import { DeclaredLine, soundOnly } from "./declared.js";
import { remember, remembered, troubleSentence } from "./devices.js";
import { ask } from "./dialogs.js";
import { byId, say } from "./element.js";
import { Peers } from "./peers.js";
import { refusal, stayAwake } from "./presence.js";
import { Line } from "./protocol.js";
import { Quality } from "./quality.js";
import { keepSeat, takeSeat } from "./seat.js";
import { Sharing } from "./sharing.js";
import { Standing } from "./standing.js";
import { expected, isClosed, isLost, onStage, reduce, START } from "./state.js";
import { Fetched } from "./traffic.js";
import { View } from "./view.js";
import { showPreview } from "./waiting.js";
import { largest, Watch } from "./watch.js";

/** Failed attempts to reconnect after which we ask over HTTP whether we are still welcome. */
const PROBE_EVERY = 3;

/** @typedef {import("./waiting.js").Waiting} Waiting */

/** The welcome of a phone that neither sends nor hears. @param {any} welcome */
function silenced(welcome) {
  return { ...welcome, may: welcome.may.filter((/** @type {string} */ type) => !/^(media|share|site)\./.test(type)) };
}

class Client {
  /** @type {import("./state.js").State} */ state = START;
  /** @type {import("./parts.js").Local} */
  local = {
    phase: "check",
    reason: "",
    line: "idle",
    media: { up: "none", down: "none" },
    streams: {},
    mine: { audio: null, video: null },
    on: { audio: false, video: false },
    waiting: null,
    said: "",
    speaker: "",
    declared: { kbps: null, megabytes: null },
    quality: { level: "good", sentence: "" },
    screen: false,
  };
  #mediaRuns = false;
  /** @type {Watch[]} a window each */ #watches = [];
  /** it was on when the line became too thin for it */ #cameraWaits = false;
  #quality = new Quality();
  #fetched = new Fetched();
  #clockAhead = 0;
  #drawing = false;

  /** @param {{room: string, socket: string, you: {role: string}, desk: string, relay: boolean, phone: boolean}} page
   * @param {import("./seat.js").Seat} seat */
  constructor(page, seat) {
    this.room = page.room;
    this.seat = seat;
    this.relay = page.relay;
    this.silent = page.phone; // a phone beside the device of a site: neither sends nor hears
    this.publishes = page.you.role !== "viewer" && !this.silent;
    const address = new URL(page.socket, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("page", seat.page);
    this.line = new Line(address.href, { heard: (m) => this._heard(m), changed: (s, d) => this._lineChanged(s, d) });
    const send = (/** @type {string} */ type, /** @type {object} */ fields) => this.line.send(type, fields);
    this.peers = new Peers({ send, changed: () => this._mediaChanged(), stirred: () => this.line.check() });
    this.standing = new Standing(send);
    this.declared = new DeclaredLine(() => this._declare());
    const none = { audio: false, video: false };
    const chairs = page.you.role === "chair";
    const { wanted, chosen, speaker, first } = remembered({ inside: seat.inside, chairs });
    this.capture = new Capture({ wanted: this.publishes ? wanted : none, chosen, changed: () => this._captured() });
    this.sharing = new Sharing(() => this._captured());
    const { kbps, megabytes } = this.declared.value;
    this.check = new DeviceCheck(this.capture, {
      speaker,
      first,
      changed: () => this._captured(),
      address: `${location.pathname}/line`,
      join: () => this._join(),
      spare: () => this.declared.spare(),
      thrifty: seat.inside || kbps !== null || megabytes !== null || Boolean(/** @type {any} */ (navigator).connection?.saveData),
    });
    this.view = new View({
      act: (type, fields, refused) => this._act(type, fields, refused),
      tell: (type, fields) => this.line.send(type, fields).catch(() => {}),
      share: (on) => this._share(on),
      turn: (kind, on) => this._turn(kind, on),
      leave: () => this._leave(),
      back: () => this._back(),
      now: () => Date.now() + this.#clockAhead,
      watchIn: (view) => this._watchIn(view),
      changed: () => this._draw(),
      desk: page.desk,
    });
    this._declare();
    byId("check-devices").hidden = !this.publishes;
    byId("check-viewer").hidden = this.publishes;
    if (this.publishes) this.capture.start();
    setInterval(() => {
      this.view.tick();
      this._tend();
    }, 1000);
    addEventListener("online", () => this._networkChanged(true));
    /** @type {any} */ (navigator).connection?.addEventListener?.("change", () => this._networkChanged());
    document.addEventListener("visibilitychange", () => {
      this.line.check();
      if (this.#mediaRuns) stayAwake();
    });
    if (seat.inside || this.silent) this._join(); // loaded anew, or crashed: nobody has to press anything again
    this._draw();
  }

  _join() {
    if (!this.declared.valid()) return;
    remember(this.capture, this.check.speaker); // what was chosen last may still be waiting for its device
    this.check.close();
    this.declared.enter();
    this._enter();
    byId("meeting-title").focus();
  }

  /** @param {any} message */
  _heard(message) {
    if (message.type === "media.hush") return this._hushed(message.kind);
    if (message.type === "waiting") return this._wait(message.waiting);
    if (message.type === "welcome" && this.local.phase === "lobby") this.local.phase = "room";
    if (message.type === "bye") this.local.said = message.text;
    if (message.type.startsWith("media.")) return this.peers.hear(message);
    if (message.type === "error") return this.view.notice(message.message);
    if (message.type === "bye" && isClosed(this.state) && message.reason === this.state.meeting.state) {
      return this.line.end("closed");
    }
    const before = this.state;
    this.state = reduce(before, this.silent && message.type === "welcome" ? silenced(message) : message);
    if (message.type === "welcome" && message.now) this.#clockAhead = Date.parse(message.now) - Date.now();
    if (message.type === "welcome") this.standing.welcomed();
    this._runMedia(message.type === "welcome" ? message : null);
    this.peers.expect(this.#mediaRuns && !this.silent ? expected(this.state) : []);
    this.view.announce(news(before, this.state));
    this.view.announce(heard(before, this.state), { shown: false });
    if (before.sharing !== this.state.sharing) this._sameScreen();
    this._draw();
  }

  /** Outside the door: nothing of ours is sent, and nothing of the meeting is heard. @param {Waiting} waiting */
  _wait(waiting) {
    this.local.phase = "lobby";
    this.local.waiting = waiting;
    this._runMedia(null);
    showPreview(this.capture.tracks.video);
    this._draw();
  }

  /** The chair or the secretary has switched us off. @param {"audio" | "video"} kind */
  async _hushed(kind) {
    if (!this.capture.on(kind)) return;
    await this.capture.turn(kind, false);
    const { locked } = this.state.order;
    const mic = locked ? t("Chủ trì đang khóa mic.") : t("Mic của đồng chí đã được chủ trì hoặc thư ký tắt.");
    this.view.notice(kind === "audio" ? mic : t("Camera của đồng chí đã được chủ trì hoặc thư ký tắt."));
  }

  /** Media runs while we are in a meeting that is not over. @param {any} welcome a new one: check both ways */
  _runMedia(welcome) {
    const runs = this.local.phase === "room" && !isClosed(this.state);
    if (runs && welcome && !this.silent) {
      this.publishes = welcome.may.includes("media.offer");
      const { transports: living, ice } = welcome;
      this.peers.join({ publish: this.publishes, living, ice, relay: this.relay });
      const idle = !this.capture.tracks.audio && !this.capture.asking;
      if (this.publishes && !this.#mediaRuns && idle) this.capture.start();
    }
    if (!runs && this.#mediaRuns) {
      this.peers.close();
      this.capture.stop();
      this.sharing.stop();
    }
    const started = runs && !this.#mediaRuns;
    this.#mediaRuns = runs;
    if (started) stayAwake();
    this._tellMedia();
  }

  /** @param {import("./protocol.js").LineState} line @param {any} detail */
  _lineChanged(line, detail) {
    this.local.line = line;
    if (line !== "open") this.standing.lost();
    if (line === "lost" && detail % PROBE_EVERY === 0) refusal().then((why) => why && this.line.end(why));
    if (line === "ended") this._sit(false);
    if (line === "ended" && detail !== "closed") {
      this.local.phase = "ended";
      this.local.reason = detail;
      this.view.notice(""); // what was said of the room does not matter outside
      this._runMedia(null);
    }
    this._draw();
  }

  /** Another cable, another mast: look for the server from the new address at once. @param {boolean} [parted] */
  _networkChanged(parted = false) {
    if (parted) this.line.redial();
    else this.line.check();
    this.peers.search();
  }

  _enter() {
    this.local.phase = "room";
    this.line.open();
    this._sit(true);
    this._draw();
  }

  /** @param {boolean} inside whether this page comes back by itself when it is loaded anew */
  _sit(inside) {
    keepSeat(this.room, { page: this.seat.page, inside });
  }

  /** What the site says of its line: told to the server, and obeyed by what we send. */
  _declare() {
    const { inForce } = this.declared;
    this.local.declared = inForce;
    this.peers.declare(inForce.kbps);
    this.standing.set("media.line", inForce);
    const quiet = soundOnly(inForce) || this.#quality.starved;
    if (quiet && this.capture.wanted.video) {
      this.#cameraWaits = true;
      this.capture.turn("video", false);
    } else if (!quiet && this.#cameraWaits) {
      this.#cameraWaits = false;
      this.capture.turn("video", true);
    }
    this._tellWatch();
    if (this.#mediaRuns) this._mediaChanged();
  }

  /** @param {Window & typeof globalThis} view */
  _watchIn(view) {
    const watch = new Watch(() => this._tellWatch(), view);
    this.#watches.push(watch);
    return watch;
  }

  /** How the line fares; a starving voice takes the camera's share. */
  _judge() {
    const { streams } = this.local;
    const shown = Object.keys(this._sizes());
    const stage = this.silent ? [] : onStage(this.state);
    const sending = stage.filter((p) => p.video && !isLost(this.state, p) && shown.includes(p.id));
    const moving = sending.filter((p) => streams[p.id]?.video).length;
    const before = this.#quality.starved;
    this.#quality.look(this.peers.measures, { camera: this.capture.on("video"), watched: sending.length, moving });
    if (this.#quality.starved !== before) this._declare();
    const { level, sentence } = this.#quality;
    const known = this.local.quality;
    if (level === known.level && sentence === known.sentence) return;
    this.local.quality = { level, sentence };
    this._draw();
  }

  /** No picture is asked for that the line is not to carry. */
  _sizes() {
    return soundOnly(this.declared.inForce) ? {} : largest(this.#watches);
  }

  _tellWatch() {
    if (this.local.phase !== "room") return;
    this.standing.set("media.watch", { sizes: this._sizes() });
  }

  /** Once a second. */
  async _tend() {
    const octets = (await this.peers.tend()) + this.#fetched.take();
    if (!this.#mediaRuns) return;
    this.declared.use(this.state.meeting?.id ?? "", octets);
    this._judge();
  }

  _mediaChanged() {
    this.local.streams = this.peers.streams();
    if (soundOnly(this.declared.inForce)) for (const pair of Object.values(this.local.streams)) pair.video = null;
    this.local.media = this.peers.connection();
    this.peers.expect(this.#mediaRuns ? expected(this.state) : []);
    this._draw();
  }

  _captured() {
    const { capture, local } = this;
    this.peers.setTrack("audio", this.sharing.mixed(capture.tracks.audio));
    this.peers.setTrack("video", capture.tracks.video);
    this.peers.setTrack("screen", this.sharing.track);
    local.screen = this.sharing.track !== null;
    local.mine = { ...capture.tracks };
    local.speaker = this.check.speaker;
    local.on = { audio: capture.on("audio"), video: capture.on("video") };
    if (this.local.phase === "check") this.check.show();
    if (this.local.phase === "lobby") showPreview(this.capture.tracks.video);
    this._tellMedia();
    this._sameScreen();
    this._draw();
  }

  _tellMedia() {
    // While the devices of a page that was loaded anew are being opened the server's word stands: they were on.
    if (!this.publishes || !this.#mediaRuns || this.capture.asking) return;
    this.standing.set("media.state", { audio: this.capture.on("audio"), video: this.capture.on("video") });
  }

  /** @param {"audio" | "video"} kind @param {boolean} on */
  async _turn(kind, on = !this.capture.on(kind)) {
    if (on && kind === "video" && soundOnly(this.declared.inForce)) {
      return this.view.notice(this.declared.sentence);
    }
    if (on && kind === "video") this.#quality.insist();
    await this.capture.turn(kind, on);
    remember(this.capture, this.check.speaker);
    if (on && !this.capture.on(kind)) this.view.notice(troubleSentence(this.capture));
    else this.view.notice("");
  }

  /** Our screen, shown to everybody. The browser asks which window. @param {boolean} on */
  async _share(on) {
    if (!on) return this.sharing.stop();
    if (soundOnly(this.declared.inForce)) return this.view.notice(this.declared.sentence);
    const sound = await this.sharing.start();
    if (sound === null) return; // the reader thought better of it
    if (!(await this._act("share.start", { sound }))) return this.sharing.stop();
    this.sharing.settled = true;
    this._sameScreen();
  }

  /** What we share and what the meeting knows of it are the same: another may have ended it, or the browser. */
  _sameScreen() {
    const theirs = this.state.sharing.by === this.state.you;
    if (this.sharing.settled && this.sharing.track && !theirs) this.sharing.stop();
    if (!this.sharing.track && theirs && this.local.line === "open") this.line.send("share.stop", {}).catch(() => {});
  }

  /** Ask the server; a refusal becomes a sentence, told where `refused` puts it (else above all), "" if there is none.
   * @param {string} type @param {object} [fields] @param {(sentence: string) => void} [refused] */
  async _act(type, fields, refused = (sentence) => this.view.notice(sentence)) {
    try {
      await this.line.send(type, fields);
      this.view.notice("");
      refused("");
      return true;
    } catch (error) {
      const { code, message } = /** @type {import("./protocol.js").Refused} */ (error);
      if (code === "unheard" || code === "cut_off") return (await this._despite(message)) && this._act(type, { ...fields, anyway: true }, refused);
      const lost = t("Mất kết nối khi đang gửi. Xem lại khi nối lại được, rồi thực hiện lại nếu cần.");
      refused(code === "line_lost" ? lost : message);
      return false;
    }
  }

  /** The server has a doubt, and it is for us to decide. @param {string} doubt */
  async _despite(doubt) {
    say(byId("unheard-who"), doubt);
    say(byId("unheard-late"), this.state.vote?.rule.secret
      ? t("Bỏ phiếu kín không nhận phiếu muộn.")
      : t("Kết thúc rồi, đồng chí vẫn nhận được phiếu muộn của người mất kết nối: bấm “Nhận phiếu muộn” ở kết quả biểu quyết."));
    return (await ask("unheard")) === "yes";
  }

  _leave() {
    this._sit(false); // even if the line is lost just now
    const end = () => this.line.end("left");
    if (this.local.phase === "lobby") return end(); // nobody there to take leave of
    this.line.send("leave").then(end, end);
  }

  _back() {
    if (this.local.reason === "signin" || this.local.reason === "over") return location.reload();
    this._enter();
  }

  /** Once a turn of the event loop, however many changes it brought. */
  _draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.view.show(this.state, this.local);
    });
  }

}

/** @type {{room: string, socket: string, you: {role: string}, desk: string, relay: boolean}} */
const page = JSON.parse(byId("page").textContent);
takeSeat(page.room).then((seat) => {
  const client = new Client(page, seat);
  // For tests and for whoever has to find out why there is no picture: values only, nothing to command.
  const value = Object.freeze({ state: () => client.state, stats: () => client.peers.stats() });
  Object.defineProperty(window, "giaoban", { value });
});
