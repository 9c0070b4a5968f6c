// Signalling for bench/rivals.py: POST /publish and /subscribe make one WebRtcTransport each, on one worker and router.
const http = require("http");
const mediasoup = require(process.env.MEDIASOUP_DIR);

const codecs = [
  { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2, preferredPayloadType: 111 },
  { kind: "video", mimeType: "video/VP8", clockRate: 90000, preferredPayloadType: 96 },
];
const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";
const feedback = [{ type: "nack" }, { type: "nack", parameter: "pli" }, { type: "ccm", parameter: "fir" }];

async function main() {
  const worker = await mediasoup.createWorker({ logLevel: "error", rtcMinPort: 30000, rtcMaxPort: 39999 });
  const router = await worker.createRouter({ mediaCodecs: codecs });
  const capabilities = JSON.parse(JSON.stringify(router.rtpCapabilities));
  // The load's peers give no bandwidth feedback, and no server is asked to estimate.
  for (const codec of capabilities.codecs) {
    codec.rtcpFeedback = codec.rtcpFeedback.filter((item) => !["transport-cc", "goog-remb"].includes(item.type));
  }
  capabilities.codecs = capabilities.codecs.filter((codec) => !codec.mimeType.includes("rtx"));
  capabilities.headerExtensions = capabilities.headerExtensions.filter((item) => item.uri === MID);
  const feeds = new Map();

  async function transport(fingerprint) {
    const made = await router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
    await made.connect({ dtlsParameters: { role: "client", fingerprints: [{ algorithm: "sha-256", value: fingerprint }] } });
    made.on("dtlsstatechange", (state) => ["closed", "failed"].includes(state) && made.close());
    return made;
  }

  function describe(made) {
    const { usernameFragment: ufrag, password: pwd } = made.iceParameters;
    const { ip, port } = made.iceCandidates[0];
    const fingerprint = made.dtlsParameters.fingerprints.find((item) => item.algorithm === "sha-256").value;
    return { ufrag, pwd, ip, port, fingerprint };
  }

  const doors = {
    "/publish": async (asked) => {
      const made = await transport(asked.fingerprint);
      const feed = [];
      for (const [index, codec] of codecs.entries()) {
        const { kind, mimeType, clockRate, channels } = codec;
        const rtcpFeedback = kind === "video" ? feedback : [];
        feed.push(await made.produce({ kind, rtpParameters: {
          mid: String(index),
          codecs: [{ mimeType, clockRate, channels, payloadType: asked.types[index], rtcpFeedback }],
          headerExtensions: [{ uri: MID, id: 1 }],
          encodings: [{ ssrc: asked[kind] }],
          rtcp: { cname: asked.name },
        } }));
      }
      feeds.set(asked.name, feed);
      return describe(made);
    },
    "/subscribe": async (asked) => {
      const made = await transport(asked.fingerprint);
      for (const producer of asked.feeds.flatMap((name) => feeds.get(name))) {
        await made.consume({ producerId: producer.id, rtpCapabilities: capabilities });
      }
      return describe(made);
    },
  };

  http.createServer(async (request, response) => {
    try {
      let body = "";
      for await (const part of request) body += part;
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(await doors[request.url](JSON.parse(body))));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  }).listen(Number(process.env.PORT), "127.0.0.1");
}

main();
