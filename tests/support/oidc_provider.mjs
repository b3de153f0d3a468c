// A real OpenID Connect provider (the certified `oidc-provider`), with its own pages for signing in.
// node oidc_provider.mjs PORT REDIRECT_URI; whoever signs in is the subject that they type as their login.
// Each process signs with a key of its own, which all of them call by the same name.

import { generateKeyPairSync } from "node:crypto";

import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "zhijie",
    client_secret: "a-secret-of-the-tests",
    redirect_uris: [redirect],
    response_types: ["code"],
    grant_types: ["authorization_code"],
  }],
  cookies: { keys: ["keys of the tests"] },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "the-only-one", use: "sig", alg: "RS256" }] },
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
