import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** The certificate that the server shows, its own authority: for localhost, valid in January 2020. */
export const expiredCertificate = `-----BEGIN CERTIFICATE-----
MIIBYTCCAQigAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMjAwMTAxMDAwMDAwWhcNMjAwMjAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARCqgvOkZT479L+ogwa
1pfI3H1yW40Db3D+3HTOWk5gTa5bOzrhrTD9KTa73Brr/+P+7uAhPbbvWp9jF0/f
2zOho0swSTAMBgNVHRMEBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAA
ATAdBgNVHQ4EFgQUdjyG9fxJMqkztdDDgS0fSPT31SQwCgYIKoZIzj0EAwIDRwAw
RAIgajKGzjyJZKkK5rG1KJH6H9u+QE9BAdoNcu79zqRxN2ICIBtu0MiW4s07+1IU
yQNQxbXDWxCkVRp0MbAZtSRfeT62
-----END CERTIFICATE-----`;

/** Its key, made for this and used for nothing else. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRCNS6F/cX51VaKD3
RDC4m6J+x9X2MnhaAafIID+QRyOhRANCAARCqgvOkZT479L+ogwa1pfI3H1yW40D
b3D+3HTOWk5gTa5bOzrhrTD9KTa73Brr/+P+7uAhPbbvWp9jF0/f2zOh
-----END PRIVATE KEY-----`;

const secureContext = createSecureContext({ cert: expiredCertificate, key });

/**
 * A server on loopback whose certificate has expired, and which never gets as far as to answer anything. PostgreSQL's
 * clients ask in the clear whether there is TLS; others begin with it.
 */
export async function openExpiredServer(protocol: 'postgresql' | 'tls'): Promise<Server> {
  const secure = (socket: Socket) => {
    new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => socket.destroy());
  };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (protocol === 'tls') {
      secure(socket);
      return;
    }
    socket.once('data', () => {
      socket.write('S');
      secure(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
