// What must not leave in a text: keys, passwords and tokens, wherever they stand. Pure.

const masked = '***';

/** Names of fields and parameters whose values are secrets. */
const secretName = /keys?$|pass(word|wd|phrase)?$|secret|token|authorization|cookie|credential|signature|(^|[_-])pin$/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Whatever may stand between a name and its value: `=`, `": "`, `\": \"`. */
const between = String.raw`(\\*["']?\s*[=:]\s*\\*["']?)`;

const inTexts: readonly (readonly [pattern: RegExp, instead: string])[] = [
  // A user and password in a URL, as RFC 3986 §3.2.1 has them; a password may hold an @ of its own.
  [/:\/\/[^/\s"'<>]*@/g, `://${masked}@`],
  [/\b(bearer\s+)[\w.~+/=-]{3,}/gi, `$1${masked}`],
  [/\b([Bb]asic\s+)(?=[a-z]*[A-Z\d+/=])[\w+/=]{3,}/g, `$1${masked}`],
  // Headers, to the end of what they say.
  [new RegExp(String.raw`(authorization|x-api-key|cookie)${between}(?!\*)[^\r\n"'\\]+`, 'gi'), `$1$2${masked}`],
  // `name=value` and `"name":"value"`, as in a query, a command line, an environment or JSON.
  [
    new RegExp(
      String.raw`(api[_-]?key|passw(?:or)?d|passphrase|secret|token|credentials?|signature|\b(?:key|pass|pin|sig))${between}(?!\*)[^\s"'\\&;,#)}\]]+`,
      'gi',
    ),
    `$1$2${masked}`,
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, masked],
  // RFC 7519 §3: three parts, of which the first is a JSON object in base64url.
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, masked],
];

/** The same text without what looks like a secret in it. */
export function maskSecrets(text: string): string {
  return inTexts.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
}
