// The id of a job as clients may write it.
import { z } from 'zod';

/** A UUID as clients write it (32 hex, upper case, braces, urn:uuid:), normalised to the lower-case hyphened form. */
export const JobId = z
  .string()
  .transform((text) =>
    text
      .toLowerCase()
      .replace(/^urn:uuid:/, '')
      .replace(/^\{(.*)\}$/, '$1')
      .replaceAll('-', ''),
  )
  .pipe(z.string().regex(/^[0-9a-f]{32}$/, 'value is not a valid uuid'))
  .transform((hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
