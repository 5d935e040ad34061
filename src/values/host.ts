import { isIP } from 'node:net';

/** Is it an IP address (IPv6 without brackets and without a zone) or a host name? Said of what a server sent, too. */
export const isHost = (text: string): boolean =>
  text.includes(':') ? isIP(text) === 6 && !text.includes('%') : /^[\w.-]{1,253}$/.test(text);

export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
