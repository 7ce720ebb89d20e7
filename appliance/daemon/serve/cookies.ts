// The one cookie there is: the session of a browser, which cannot send a key with a video, a picture, a link or a socket.

const name = 'vedette_session';
/** RFC 6265 §5.2: without Max-Age it lives as long as the browser does. Never sent along from a page of another site. */
const rules = 'HttpOnly; SameSite=Strict; Path=/';

/** The token in a header `Cookie`, else ''. */
export function sessionIn(cookies: string): string {
  if (!cookies.includes(name)) return '';
  const pairs = cookies.split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? '';
}

/** For the header `Set-Cookie`. `secure`: the request came by https. */
export function sessionCookie(token: string, secure: boolean): string {
  return `${name}=${token}; ${rules}${secure ? '; Secure' : ''}`;
}

/** The same that takes it away. */
export function endedCookie(secure: boolean): string {
  return `${sessionCookie('', secure)}; Max-Age=0`;
}
