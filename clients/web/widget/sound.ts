/** Two soft notes, made here: no file is loaded for them. */

let context: AudioContext | undefined;

/** Plays them, if the browser lets us. */
export function chime(): void {
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
