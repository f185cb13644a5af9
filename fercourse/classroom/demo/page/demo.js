"use strict";
const MOST_BYTES = 8000000;
const BETWEEN = 500; // milliseconds from one picture of the camera to the next
const of = id => document.getElementById(id);
const canvas = of("canvas"), video = of("video"), pen = canvas.getContext("2d");
let running = null; // the camera's stream while it runs
let newest = 0; // the picture that was asked about last: an answer to an older one is not shown

function element(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function say(...sentences) {
  const said = element("div", "said");
  said.append(...sentences.map((sentence, place) => element("p", place ? "" : "answer", sentence)));
  of("answer").replaceChildren(said);
  return said;
}

async function read(picture, pixels) {
  const asked = ++newest;
  if (picture.size > MOST_BYTES) return say(`This file has more than ${MOST_BYTES / 1e6} MB. Choose a smaller one.`);
  let answer;
  try {
    answer = await (await fetch("read", { method: "POST", body: picture })).json();
  } catch {
    stop();
    return say("The program in the terminal does not answer. Start it again, then load this page anew.");
  }
  if (asked === newest) show(answer, pixels);
}

function show(answer, pixels) {
  if (pixels) draw(pixels, pixels.width, pixels.height);
  if (answer.error) return say(answer.error);
  const said = say(...answer.said);
  if (!answer.box) return;
  if (pixels) frame(answer);
  const face = element("img", "face");
  face.src = answer.face;
  face.alt = "The face as the network gets it: 48 by 48 grey pixels.";
  const rows = element("div", "rows");
  rows.setAttribute("role", "list");
  rows.setAttribute("aria-label", "Probability of each emotion");
  rows.append(...Object.entries(answer.chances).map(row));
  said.append(face, rows);
}

function row([name, chance]) {
  const percent = (100 * chance).toFixed(1) + " %";
  const line = element("div", "row"), track = element("div", "track"), bar = element("div", "bar");
  line.setAttribute("role", "listitem");
  track.setAttribute("aria-hidden", "true");
  bar.style.width = 100 * chance + "%";
  track.append(bar);
  line.append(element("span", "", name), track, element("span", "number", percent));
  return line;
}

function frame({ box: [left, top, side], width }) {
  const scale = canvas.width / width;
  pen.lineWidth = Math.max(1, canvas.width / 160);
  pen.strokeStyle = "#ee6677";
  pen.strokeRect(left * scale, top * scale, side * scale, side * scale);
}

function draw(source, width, height) {
  canvas.width = width;
  canvas.height = height;
  canvas.classList.toggle("pixels", width <= 96);
  canvas.hidden = false;
  pen.drawImage(source, 0, 0, width, height);
}

async function open(picture) {
  stop();
  const pixels = await createImageBitmap(picture).catch(() => null); // the program says what is wrong with it
  canvas.hidden = !pixels;
  if (pixels) draw(pixels, pixels.width, pixels.height);
  await read(picture, pixels);
}

of("file").addEventListener("change", event => {
  const [picture] = event.target.files;
  event.target.value = ""; // the same file may be chosen again
  if (picture) open(picture);
});

of("drawn").addEventListener("click", async () => {
  try {
    const { png, label } = await (await fetch("drawn")).json();
    await open(new Blob([Uint8Array.from(atob(png), letter => letter.charCodeAt(0))], { type: "image/png" }));
    document.querySelector(".said")?.append(element("p", "", `It was drawn with the label ${label}.`));
  } catch {
    say("The program in the terminal does not answer. Start it again, then load this page anew.");
  }
});

of("camera").addEventListener("click", () => (running ? stop() : start()));

async function start() {
  try {
    running = await navigator.mediaDevices.getUserMedia({ video: { width: 640 }, audio: false });
  } catch (error) {
    return say("No camera: " + error.message);
  }
  video.srcObject = running;
  await video.play();
  of("camera").textContent = "Stop the camera";
  of("answer").setAttribute("aria-live", "off"); // nobody wants to hear two answers a second
  const stream = running;
  while (running === stream) {
    const begun = performance.now();
    if (video.videoWidth) {
      const pixels = await createImageBitmap(video), aside = element("canvas");
      [aside.width, aside.height] = [pixels.width, pixels.height];
      aside.getContext("2d").drawImage(pixels, 0, 0);
      await read(await new Promise(done => aside.toBlob(done, "image/jpeg", 0.9)), pixels);
    }
    await new Promise(done => setTimeout(done, Math.max(50, BETWEEN - (performance.now() - begun))));
  }
}

function stop() {
  for (const track of running?.getTracks() ?? []) track.stop();
  running = null;
  video.srcObject = null;
  of("camera").textContent = "Start the camera";
  of("answer").setAttribute("aria-live", "polite");
}
