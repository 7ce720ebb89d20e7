// Where a target puts what is made of a job, as people are told: without a login, a query or a header.
import type { WrittenTarget } from './book.ts';

export function placeOf(target: WrittenTarget, jobId: string): string {
  switch (target.kind) {
    case 'folder':
      return `${target.path.replace(/\/+$/, '')}/${jobId}/`;
    case 's3':
      return `s3://${target.bucket}/${target.prefix}${jobId}/`;
    case 'http':
      return (
        target.url
          .replace(/[?#].*$/, '')
          .replaceAll('{job_id}', jobId)
          // A file each: what they have in common ends where their names begin.
          .replace(/\{file\}.*$/, '')
      );
    default:
      return target satisfies never;
  }
}
