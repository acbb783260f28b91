// Sign-in as the register checks it: an EdDSA token, its issuer and audience, kept once checked.
import { readFileSync } from "node:fs";
import { createVerifier } from "fast-jwt";

export const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));

const verify = createVerifier({
  key: settings.key,
  algorithms: ["EdDSA"],
  allowedIss: "datatitle",
  allowedAud: "datatitle",
  cache: true,
});

export function signedIn(authorization) {
  return verify((authorization ?? "").replace("Bearer ", ""));
}
