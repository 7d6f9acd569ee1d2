import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limitConnections, type ConnectionLimits } from '../../src/http/connection-limits.js';
import { until } from '../support/until.js';

describe('open connections', () => {
  let server: Server;
  const sockets: Socket[] = [];
  /** Requests that have come in as a whole and are not answered yet. */
  const atWork: ServerResponse[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    atWork.splice(0);
    await new Promise((resolve) => server.close(resolve));
  });
  const start = async (limits: ConnectionLimits, proxies: readonly string[] = []) => {
    server = createServer((request, response) => {
      request.resume().once('end', () => {
        if (request.url === '/slow') atWork.push(response);
        else response.end('done');
      });
    });
    limitConnections(server, proxies, limits);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  };
  const open = async (from = '127.0.0.1'): Promise<Socket> => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', localAddress: from });
    socket.on('error', () => undefined).resume();
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    return socket;
  };
  const isClosed = (socket: Socket) => until('it is closed', async () => socket.destroyed);
  const answered = (socket: Socket, path: string, method = 'GET', more = '') =>
    new Promise<string>((resolve, reject) => {
      socket.once('data', (data: Buffer) => resolve(data.toString()));
      socket.once('close', () => reject(new Error('closed')));
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`);
    });
  const beginWork = async (): Promise<Socket> => {
    const socket = await open();
    const before = atWork.length;
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n');
    await until('the request is in flight', async () => atWork.length > before);
    return socket;
  };

  it('of one address are limited: the one that has been idle longest makes room, and the new one is served', async () => {
    await start({ total: 100, ofAddress: 3 });
    const [first, second, third] = [await open(), await open(), await open()];
    expect(await answered(first, '/')).toContain('200 OK');
    const fourth = await open();
    await isClosed(second);
    expect(await answered(fourth, '/')).toContain('200 OK');
    await open();
    await isClosed(third);
    expect([first.destroyed, fourth.destroyed]).toEqual([false, false]);
  });

  it('that are at work are never closed for another: then the new one is', async () => {
    await start({ total: 100, ofAddress: 2 });
    const working = [await beginWork(), await beginWork()];
    await isClosed(await open());
    for (const response of atWork) response.end('done');
    await until('both are idle', async () => atWork.every(({ writableFinished }) => writableFinished));
    expect(await answered(await open(), '/')).toContain('200 OK');
    expect(working.filter(({ destroyed }) => destroyed).length).toBe(1);
  });

  it('whose request has not come in as a whole are not at work', async () => {
    await start({ total: 100, ofAddress: 1 });
    const slow = await open();
    slow.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nbegun');
    await until('the request is seen', async () => slow.bytesWritten > 0);
    expect(await answered(await open(), '/')).toContain('200 OK');
    await isClosed(slow);
  });

  it('of all addresses are limited: the address with most of them makes room', async () => {
    await start({ total: 4, ofAddress: 100 });
    const many = [await open('127.0.0.2'), await open('127.0.0.2'), await open('127.0.0.2')];
    const other = await open('127.0.0.3');
    expect(await answered(await open('127.0.0.4'), '/')).toContain('200 OK');
    await isClosed(many[0]!);
    expect(other.destroyed).toBe(false);
  });

  it('of a proxy are limited by the total alone', async () => {
    await start({ total: 100, ofAddress: 2 }, ['127.0.0.2', '127.1.0.0/16', 'no address']);
    for (const from of ['127.0.0.2', '127.1.2.3']) {
      const proxied = [await open(from), await open(from), await open(from)];
      for (const socket of proxied) expect(await answered(socket, '/')).toContain('200 OK');
    }
    const [first] = [await open('127.0.0.3'), await open('127.0.0.3'), await open('127.0.0.3')];
    await isClosed(first);
  });
});
