// What others ask of the appliance over MQTT: each command is done once, however often it arrives, and answered.
import { createHash, randomUUID } from 'node:crypto';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { SubmitUrlRequest } from '../../contract/submit-api.ts';
import type { Log } from '../../log.ts';
import { Allowance } from './allowance.ts';
import { idIn, type ImportCommand, readRequest, type Request, type Verb, verbs } from './commands-requests.ts';
import type { Heard, Remark } from './mqtt-link.ts';
import type { Snapshot } from './snapshot.ts';
import type { Topics } from './topics.ts';

/** Those who do it. All throw Faults that say why not. */
export interface CommandDesk {
  /** Its source is downloaded later. */
  submit(request: SubmitUrlRequest): Promise<Job>;
  /** The job comes when the video has been copied. */
  takeIn(request: ImportCommand): Promise<void>;
  /** Of the settings, by its name. */
  press(button: string): Promise<Job>;
  cancel(jobId: string): Promise<unknown>;
  retry(jobId: string): Promise<Job>;
}

export interface CommandsOptions {
  /** Null while the appliance starts. */
  readonly desk: () => CommandDesk | null;
  readonly topics: Topics;
  readonly snapshot: Snapshot;
  /** Topics at or below which nothing is answered, whoever asks for it. */
  readonly keptTopics: readonly string[];
  /** False while there is no broker. `done`: it has been taken, or never will be. */
  readonly say: (answer: Remark, done: () => void) => boolean;
  readonly log: Log;
  /** For how long the same command is not done again, ms. */
  readonly memoryMs?: number;
}

type Answer =
  | { readonly ok: true; readonly job_id: string | null }
  | { readonly ok: false; readonly code: string; readonly detail: string };

/** Where the answer goes, and what the client calls it. */
type Return = Pick<Remark, 'topic' | 'correlationData'> & { readonly id: Request['id'] };

const mostBytes = 64 * 1024;
const mostASecond = 20;
/** Commands under way, and answers that the broker has not taken yet. */
const mostAtOnce = 50;
const mostRemembered = 1000;
const defaultMemoryMs = 5 * 60_000;
/** An answer is for somebody who waits for it. */
const answerExpiryS = 60;

export class Commands {
  readonly #options: CommandsOptions;
  readonly #allowance = new Allowance(mostASecond);
  /** Answers, or those to come, by the fingerprint of what was asked; oldest first. */
  readonly #done = new Map<string, { readonly answer: Promise<Answer>; readonly at: number }>();
  #underWay = 0;
  /** Answers that the broker has not taken. */
  readonly #unconfirmed = new Set<string>();
  #silent = false;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** To be subscribed to. */
  get filters(): readonly string[] {
    return verbs.map((verb) => `${this.#options.topics.commands}/${verb}`);
  }

  /** The broker is away, and what was under way to it is lost. */
  disconnected(): void {
    this.#unconfirmed.clear();
  }

  /** False for what is no command. */
  hear(message: Heard): boolean {
    const verb = verbs.find((one) => message.topic === `${this.#options.topics.commands}/${one}`);
    if (!verb) return false;
    if (message.payload.length > 0) this.#take(verb, message);
    return true;
  }

  #take(verb: Verb, message: Heard): void {
    const { topic, payload, retain } = message;
    const { log } = this.#options;
    // It would be done again at every connection.
    if (retain) return log.warn({ topic, bytes: payload.length }, 'retained MQTT command ignored');
    if (!this.#allowance.spend(1) || this.#underWay + this.#unconfirmed.size >= mostAtOnce) {
      if (!this.#silent) log.warn({ topic, most: mostASecond }, 'MQTT commands come too fast, some are not heard');
      this.#silent = true;
      return;
    }
    this.#silent = false;
    void this.#perform(verb, message);
  }

  /** A bug in what it calls is no answer: it ends the process, as everywhere. */
  async #perform(verb: Verb, message: Heard): Promise<void> {
    this.#underWay += 1;
    const text = message.payload.length > mostBytes ? '' : message.payload.toString('utf8');
    const back = { ...this.#returnOf(message), id: idIn(text) };
    const answer = await this.#once(verb, text, message.payload.length, back);
    this.#underWay -= 1;
    const code = answer.ok ? null : answer.code;
    this.#options.log.info({ verb, jobId: answer.ok ? answer.job_id : null, code }, 'MQTT command answered');
    const words = JSON.stringify({ ...answer, ...(back.id !== null && { id: back.id }) });
    const remark = { qos: 1, contentType: 'application/json', expiryS: answerExpiryS } as const;
    const token = randomUUID();
    this.#unconfirmed.add(token);
    const taken = () => void this.#unconfirmed.delete(token);
    if (!this.#options.say({ ...back, ...remark, payload: words }, taken)) taken();
  }

  /**
   * QoS 1 delivers at least once: what a client has given a name is done once, and answered as often as it is asked. Names
   * alone may be another client's, or that of a client which counts from 1 again, so that all that it says counts.
   */
  async #once(verb: Verb, text: string, bytes: number, { topic, correlationData, id }: Return): Promise<Answer> {
    if (correlationData === undefined && id === null) return this.#answerTo(verb, text, bytes);
    const said = [verb, topic, correlationData?.toString('hex') ?? '', text].join('\n');
    const print = createHash('sha256').update(said).digest('base64');
    this.#forgetOld();
    const known = this.#done.get(print);
    if (known) return known.answer;
    const answer = this.#answerTo(verb, text, bytes);
    this.#done.set(print, { answer, at: performance.now() });
    // What was refused was not done, and may be asked for again.
    if (!(await answer).ok) this.#done.delete(print);
    return answer;
  }

  async #answerTo(verb: Verb, text: string, bytes: number): Promise<Answer> {
    try {
      if (bytes > mostBytes) throw new Fault('command-malformed', `${bytes} bytes, and at most ${mostBytes} are read`);
      return { ok: true, job_id: await this.#do(readRequest(verb, text)) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { ok: false, code: error.code, detail: error.message };
    }
  }

  /** Id of the job; null for one that is still to come. */
  async #do(request: Request): Promise<string | null> {
    const desk = this.#options.desk();
    if (!desk) throw new Fault('busy', 'Vedette is starting. Try again in a few seconds.');
    if (this.#options.snapshot.system().state === 'stopping') throw new Fault('busy', 'Vedette is stopping.');
    switch (request.kind) {
      case 'submit-url':
        return (await desk.submit(request.request)).id;
      case 'submit-button':
        return (await desk.press(request.name)).id;
      case 'submit-import':
        await desk.takeIn(request.request);
        return null;
      case 'cancel':
        return this.#cancel(desk, request.jobId);
      case 'cancel-running':
        return this.#cancel(desk, this.#runningJob());
      case 'retry':
        return (await desk.retry(request.jobId)).id;
      default:
        return request satisfies never;
    }
  }

  /** What has ended is kept: only over REST is it taken away. */
  async #cancel(desk: CommandDesk, jobId: string): Promise<string> {
    const job = this.#options.snapshot.job(jobId);
    if (job && isFinal(job.status)) {
      throw new Fault('job-not-pending', `Only a job that waits or runs can be cancelled; this one is ${job.status}.`);
    }
    await desk.cancel(jobId);
    return jobId;
  }

  /** The one that has run for the longest time; others' jobs are theirs to stop. */
  #runningJob(): string {
    const running = this.#options.snapshot.newest(100).filter((job) => job.status === 'running' && !job.outside);
    const [first] = [...running].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    if (!first) throw new Fault('job-not-found', 'No job runs.');
    return first.id;
  }

  /** A response topic may be anybody's: the appliance's own name must not be lent to what it would not say itself. */
  #returnOf({ responseTopic, correlationData }: Heard): Pick<Remark, 'topic' | 'correlationData'> {
    const { topics, keptTopics, log } = this.#options;
    if (responseTopic === undefined) return { topic: topics.reply, correlationData };
    const isKept = keptTopics.some((kept) => responseTopic === kept || responseTopic.startsWith(`${kept}/`));
    const isReply = responseTopic === topics.reply || responseTopic.startsWith(`${topics.reply}/`);
    const isTopic = responseTopic.length > 0 && responseTopic.length <= 1000 && !/^\$|[+#\0]/.test(responseTopic);
    if (isTopic && (isReply || !isKept)) return { topic: responseTopic, correlationData };
    log.warn({ responseTopic: responseTopic.slice(0, 200) }, 'MQTT response topic not allowed, answered elsewhere');
    return { topic: topics.reply, correlationData };
  }

  #forgetOld(): void {
    const { memoryMs = defaultMemoryMs } = this.#options;
    for (const [print, { at }] of this.#done) {
      if (this.#done.size < mostRemembered && performance.now() - at < memoryMs) return;
      this.#done.delete(print);
    }
  }
}
