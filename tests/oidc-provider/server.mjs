// An OpenID Connect provider for the tests: any name signs in with any password and becomes `sub`.
//
// REDIRECT_URIS   where the app may be answered, comma separated
// PORT, LISTEN    the port, which is also the issuer's, and the address to listen on; else a free one of loopback
// stdout          one line when ready: {"issuer":"http://127.0.0.1:PORT"}
// stdin           closing it ends the provider, so that a killed test leaves none behind

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

// Its notices are about use in production, and stdout belongs to the line above.
console.info = console.warn = () => {};
const { Provider } = await import('oidc-provider');

process.stdin.resume().on('close', () => process.exit());

const server = createServer().listen(process.env.PORT ?? 0, process.env.LISTEN ?? '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

// Encoded as it is generated: an export after that can deadlock in Node.js. It holds the lock of the key while a garbage
// collection destroys the generator, which needs the same lock.
const jwk = { format: 'jwk' };
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: jwk,
  privateKeyEncoding: jwk,
});

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'hanip',
      client_secret: 'hanip-secret-for-tests',
      token_endpoint_auth_method: 'client_secret_basic',
      redirect_uris: process.env.REDIRECT_URIS.split(','),
    },
  ],
  pkce: { required: () => true }, // S256 is the only method it knows
  scopes: ['openid', 'profile', 'email'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false, // name and email in the ID token too, as Google and Kakao do
  findAccount: (_, login) => ({
    accountId: login,
    claims: () => ({ sub: login, name: login, email: `${login}@example.test`, email_verified: true }),
  }),
  features: { devInteractions: { enabled: true } },
  jwks: { keys: [{ ...privateKey, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomUUID()] },
});
provider.on('server_error', (_, error) => console.error(error));

const answer = provider.callback();
server.on('request', (request, response) => {
  // Every sign-in forgets the one before, so that one browser can be several people in turn.
  if (request.url.startsWith('/auth?')) {
    delete request.headers.cookie;
    response.setHeader('set-cookie', ['_session=; max-age=0; path=/', '_session.sig=; max-age=0; path=/']);
  }
  // Its pages ask for a web font from outside; a test must not wait for one.
  response.setHeader('content-security-policy', "style-src 'unsafe-inline'");
  answer(request, response);
});

console.log(JSON.stringify({ issuer }));
