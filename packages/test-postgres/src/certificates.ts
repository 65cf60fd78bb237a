import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A certificate authority made for a test, and server certificates that it signs. PEM text. */
export interface TestAuthority {
  readonly certificate: string;
  /** A certificate for these host names. */
  issue(hosts: readonly string[]): { readonly key: string; readonly certificate: string };
}

/** Node signs and verifies, but makes no certificates: these few fields of X.509 v3 (RFC 5280) are put together by hand. */
export function testAuthority(name: string): TestAuthority {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const mayIssue = extension("551d13", seq(der(0x01, Buffer.from([0xff]))));
  return {
    certificate: certificate({
      serial: 1,
      issuer: name,
      subject: name,
      key: own.publicKey,
      signer: own.privateKey,
      extensions: [mayIssue],
    }),
    issue(hosts) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const names = extension("551d11", seq(...hosts.map((host) => der(0x82, Buffer.from(host)))));
      const subject = hosts[0] ?? "nobody";
      return {
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        certificate: certificate({
          serial: 2,
          issuer: name,
          subject,
          key: pair.publicKey,
          signer: own.privateKey,
          extensions: [names],
        }),
      };
    },
  };
}

interface CertificateFields {
  readonly serial: number;
  readonly issuer: string;
  readonly subject: string;
  readonly key: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
}

const ECDSA_SHA256 = seq(oid("2a8648ce3d040302"));

function certificate({ serial, issuer, subject, key, signer, extensions }: CertificateFields): string {
  const validity = seq(der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));
  const body = seq(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial])),
    ECDSA_SHA256,
    commonName(issuer),
    validity,
    commonName(subject),
    key.export({ type: "spki", format: "der" }),
    der(0xa3, seq(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, signer)]));
  const text = seq(body, ECDSA_SHA256, signature).toString("base64").replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return seq(der(0x31, seq(oid("550403"), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer): Buffer {
  return seq(oid(id), der(0x04, value));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function seq(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

/** One tagged value with its length (ITU-T X.690). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}
