"""GStreamer's webrtcbin as a WHIP publisher and a WHEP viewer. Run by Debian's Python, which has its bindings:

    /usr/bin/python3 webrtcbin.py publish|watch URL TOKEN

Prints a JSON object a line: {"state": …} for every state of the connection, {"decoded": {"audio": n, "video": n}} twice
a second. Ends by SIGTERM.
"""

import json
import sys
import threading
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402 - versions are chosen first

VIDEO = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000"
AUDIO = "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2"
PUBLISHED = (
    "webrtcbin name=peer bundle-policy=max-bundle "
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=15/1 ! videoconvert "
    "! vp8enc deadline=1 target-bitrate=400000 keyframe-max-dist=300 error-resilient=1 "
    "! rtpvp8pay picture-id-mode=2 ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! peer. "
    "audiotestsrc is-live=true freq=440 ! audioconvert ! audioresample ! opusenc ! rtpopuspay "
    "! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! peer. "
)
DECODERS = {"video": "rtpvp8depay ! vp8dec", "audio": "rtpopusdepay ! opusdec"}


def say(**what):
    print(json.dumps(what), flush=True)


class Peer:
    """One connection. Owned: the pipeline."""

    def __init__(self, publish, url, token):
        self.url, self.token = url, token
        self.decoded = {"audio": 0, "video": 0}
        self.asked = False
        if publish:
            self.pipeline = Gst.parse_launch(PUBLISHED)
            self.bin = self.pipeline.get_by_name("peer")
        else:
            self.pipeline = Gst.Pipeline.new("watcher")
            self.bin = Gst.ElementFactory.make("webrtcbin", "peer")
            self.bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
            self.pipeline.add(self.bin)
        self.bin.connect("notify::ice-gathering-state", self.gathered)
        self.bin.connect("notify::connection-state", self.changed)
        self.bin.connect("pad-added", self.arrives)
        if publish:
            self.bin.connect("on-negotiation-needed", self.offer)
        self.pipeline.set_state(Gst.State.PLAYING)
        if not publish:
            for caps in (AUDIO, VIDEO):
                direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
                self.bin.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
            self.offer(self.bin)

    def offer(self, peer):
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered, None, None))

    def offered(self, promise, *_):
        promise.wait()
        reply = promise.get_reply()  # the offer lives only as long as the reply
        self.bin.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def gathered(self, peer, _):
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if peer.get_property("ice-gathering-state") == complete and not self.asked:
            self.asked = True
            text = peer.get_property("local-description").sdp.as_text()
            threading.Thread(target=self.post, args=(text,), daemon=True).start()

    def post(self, offer):
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url, data=offer.encode(), headers=headers)
        with urllib.request.urlopen(request) as response:
            _, answer = GstSdp.SDPMessage.new_from_text(response.read().decode())
        described = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, answer)
        self.bin.emit("set-remote-description", described, Gst.Promise.new())

    def changed(self, peer, _):
        say(state=peer.get_property("connection-state").value_nick)

    def arrives(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        kind = "video" if "media=(string)video" in pad.get_current_caps().to_string() else "audio"
        sink = "fakesink name=end signal-handoffs=true sync=false"
        decoder = Gst.parse_bin_from_description(f"{DECODERS[kind]} ! {sink}", True)
        decoder.get_by_name("end").connect("handoff", lambda *_: self.count(kind))
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def count(self, kind):
        self.decoded[kind] += 1

    def tell(self):
        say(decoded=self.decoded)
        return True


def main(act, url, token):
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer(act == "publish", url, token)
    bus = peer.pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message::error", lambda _, message: say(error=str(message.parse_error())))
    GLib.timeout_add(500, peer.tell)
    loop.run()


main(*sys.argv[1:])
