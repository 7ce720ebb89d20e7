// The tools in the visitor's language: those that come with Vedette have words here, the others bring their own. Pure.
import type { PluginManifest } from '../../../../appliance/contract/plugins.ts';
import { ownPlugin, type ToolChoice } from '../../state/choice.ts';
import type { MediaKind } from '../../state/media-kind.ts';
import type { Say } from '../../words/language.svelte.ts';
import type { MessageId } from '../../words/message-id.ts';

interface Words {
  readonly title: MessageId;
  readonly more: MessageId;
}

const detect: Words = { title: 'submit.detect', more: 'submit.detect-more' };
const track: Words = { title: 'submit.track', more: 'submit.track-more' };

export const ownTools = {
  video: [
    { id: 'video_player_detection', ...detect },
    { id: 'video_player_tracking', ...track },
  ],
  picture: [{ id: 'player_detection', ...detect }],
} as const satisfies Record<MediaKind, readonly ({ readonly id: string } & Words)[]>;

/** By id or alias, as pipelines may name them. */
const ownTitles: Readonly<Record<string, MessageId>> = {
  video_player_detection: detect.title,
  detect: detect.title,
  video_player_tracking: track.title,
  track: track.title,
  player_detection: detect.title,
};

/** In their order. A tool that nobody knows goes by its id. */
export function titlesOf({ plugin, tools }: ToolChoice, plugins: readonly PluginManifest[], t: Say): string[] {
  const known = plugins.find(({ id }) => id === plugin);
  return tools.map((tool) => {
    const own = plugin === ownPlugin || plugin === 'yolo' ? ownTitles[tool] : undefined;
    return own === undefined ? (known?.tools.find(({ id }) => id === tool)?.title ?? tool) : t(own);
  });
}
