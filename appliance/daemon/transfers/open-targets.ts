// The targets that pipelines.yaml names, each by what speaks its language.
import type { WrittenTarget } from '../pipelines/book.ts';
import { FolderTarget } from './folder-target.ts';
import { HttpTarget } from './http-target.ts';
import { S3Target } from './s3-target.ts';
import type { Target } from './target.ts';

export async function openTargets(written: Readonly<Record<string, WrittenTarget>>): Promise<Map<string, Target>> {
  const targets = new Map<string, Target>();
  for (const [name, one] of Object.entries(written)) targets.set(name, await openTarget(one));
  return targets;
}

async function openTarget(written: WrittenTarget): Promise<Target> {
  switch (written.kind) {
    case 'folder':
      return new FolderTarget(written);
    case 's3':
      return S3Target.open(written);
    case 'http':
      return new HttpTarget(written);
    default:
      return written satisfies never;
  }
}
