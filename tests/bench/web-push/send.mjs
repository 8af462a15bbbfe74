// Sends messages with npm's `web-push`, as many at once as the function does, over connections that it keeps.
//
//   node send.mjs keys       prints new keys: `vapid` of a server, `browser` of a subscription
//   node send.mjs send       sends what the plan on its standard input says, and prints what that took
import { createECDH, randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import push from "web-push";

function keys() {
  const browser = createECDH("prime256v1");
  const p256dh = browser.generateKeys("base64url");
  return { vapid: push.generateVAPIDKeys(), browser: { p256dh, auth: randomBytes(16).toString("base64url") } };
}

async function send({ origin, count, at_once, message, subject, vapid, browser, topic }) {
  const agent = new Agent({ keepAlive: true, maxSockets: at_once });
  const options = { vapidDetails: { subject, ...vapid }, TTL: 14400, urgency: "normal", topic };
  let next = 0;
  const one = (index) =>
    new Promise((resolve, reject) => {
      // The library sends by https alone; what it encrypts and signs goes by http to the stand-in, as the function's does.
      const { endpoint, method, headers, body } = push.generateRequestDetails(
        { endpoint: `${origin}/push/${index}`, keys: browser },
        message,
        options,
      );
      const sent = request(endpoint, { method, headers, agent }, (answer) => {
        answer.resume().on("end", () => (answer.statusCode === 201 ? resolve() : reject(new Error(answer.statusCode))));
      });
      sent.on("error", reject).end(body);
    });
  const sender = async () => {
    while (next < count) await one(next++);
  };
  const [began, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: at_once }, sender));
  const { user, system } = process.cpuUsage(before);
  agent.destroy();
  return { seconds: (performance.now() - began) / 1000, cpu_us: (user + system) / count };
}

const what = process.argv[2] === "keys" ? keys() : await send(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify(what));
