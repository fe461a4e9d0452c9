// Draws the page anew each second, as long as somebody sees it.
const state = document.getElementById("state");
const pause = document.getElementById("pause");
const title = document.title;
let paused = false;

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
  if (!paused) look();
});

async function look() {
  if (paused || document.hidden || String(getSelection()) !== "") return;
  try {
    const answer = await fetch("/now", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (paused) return;
    const main = document.adoptNode(next.querySelector("main"));
    document.querySelector("main").replaceWith(main);
    say(`Looked at ${main.dataset.at}`, true);
  } catch (why) {
    say(`The node does not answer (${why.message}). What stands here is older.`, false);
  }
}

function say(text, well) {
  state.textContent = text;
  state.classList.toggle("bad", !well);
  document.title = well ? title : `(!) ${title}`;
}

async function lookOn() {
  await look();
  setTimeout(lookOn, 1000);
}
setTimeout(lookOn, 1000);
