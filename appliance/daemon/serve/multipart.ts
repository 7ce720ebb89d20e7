// Opens the form that brings files.
import { Busboy, type BusboyConfig } from '@fastify/busboy';
import { missing, Unprocessable } from './mistakes.ts';

/** One read of the socket brings up to 512 KiB; smaller marks would stop the form at every one of them. */
const highWaterMark = 512 * 1024;

/** `type`: the request's content type. Throws Unprocessable where it is no form with files. */
export function openForm(type: string, limits: NonNullable<BusboyConfig['limits']>): InstanceType<typeof Busboy> {
  if (!/^multipart\/form-data;.*boundary=/i.test(type)) throw new Unprocessable([missing('body', 'file')]);
  return new Busboy({ headers: { 'content-type': type }, limits, highWaterMark, fileHwm: highWaterMark });
}
