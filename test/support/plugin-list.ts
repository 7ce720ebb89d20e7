// The list of GStreamer plugins that processes of the tests share: making one of its own costs each of them seconds.
import { homedir } from 'node:os';
import { join } from 'node:path';

export const pluginList = { XDG_CACHE_HOME: join(homedir(), '.cache') } as const;
