// What a job asks for that is not what jobs mostly do. Pure.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { Say } from '../../words/language.svelte.ts';
import type { MessageId } from '../../words/message-id.ts';

/** The usual tool has no word. */
const toolWords: Readonly<Record<string, MessageId | null>> = {
  video_player_detection: null,
  video_player_tracking: 'board.tool-tracking',
  player_detection: 'board.tool-image',
};

/** Such as `Model yolov8s` and `Tracking`; empty for a job that asks for nothing of its own. */
export function askedBeside({ options, tool }: Pick<JobItem, 'options' | 'tool'>, t: Say): string[] {
  const word = toolWords[tool];
  return [
    options.model === null ? null : t('board.model', { model: options.model }),
    word === undefined ? tool : word && t(word),
  ].filter((part) => part !== null);
}
