// What a screen reader is told: changes of status and of the connection, never progress.
export class Announcements {
  text = $state('');

  say(text: string): void {
    this.text = text;
  }
}
