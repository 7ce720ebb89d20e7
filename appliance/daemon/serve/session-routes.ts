// A browser shows its key once, and is known by a cookie from then on.
import { text } from './answer.ts';
import { endedCookie, sessionCookie, sessionIn } from './cookies.ts';
import { type RawRequest, type Route, route } from './route.ts';
import { Detail } from './schemas.ts';
import type { Sessions } from './sessions.ts';

export function sessionRoutes({ sessions }: { readonly sessions: Sessions }): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/session',
      summary: 'Begin a session: the cookie then stands for the key, for pages that are served from here',
      answers: {
        204: { description: 'Set-Cookie has it; it ends 24 hours after its last use' },
        401: { description: 'A valid API key is required', schema: Detail },
      },
      handle: ({ header }) => {
        sessions.end(sessionIn(header('cookie')));
        return withCookie(sessionCookie(sessions.begin(), cameByHttps(header)));
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/session',
      summary: 'End the session',
      answers: { 204: { description: 'The cookie stands for nothing any more' } },
      // Who has no session any more is to be rid of the cookie too.
      open: true,
      handle: ({ header }) => {
        sessions.end(sessionIn(header('cookie')));
        return withCookie(endedCookie(cameByHttps(header)));
      },
    }),
  ];
}

function withCookie(cookie: string) {
  return text('', 'text/plain', { status: 204, headers: { 'Set-Cookie': cookie, 'Cache-Control': 'no-store' } });
}

/** As a proxy in front of the appliance says; itself it speaks plain HTTP. */
function cameByHttps(header: RawRequest['header']): boolean {
  return header('x-forwarded-proto').split(',')[0]?.trim().toLowerCase() === 'https';
}
