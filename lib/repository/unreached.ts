/** Why git did not even get to the server's door, from libcurl's words with OpenSSL or GnuTLS below it. */
const WORDINGS: readonly (readonly [RegExp, (host: string) => string])[] = [
  [
    /SSL certificate problem: (unable to get (local )?issuer|self.signed)|server certificate verification failed|certificate signer not trusted/i,
    (host) =>
      `the certificate of ${host} is signed by an authority that is not trusted here: put its certificate (PEM) into the secret of gitNetwork.caBundle`,
  ],
  [
    /SSL certificate problem: certificate has expired|certificate has expired/i,
    (host) => `the certificate of ${host} has expired: everything waits until it is renewed`,
  ],
  [
    /no alternative certificate subject name|certificate subject name .* does not match|does not match target host name/i,
    (host) =>
      `the certificate that answers for ${host} is for another host: is the URL right, or what stands before it?`,
  ],
  [
    /error setting certificate (verify|file)|Error reading (ca )?cert|CAfile.*No such file/i,
    () => 'the certificates of gitNetwork.caBundle cannot be used',
  ],
  [
    /HTTP code 407 from proxy|CONNECT tunnel failed, response 407/i,
    () =>
      'the proxy of gitNetwork asks for a user (407), which is not supported: let these subnets through it without',
  ],
  [
    // A proxy's own 5xx, or its end in the middle, is no rule of it: that is tried again, as a host's is.
    /HTTP code 4\d\d from proxy|CONNECT tunnel failed, response 4\d\d/i,
    (host) =>
      `the proxy of gitNetwork does not let through to ${host}: it is to be allowed there, or named in gitNetwork.noProxy`,
  ],
  [
    /Could not resolve proxy/i,
    () => 'the proxy of gitNetwork is not found by its name: does the DNS of the VPC know it?',
  ],
];

/** One line for who must act; undefined where something else was wrong. @param output what git printed */
export function unreachedOf(output: string): string | undefined {
  const own = output
    .split(/\r\n|[\r\n]/)
    .filter((line) => !line.startsWith('remote:'))
    .join('\n');
  const host = /unable to access '[a-z]+:\/\/([^/']+)/.exec(own)?.[1] ?? 'the Git host';
  return WORDINGS.find(([wording]) => wording.test(own))?.[1](host);
}
