// The help texts.
import type { CommandName } from './arguments.ts';

export function help(of: CommandName | undefined): string {
  return of === undefined ? overview : texts[of];
}

const overview = `Vedette: a video-analysis appliance.

  vedette start [VIDEO]   start the appliance here and analyse a first video
  vedette serve           run the daemon in the foreground, as systemd does
  vedette run FILE        analyse a video on a running appliance
  vedette doctor          check what this machine has and lacks
  vedette tune            find the number of threads that a model runs fastest with here
  vedette model ACTION    list the models of a running appliance, use another one, or check a model file
  vedette backup FILE     write the database to FILE, beside a running appliance or without one
  vedette restore FILE    put such a file in the database's place

  vedette COMMAND --help  more about one of them
  vedette --version

Settings: vedette.yaml in the current folder (or VEDETTE_CONFIG=FILE) and the VEDETTE_* variables; see README.md.
Exit codes: 0 done, 1 failed, 64 not understood, 69 no appliance answers, 130 interrupted.
`;

const urlOption = `  --url URL    the appliance's address; otherwise VEDETTE_HOST and VEDETTE_PORT, then vedette.yaml,
               then http://127.0.0.1:8000
`;

const texts = {
  start: `vedette start [--once] [--no-demo] [--url URL] [VIDEO]

Starts the daemon, waits until it answers, submits VIDEO (or the bundled clip), shows its progress and goes on
serving until Ctrl-C. Where a Vedette answers already, that one is used.

  --once       end after the job: exit code 0 when it completed, 1 when it failed
  --no-demo    submit nothing, only serve
${urlOption}
The daemon's log goes to vedette.log in the data folder; its warnings are shown here too.
`,
  serve: `vedette serve

Runs the daemon in the foreground with its log on stdout, until SIGINT or SIGTERM.
`,
  run: `vedette run [--tool TOOL]… [--pipeline NAME] [--annotated OUT] [--json OUT] [--url URL] FILE

Uploads FILE to a running appliance and shows the job's progress. Ctrl-C cancels the job.

  --tool TOOL      detect, track or a plugin's; several look at the video in one pass; default: detect
  --pipeline NAME  one of the appliance's pipelines
  --annotated OUT  have the video with boxes drawn on it made as well, and write it to OUT
  --json OUT       write the whole result to OUT; - is stdout (everything else then goes to stderr)
${urlOption}`,
  doctor: `vedette doctor [--url URL]

Checks Node, GStreamer, the native modules, the model, the data folder, the disk and the port, and names the
remedy of whatever is wrong. Exit code 1 when something is.

${urlOption}`,
  tune: `vedette tune [--model NAME] [--video FILE] [--frames N]

Runs a model with one thread, two, and so on up to every core, in turns and three times each, and says which number is
the fastest on this machine and what to write into vedette.yaml. Stop the appliance first, or what it does is measured too.

  --model NAME   a file of the models folder, without .onnx; default: the configured model
  --video FILE   default: the bundled clip
  --frames N     frames of each trial; default: 150
`,
  model: `vedette model list [--url URL]
vedette model use [--url URL] NAME
vedette model check [--image PICTURE] [--out FILE] MODEL.onnx

  list         the models of a running appliance; the one in use is marked
  use NAME     jobs that start from now on run on this model; running ones finish on theirs
  check        what a model file is, whether it can be used on this machine and how fast; needs no appliance.
               Exit code 1 when it cannot
  --image      a PNG or JPEG file: lists what the model sees in it, and writes the same picture with boxes
  --out        where that goes; default: PICTURE.boxes.png in the current folder


${urlOption}`,
  backup: `vedette backup [--force] FILE

Copies the database to FILE, checks the copy, and only then gives it its name. The appliance may run meanwhile.

  --force      overwrite a FILE that is there

A backup holds the list of jobs: what was submitted, its status, its progress, its summary. It does not hold the
videos and the results, which are files in the data folder's jobs/. The daemon makes such backups itself, every
night at 3, in the data folder's backups/ (storage.backups_kept in the settings says how many stay).

Exit codes: 73 FILE cannot be written, or is there already; 74 no database, or a damaged one; 78 wrong settings.
`,
  restore: `vedette restore FILE

Checks FILE and puts it in the place of the database. Stop the appliance first: while it runs, this refuses.
The database that was there is kept beside it as vedette.db.replaced-TIME, the videos and results stay where they
are. FILE comes from vedette backup or from the data folder's backups/, of this release or an earlier one.
Jobs that were pending or running in it run again at the next start.

Exit codes: 73 the appliance runs, or its data folder cannot be written; 74 FILE is no good; 78 wrong settings.
`,
} as const satisfies Record<CommandName, string>;
