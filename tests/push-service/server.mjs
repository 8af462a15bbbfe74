// A push service for tests (RFC 8030): hands out subscriptions, checks who sends (VAPID, RFC 8292), and decrypts what
// comes as a browser would (RFC 8291), both with libraries that are not ours. It answers what it is told to.
//
//   POST /subscriptions              {endpoint, keys}
//   PUT  /answers/ID                 {status, headers, hang}: what a subscription answers from now on
//   GET  /messages                   what came, with `fault` where something was wrong
import { createECDH, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import ece from "http_ece";
import { calculateJwkThumbprint, decodeJwt, importJWK, jwtVerify } from "jose";

const subscriptions = new Map();
let messages = [];
let origin;

async function body(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

function subscribe() {
  const key = createECDH("prime256v1");
  const secret = randomBytes(16);
  const id = randomBytes(12).toString("hex");
  subscriptions.set(id, { key, secret, answer: { status: 201 } });
  const keys = { p256dh: key.generateKeys("base64url"), auth: secret.toString("base64url") };
  return { id, endpoint: `${origin}/push/${id}`, keys };
}

// Who sends: the claims of the token, if its signature is of the key beside it and it is for this service.
async function sender(authorization) {
  const [, token, key] = /^vapid t=([^,]+), ?k=([\w-]+)$/.exec(authorization ?? "") ?? [];
  if (!token) throw new Error("no vapid");
  const point = Buffer.from(key, "base64url");
  if (point.length !== 65 || point[0] !== 4) throw new Error("no point");
  const jwk = { kty: "EC", crv: "P-256", x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  // The clock of the tests stands still: validity is told by the token itself, and its length is checked by the tests.
  const currentDate = new Date((decodeJwt(token).exp - 1) * 1000);
  const { payload } = await jwtVerify(token, await importJWK(jwk, "ES256"), { audience: origin, algorithms: ["ES256"], currentDate });
  if (!/^(mailto:|https:)/.test(payload.sub ?? "")) throw new Error("no contact");
  return { key, exp: payload.exp, thumbprint: await calculateJwkThumbprint(jwk) };
}

async function push(request, response, id) {
  const subscription = subscriptions.get(id);
  const message = { id, ttl: request.headers.ttl, topic: request.headers.topic };
  const payload = await body(request).catch(() => null);
  if (!payload) return; // who sent it is gone
  try {
    message.sender = await sender(request.headers.authorization);
    if (request.headers["content-encoding"] !== "aes128gcm") throw new Error("no aes128gcm");
    if (!/^[\w-]{1,32}$/.test(message.topic ?? "")) throw new Error("no topic");
    if (payload.length > 4096) throw new Error("too large");
    const options = { version: "aes128gcm", privateKey: subscription.key, authSecret: subscription.secret };
    message.payload = JSON.parse(ece.decrypt(payload, options).toString());
  } catch (error) {
    message.fault = String(error);
  }
  messages.push(message);
  const { status, headers, hang } = subscription.answer;
  if (!hang) response.writeHead(message.fault ? 400 : status, headers).end();
}

const server = createServer(async (request, response) => {
  const [, what, id] = request.url.split("/");
  if (what === "push") return push(request, response, id);
  let answer = {};
  if (what === "subscriptions") answer = subscribe();
  if (what === "answers") subscriptions.get(id).answer = JSON.parse(await body(request));
  if (what === "messages") [answer, messages] = [messages, []];
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => {
  origin = `http://127.0.0.1:${server.address().port}`;
  console.log(JSON.stringify({ origin }));
});
process.stdin.resume().on("end", () => process.exit());
