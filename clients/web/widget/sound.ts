/** Two soft notes, made here: no file is loaded for them. */

let context: AudioContext | undefined;

/** Plays them in one of the shop's tabs, if the browser lets us. */
export function chime(): void {
  // Insecure pages have no locks: there each tab plays.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) play();
  else {
    void locks.request("shopwire-chime", { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      play();
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
  }
}

function play(): void {
  try {
    context ??= new AudioContext();
    note(context, 660, 0);
    note(context, 880, 0.12);
  } catch {
    // A page without sound is a page without sound.
  }
}

function note(audio: AudioContext, frequency: number, after: number): void {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const at = audio.currentTime + after;
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.06, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.4);
}
