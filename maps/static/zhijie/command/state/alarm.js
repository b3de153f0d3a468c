// The alarm for urgent reports: a flash and, where sound is on, two notes of an oscillator.

import { toggle } from "../panels/rail.js";

const NOTES = [[880, 0], [660, 0.22]];
let audio = null;

function note(frequency, delay) {
  const at = audio.currentTime + delay;
  const gain = audio.createGain();
  const tone = audio.createOscillator();
  tone.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
  tone.connect(gain).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 0.22);
}

/** Start the sound switch; browsers allow sound only after a click such as this. */
export function startAlarm() {
  toggle("sound", (on) => {
    audio?.close();
    audio = on ? new AudioContext() : null;
    if (on) note(660, 0);
  });
}

const flash = document.getElementById("flash");

/** Signal an urgent report. */
export function alarm() {
  flash.classList.remove("on");
  void flash.offsetWidth; // a reflow restarts the animation
  flash.classList.add("on");
  if (audio) for (const [frequency, delay] of NOTES) note(frequency, delay);
}
